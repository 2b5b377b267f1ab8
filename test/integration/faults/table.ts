import type { Fault, ProviderName } from '../../../src/local/faults.ts';

/** When in a call the fault strikes. */
export type Moment =
  /** While the call begins: the provider's first connection, or the first request. */
  | 'opening'
  /** Between two turns, when nobody speaks. */
  | 'idle'
  /** While the caller speaks. */
  | 'mid-utterance'
  /** While the agent speaks. */
  | 'mid-reply';
export const moments: readonly Moment[] = ['opening', 'idle', 'mid-utterance', 'mid-reply'];

/** What becomes of the call. */
export type Outcome =
  /** Every word is heard, said and voiced, and the client hears of nothing. */
  | 'healed'
  /** The same, and the client is told once that the provider has trouble for the moment. */
  | 'told'
  /** Of the reply that is struck only what the model had finished is said, and the client is told; the rest is sound. */
  | 'cut'
  /** The recogniser is gone for good: the client is told, and typed turns are answered aloud. */
  | 'deaf'
  /** The model is gone for good: the client is told, and turns are answered by a fixed line aloud, or by what the model had finished. */
  | 'sorry'
  /** The synthesiser is gone for good: the client is told, and reads every word. */
  | 'mute';

/** A fault without its aim: the provider comes from the table, the connection from the moment. */
type Blow = Fault extends infer F
  ? F extends Fault
    ? Omit<F, 'provider' | 'channel' | 'when' | 'times' | 'after'>
    : never
  : never;

export interface FaultRow {
  readonly blow: Blow;
  /** The provider stays like this; otherwise one connection is struck, and the next ones are sound. */
  readonly lasting?: true;
  readonly outcome: Outcome | Readonly<Record<Moment, Outcome>>;
}

/** A recogniser that is lost heals in silence, unless the next one cannot be had at once (rule F1). */
const SECOND_FAILURE = {
  opening: 'healed',
  idle: 'told',
  'mid-utterance': 'told',
  'mid-reply': 'told',
} as const;
/** A model is asked again before its first word (M3), and once to go on after it (M5): then what is whole must do (F4). */
const REFUSED_TO_GO_ON = {
  opening: 'healed',
  idle: 'healed',
  'mid-utterance': 'healed',
  'mid-reply': 'cut',
} as const;

/** All faults of all providers; each strikes at every moment. */
export const faults: Readonly<Record<ProviderName, readonly FaultRow[]>> = {
  deepgram: [
    { blow: { kind: 'refuse', status: 401 }, lasting: true, outcome: 'deaf' },
    { blow: { kind: 'refuse', status: 402 }, lasting: true, outcome: 'deaf' },
    { blow: { kind: 'refuse', status: 429 }, outcome: SECOND_FAILURE },
    { blow: { kind: 'refuse', status: 500 }, outcome: SECOND_FAILURE },
    { blow: { kind: 'delay', ms: 1500 }, outcome: 'healed' },
    { blow: { kind: 'hang' }, outcome: SECOND_FAILURE },
    { blow: { kind: 'close', code: 1011 }, outcome: 'healed' },
    { blow: { kind: 'drop' }, outcome: 'healed' },
    { blow: { kind: 'stall' }, outcome: 'healed' },
    { blow: { kind: 'truncate' }, outcome: 'healed' },
    { blow: { kind: 'garbage' }, outcome: 'healed' },
    { blow: { kind: 'late', ms: 1000 }, outcome: 'healed' },
    { blow: { kind: 'error', code: 'INTERNAL_SERVER_ERROR' }, outcome: 'healed' },
  ],
  openai: [
    { blow: { kind: 'refuse', status: 401 }, lasting: true, outcome: 'sorry' },
    { blow: { kind: 'refuse', status: 429, code: 'insufficient_quota' }, lasting: true, outcome: 'sorry' },
    { blow: { kind: 'refuse', status: 429 }, outcome: REFUSED_TO_GO_ON },
    { blow: { kind: 'refuse', status: 500 }, outcome: REFUSED_TO_GO_ON },
    { blow: { kind: 'delay', ms: 1500 }, outcome: 'healed' },
    { blow: { kind: 'hang' }, outcome: REFUSED_TO_GO_ON },
    { blow: { kind: 'close' }, outcome: 'healed' },
    { blow: { kind: 'drop' }, outcome: 'healed' },
    { blow: { kind: 'stall' }, outcome: 'healed' },
    { blow: { kind: 'truncate' }, outcome: 'healed' },
    { blow: { kind: 'garbage' }, outcome: 'healed' },
    { blow: { kind: 'late', ms: 1000 }, outcome: 'healed' },
    { blow: { kind: 'error', code: 'server_error' }, outcome: 'healed' },
  ],
  elevenlabs: [
    { blow: { kind: 'refuse', status: 401 }, lasting: true, outcome: 'mute' },
    { blow: { kind: 'refuse', status: 402 }, lasting: true, outcome: 'mute' },
    { blow: { kind: 'refuse', status: 429 }, outcome: 'healed' },
    { blow: { kind: 'refuse', status: 500 }, outcome: 'healed' },
    { blow: { kind: 'delay', ms: 1500 }, outcome: 'healed' },
    { blow: { kind: 'hang' }, outcome: 'healed' },
    { blow: { kind: 'close', code: 1011 }, outcome: 'healed' },
    { blow: { kind: 'drop' }, outcome: 'healed' },
    { blow: { kind: 'stall' }, outcome: 'healed' },
    { blow: { kind: 'truncate' }, outcome: 'healed' },
    { blow: { kind: 'garbage' }, outcome: 'healed' },
    { blow: { kind: 'late', ms: 1000 }, outcome: 'healed' },
    { blow: { kind: 'error', code: 'internal_error' }, outcome: 'healed' },
  ],
};

/** One cell of the matrix. */
export interface Cell {
  readonly name: string;
  readonly provider: ProviderName;
  readonly moment: Moment;
  readonly row: FaultRow;
  readonly outcome: Outcome;
}

export const cells: readonly Cell[] = Object.entries(faults).flatMap(([name, rows]) =>
  rows.flatMap((row) =>
    moments.map((moment) => {
      const provider = name as ProviderName; // the keys of the table
      const outcome = typeof row.outcome === 'string' ? row.outcome : row.outcome[moment];
      return { name: `${provider} ${nameOf(row.blow)} ${moment}`, provider, moment, row, outcome };
    }),
  ),
);

function nameOf(blow: Blow): string {
  const { kind } = blow;
  if (kind === 'refuse') return [kind, blow.status, blow.code].filter((part) => part !== undefined).join(' ');
  return 'code' in blow && blow.code !== undefined ? `${kind} ${blow.code}` : kind;
}
