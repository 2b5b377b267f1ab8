import type { TestProject } from 'vitest/node';
import { startProviders } from '../../src/local/server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    providersPort: number;
  }
}

/** Runs the scripted providers beside the tests that live inside workerd; those set the script over HTTP. */
export default async function setup({ config }: TestProject): Promise<() => Promise<void>> {
  const { providersPort } = config.provide as { providersPort: number };
  const providers = await startProviders({ port: providersPort, mode: 'scripted', control: true });
  return () => providers.close();
}
