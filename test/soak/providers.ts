/** The scripted providers of a soak, in a process of their own: it tells its parent their URL, and ends with it. */
import { startProviders } from '../../src/local/server.ts';
import { script } from './script.ts';

/** What the process tells: where the providers are, then every frame of the Worker that breaks a vendor's schema. */
export type ProvidersNews = { readonly url: string } | { readonly warning: string };

const tell = (news: ProvidersNews) => process.send?.(news);
process.once('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group; the parent decides when it is over.
process.on('SIGINT', () => {});
const { url } = await startProviders({ mode: 'scripted', script, warn: (warning) => tell({ warning }) });
tell({ url });
