import { randomUUID } from 'node:crypto';
import { keyProblem } from '../vendor.ts';
import { now } from '../wire/clock.ts';

const TOKEN_LIFE_MS = 15 * 60 * 1000;
const TOKEN_TYPES = ['tts_websocket', 'realtime_scribe', 'batch_scribe'];

/** Keys, and the single-use tokens that stand for one. */
export class Keys {
  readonly #expiresAt = new Map<string, number>();

  issue(type: string): { token: string } | undefined {
    if (!TOKEN_TYPES.includes(type)) return undefined;
    for (const [token, at] of this.#expiresAt) if (at <= now()) this.#expiresAt.delete(token);
    const token = `sutkn_${randomUUID()}`;
    this.#expiresAt.set(token, now() + TOKEN_LIFE_MS);
    return { token };
  }

  /** Whether a socket's query and headers admit it: `later` means the first message must bring the key. */
  admit(query: URLSearchParams, header: string | undefined): 'yes' | 'no' | 'later' {
    const token = query.get('single_use_token');
    if (token !== null) {
      const expires = this.#expiresAt.get(token) ?? 0;
      this.#expiresAt.delete(token);
      return expires > now() ? 'yes' : 'no';
    }
    const key = header ?? query.get('authorization')?.replace(/^Bearer /, '');
    if (key === undefined) return 'later';
    return keyProblem(key) ? 'no' : 'yes';
  }
}
