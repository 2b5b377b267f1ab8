import { DurableObject } from 'cloudflare:workers';
import type { Env } from './env.ts';

/** How long a seat is held for a call that gives no sign of life, in ms: longer than a lost caller is waited for. */
export const LEASE_MS = 150_000;

/**
 * The calls of one API key, one seat each; the object has the key's name. A seat is a lease: the call renews it, and the
 * seat of a call that was killed becomes free by itself.
 */
export class Seats extends DurableObject<Env> {
  readonly #sql: SqlStorage;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    this.#sql.exec('CREATE TABLE IF NOT EXISTS seat (session_id TEXT PRIMARY KEY, until REAL NOT NULL)');
  }

  /** Takes a seat for a call, which may have it already; false when all of `limit` are taken by others. */
  take(sessionId: string, limit: number): boolean {
    const taken = this.#taken();
    if (taken.includes(sessionId) || taken.length < limit) {
      this.keep(sessionId);
      return true;
    }
    return false;
  }

  /** Whether all of `limit` seats are taken. */
  full(limit: number): boolean {
    return this.#taken().length >= limit;
  }

  /** A call goes on. One whose lease ran out meanwhile has its seat again, over the limit if need be. */
  keep(sessionId: string): void {
    const until = Date.now() + LEASE_MS;
    this.#sql.exec('INSERT OR REPLACE INTO seat (session_id, until) VALUES (?, ?)', sessionId, until);
  }

  /** A call is over. */
  leave(sessionId: string): void {
    this.#sql.exec('DELETE FROM seat WHERE session_id = ?', sessionId);
  }

  #taken(): readonly string[] {
    this.#sql.exec('DELETE FROM seat WHERE until <= ?', Date.now());
    return this.#sql
      .exec<{ session_id: string }>('SELECT session_id FROM seat')
      .toArray()
      .map(({ session_id }) => session_id);
  }
}
