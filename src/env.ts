import type { Session } from './session.ts';
import type { Variables } from './variables.ts';

/** What `wrangler.toml` binds, beside the variables that `config.ts` reads. */
export interface Env extends Variables {
  readonly SESSIONS: DurableObjectNamespace<Session>;
}
