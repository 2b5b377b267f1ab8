import type { Env } from './env.ts';
import type { Opening } from './opening.ts';
import { refusal } from './refusal.ts';
import { log } from './telemetry.ts';

/** How often a call renews its seat, in ms: often enough that one failure costs nothing. */
const RENEW_MS = 60_000;
/** Where a session's storage keeps how it was let in. */
const RECORD = 'seat';

/** How a session was let in; `key` is that of its ticket. */
interface Admitted {
  readonly sessionId: string;
  readonly key?: string;
}

/**
 * A session's right to begin, which it has once, and its seat among the calls of its key. The record is written in the
 * moment of the beginning, so a ticket counts as used even if the object dies in that moment.
 */
export class Seat {
  readonly #state: DurableObjectState;
  readonly #seats: Env['SEATS'];
  /** True while a first request is asking for a seat. */
  #asking = false;
  #renewAt = 0;

  constructor(state: DurableObjectState, seats: Env['SEATS']) {
    this.#state = state;
    this.#seats = seats;
  }

  /**
   * Lets a first request in, or tells why not: the session has begun before, every seat of its key is taken, or the
   * request is no upgrade. A refused request takes no seat and writes nothing.
   */
  async refuse(
    { sessionId, key }: Opening,
    limit: number,
    isUpgrade: boolean,
  ): Promise<Response | undefined> {
    if (this.#asking || this.#admitted !== undefined)
      return refusal(key === undefined ? 'conflict' : 'ticket_used');
    const seats = key === undefined ? undefined : this.#seats.getByName(key);
    if (!isUpgrade)
      return refusal((await seats?.full(limit)) === true ? 'too_many_calls' : 'upgrade_required');
    this.#asking = true;
    try {
      if ((await seats?.take(sessionId, limit)) === false) return refusal('too_many_calls');
      this.#state.storage.kv.put<Admitted>(RECORD, { sessionId, ...(key === undefined ? {} : { key }) });
      this.#renewAt = Date.now() + RENEW_MS;
      return undefined;
    } finally {
      this.#asking = false;
    }
  }

  /** The call goes on; renews the seat when it is time. Cheap enough for every frame. */
  keep(now: number): void {
    if (now < this.#renewAt) return;
    this.#renewAt = now + RENEW_MS;
    this.#tell((seats, sessionId) => seats.keep(sessionId));
  }

  /** The call is over. */
  leave(): void {
    this.#tell((seats, sessionId) => seats.leave(sessionId));
  }

  get #admitted(): Admitted | undefined {
    return this.#state.storage.kv.get<Admitted>(RECORD);
  }

  /** What is not heard costs nothing but time: the lease runs out. */
  #tell(what: (seats: ReturnType<Env['SEATS']['getByName']>, sessionId: string) => Promise<void>): void {
    const { sessionId, key } = this.#admitted ?? {};
    if (sessionId === undefined || key === undefined) return;
    const told = what(this.#seats.getByName(key), sessionId).catch((error: unknown) => {
      log('seat.failed', { sessionId, name: error instanceof Error ? error.name : 'unknown' });
    });
    this.#state.waitUntil(told);
  }
}
