import { randomUUID } from 'node:crypto';

/** Names the model of a connection the way the vendor's messages do. */
export interface ModelIdentity {
  readonly uuid: string;
  readonly info: { readonly name: string; readonly version: string; readonly arch: string };
}

const LOCAL_VERSION = '2026-01-01.local';

export function identify(model: string): ModelIdentity {
  const arch = /^(nova-\d|flux|base|enhanced|whisper)/.exec(model)?.[1] ?? model;
  const name = model.startsWith('nova') && !model.includes('general') ? `general-${model}` : model;
  return { uuid: randomUUID(), info: { name, version: LOCAL_VERSION, arch } };
}
