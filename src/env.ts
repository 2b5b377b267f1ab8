import type { Variables } from './config.ts';
import type { Session } from './session.ts';

/** What `wrangler.toml` binds, beside the variables that `config.ts` reads. */
export interface Env extends Variables {
  readonly SESSIONS: DurableObjectNamespace<Session>;
}
