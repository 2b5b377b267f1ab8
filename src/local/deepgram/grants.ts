import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { now } from '../wire/clock.ts';

const DEFAULT_LIFE_SECONDS = 30;

const request = v.optional(
  v.looseObject({
    ttl_seconds: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(3600)),
      DEFAULT_LIFE_SECONDS,
    ),
  }),
);

/** The short-lived tokens of `/v1/auth/grant`; only they are accepted as `Bearer`. */
export class Grants {
  readonly #expiresAt = new Map<string, number>();

  /** A new token, or `undefined` when the request asks for a life it may not have. */
  issue(body: unknown): { access_token: string; expires_in: number } | undefined {
    const read = v.safeParse(request, body);
    if (!read.success) return undefined;
    const life = read.output?.ttl_seconds ?? DEFAULT_LIFE_SECONDS;
    for (const [token, at] of this.#expiresAt) if (at <= now()) this.#expiresAt.delete(token);
    const token = `local.${randomUUID()}`;
    this.#expiresAt.set(token, now() + life * 1000);
    return { access_token: token, expires_in: life };
  }

  accept(token: string): boolean {
    return (this.#expiresAt.get(token) ?? 0) > now();
  }
}
