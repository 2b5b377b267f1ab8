import type { Seats } from './seats.ts';
import type { Session } from './session.ts';
import type { Variables } from './variables.ts';

/** What `wrangler.toml` binds, beside the variables that `config.ts` reads. */
export interface Env extends Variables {
  readonly SESSIONS: DurableObjectNamespace<Session>;
  /** One object for every API key, under the key's name. */
  readonly SEATS: DurableObjectNamespace<Seats>;
  /** How often a key may ask for tickets; without the binding, as often as it likes. */
  readonly RATE_PER_KEY?: RateLimit;
  /** How often an address may knock; without the binding, as often as it likes. */
  readonly RATE_PER_ADDRESS?: RateLimit;
}
