import type { Fault, FaultKind } from '../../../src/local/faults.ts';
import type { Providers } from '../../../src/local/server.ts';
import type { Cell } from './table.ts';

/** The fault of a cell, and the providers that it strikes. */
export interface Blow {
  readonly cell: Cell;
  readonly providers: Providers;
}

const HANDSHAKE: readonly FaultKind[] = ['refuse', 'delay', 'hang'];
/** Longer than any call, in ms. */
const FOR_EVER_MS = 600_000;
/** Words and sound of the struck reply come so far, in messages of the provider: the model's first sentence and one word; three words aloud. */
const BEGINNING = { openai: { sent: 12 }, elevenlabs: { sent: 3 } } as const;

/**
 * Lets the reply that is about to come stop in its middle, until `strike`. A provider that is struck by the clock may be
 * done by then, or may take with it what nobody has read yet. One that is only late needs no further blow.
 */
export function hold({ cell, providers }: Blow): void {
  const { provider, row } = cell;
  if (provider === 'deepgram') return;
  const ms = row.blow.kind === 'late' ? row.blow.ms : FOR_EVER_MS;
  const held: Fault = { provider, kind: 'late', ms, after: BEGINNING[provider] };
  if (provider === 'openai') providers.script.faults.push(held);
  else providers.strike(held);
}

/** Lets the fault of a cell happen. One that strikes while a connection is made follows the loss of the one before. */
export function strike({ cell, providers }: Blow): void {
  const { provider, moment, row } = cell;
  const { faults } = providers.script;
  if (row.blow.kind === 'late' && moment === 'mid-reply' && provider !== 'deepgram') return;
  // The table's blow, aimed, is a fault again.
  const fault = { provider, ...row.blow, times: row.lasting ? 'always' : 1 } as Fault;
  const atHandshake = HANDSHAKE.includes(fault.kind);
  if (provider === 'openai' && moment !== 'mid-reply')
    return void faults.push(atHandshake ? fault : within(fault, moment));
  const bothWays = provider === 'elevenlabs' && (moment === 'opening' || row.lasting === true);
  const channels = provider === 'openai' || bothWays ? (['socket', 'http'] as const) : (['socket'] as const);
  const aimed = channels.map((channel): Fault => ({ ...fault, channel }));
  if (moment === 'opening') return void faults.push(...aimed);
  if (!atHandshake) return providers.strike(fault);
  faults.push(...aimed);
  providers.strike({ provider, kind: 'drop' });
}

/** The model is reached by requests: the fault waits for the next one, and strikes before its first word, ever later. */
function within(fault: Fault, moment: 'opening' | 'idle' | 'mid-utterance'): Fault {
  const after = { sent: { opening: 0, idle: 1, 'mid-utterance': 2 }[moment] };
  return { ...fault, after } as Fault; // all but those of the handshake have a moment
}
