import * as v from 'valibot';
import { MAX_TURNS } from './conversation/latency.ts';
import { type KeptCall, keptCallSchema } from './kept-call.ts';
import type { EndReason, SoundVerdict, TurnMetrics } from './protocol/replies.ts';
import { type Ended, outcomeCode } from './telemetry.ts';

/** An agent turn as it was stored; `at` is when it was over, in ms since the epoch. */
export interface StoredTurn extends TurnMetrics {
  readonly at: number;
}

/** The call as it was stored; times are ms since the epoch. One without `ended` goes on, or broke off. */
export interface StoredCall {
  readonly sessionId: string;
  readonly startedAt: number;
  readonly ended?: Ended & { readonly at: number };
}

/**
 * What the SQLite of a call's object keeps of the call: times, counts, ids and codes, and what another object needs to go
 * on with it, which is the only place that holds words and does not outlive the call. A write makes the platform hold back everything the object sends until it is stored, so writes belong behind the frames of a turn
 * boundary. Every method throws if the storage refuses, or holds what this code cannot read.
 */
export class Archive {
  readonly #sql: SqlStorage;

  /** Brings the storage to this version of the schema; writes only if it is not there yet. */
  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    storage.transactionSync(() => migrate(storage.sql));
  }

  /** The archive of a call that has begun; undefined, and nothing is written, where none has. */
  static ofCall(storage: DurableObjectStorage): Archive | undefined {
    const tables = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'call'");
    if (tables.toArray().length === 0) return undefined;
    const archive = new Archive(storage);
    return archive.call() === undefined ? undefined : archive;
  }

  /** The call begins. The first time stands. `tokenDigest`: what is kept of the token that takes it up again. */
  begin(sessionId: string, now: number, tokenDigest: string): void {
    this.#sql.exec(
      'INSERT INTO call (only, session_id, started_at, token_digest) VALUES (1, ?, ?, ?) ON CONFLICT (only) DO NOTHING',
      sessionId,
      now,
      tokenDigest,
    );
  }

  /** The digest of the token that takes the call up again; undefined if none does. */
  tokenDigest(): string | undefined {
    const [row] = this.#sql.exec('SELECT token_digest AS digest FROM call').toArray();
    return row === undefined ? undefined : read('call', tokenRow, row).digest;
  }

  /** Takes note that the call goes on without an object that holds it; true if that was so before. */
  missed(now: number): boolean {
    const known = this.#sql.exec('SELECT 1 FROM call WHERE missed_at IS NOT NULL').toArray().length > 0;
    if (!known) this.#sql.exec('UPDATE call SET missed_at = ?', now);
    return known;
  }

  /** An object holds the call again. */
  found(): void {
    this.#sql.exec('UPDATE call SET missed_at = NULL WHERE missed_at IS NOT NULL');
  }

  /** Keeps what another object needs to go on with the call, in place of what was kept before. */
  remember(call: KeptCall): void {
    this.#sql.exec('INSERT OR REPLACE INTO memory (only, kept) VALUES (1, ?)', JSON.stringify(call));
  }

  /** What was kept; undefined if nothing was, or the call has ended. */
  kept(): KeptCall | undefined {
    const [row] = this.#sql.exec('SELECT kept FROM memory').toArray();
    return row === undefined ? undefined : read('memory', memoryRow, row).kept;
  }

  /** An agent turn is over. Told again it changes nothing; of more than `MAX_TURNS` turns the oldest are forgotten. */
  turn(metrics: TurnMetrics, now: number): void {
    const names = Object.values(metricColumns).join(', ');
    const places = metricNames.map(() => '?').join(', ');
    this.#sql.exec(
      `INSERT INTO turn (at, ${names}) VALUES (?, ${places}) ON CONFLICT (utterance_id) DO NOTHING`,
      now,
      ...metricNames.map((name) => stored(metrics[name])),
    );
    this.#sql.exec('DELETE FROM turn WHERE rowid <= (SELECT max(rowid) FROM turn) - ?', MAX_TURNS);
  }

  /** The call has ended: its words are forgotten. The first end stands, and a call that did not begin has none. */
  end({ reason, outcome, latency }: Ended, now: number): void {
    this.#sql.exec(
      'UPDATE call SET ended_at = ?, reason = ?, outcome = ?, latency = ? WHERE ended_at IS NULL',
      now,
      reason,
      stored(outcomeCode(outcome)),
      // Written through the schema that reads it, so that nothing else gets in.
      JSON.stringify(v.parse(latencySummary, latency)),
    );
    this.#sql.exec('DELETE FROM memory');
  }

  /** The turns of the agent, in the order in which they were over. */
  turns(): readonly StoredTurn[] {
    const columns = metricNames.map((name) => `${metricColumns[name]} AS ${name}`).join(', ');
    const rows = this.#sql.exec(`SELECT at, ${columns} FROM turn ORDER BY rowid`).toArray();
    return rows.map((row) => read('turn', turnRow, row));
  }

  /** The call; `undefined` before it began. */
  call(): StoredCall | undefined {
    const [row] = this.#sql
      .exec(
        'SELECT session_id AS sessionId, started_at AS startedAt, ended_at AS at, reason, outcome, latency FROM call',
      )
      .toArray();
    if (row === undefined) return undefined;
    const begun = read('call', begunRow, row);
    return row['at'] === null ? begun : { ...begun, ended: read('call', endedRow, row) };
  }
}

/** Every step from one version of the schema to the next; one that was deployed is never edited, only followed. */
const migrations: readonly string[] = [
  `CREATE TABLE call (
     only INTEGER PRIMARY KEY CHECK (only = 1),
     session_id TEXT NOT NULL,
     started_at REAL NOT NULL,
     ended_at REAL,
     reason TEXT,
     outcome TEXT,
     latency TEXT
   ) STRICT;
   CREATE TABLE turn (
     utterance_id TEXT PRIMARY KEY,
     at REAL NOT NULL,
     turn_id TEXT,
     end_of_turn_ms REAL,
     first_token_ms REAL,
     first_audio_ms REAL,
     first_heard_ms REAL,
     speculation TEXT NOT NULL,
     wasted_tokens REAL NOT NULL,
     pauses REAL NOT NULL,
     verdict TEXT,
     verdict_ms REAL,
     sent_ms REAL NOT NULL,
     heard_ms REAL NOT NULL,
     words_said REAL NOT NULL,
     words_heard REAL NOT NULL,
     interrupted INTEGER NOT NULL
   ) STRICT;`,
  `ALTER TABLE call ADD COLUMN token_digest TEXT;
   ALTER TABLE call ADD COLUMN missed_at REAL;
   CREATE TABLE memory (
     only INTEGER PRIMARY KEY CHECK (only = 1),
     kept TEXT NOT NULL
   ) STRICT;`,
];

/** Storage that is ahead of this code, after a rollback, is left as it is. */
function migrate(sql: SqlStorage): void {
  // Durable Objects do not support PRAGMA user_version.
  sql.exec(
    'CREATE TABLE IF NOT EXISTS schema (only INTEGER PRIMARY KEY CHECK (only = 1), version INTEGER NOT NULL) STRICT',
  );
  const [row] = sql.exec('SELECT version FROM schema').toArray();
  const version = row === undefined ? 0 : read('schema', schemaRow, row).version;
  const missing = migrations.slice(version);
  if (missing.length === 0) return;
  for (const step of missing) sql.exec(step);
  sql.exec('INSERT OR REPLACE INTO schema (only, version) VALUES (1, ?)', migrations.length);
}

const metricColumns = {
  utteranceId: 'utterance_id',
  turnId: 'turn_id',
  endOfTurnMs: 'end_of_turn_ms',
  firstTokenMs: 'first_token_ms',
  firstAudioMs: 'first_audio_ms',
  firstHeardMs: 'first_heard_ms',
  speculation: 'speculation',
  wastedTokens: 'wasted_tokens',
  pauses: 'pauses',
  verdict: 'verdict',
  verdictMs: 'verdict_ms',
  sentMs: 'sent_ms',
  heardMs: 'heard_ms',
  wordsSaid: 'words_said',
  wordsHeard: 'words_heard',
  interrupted: 'interrupted',
} as const satisfies Readonly<Record<keyof TurnMetrics, string>>;
// `Object.keys` forgets the type of the keys of a constant.
const metricNames = Object.keys(metricColumns) as (keyof TurnMetrics)[];

/** SQLite knows no booleans, and its NULL is our absent. */
function stored(value: string | number | boolean | undefined): SqlStorageValue {
  if (value === undefined) return null;
  return typeof value === 'boolean' ? Number(value) : value;
}

function read<S extends v.GenericSchema>(table: string, schema: S, row: object): v.InferOutput<S> {
  const present = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
  const parsed = v.safeParse(schema, present);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const field = v.getDotPath(issue) ?? 'row';
  throw new Error(
    `archive: ${table}.${field}: ${issue.expected ?? 'JSON'} is accepted, got ${issue.received}`,
  );
}

const tokenRow = v.object({ digest: v.exactOptional(v.string()) });
const memoryRow = v.object({ kept: v.pipe(v.string(), v.parseJson(), keptCallSchema) });

const schemaRow = v.object({ version: v.number() });

const turnRow = v.object({
  at: v.number(),
  utteranceId: v.string(),
  turnId: v.exactOptional(v.string()),
  endOfTurnMs: v.exactOptional(v.number()),
  firstTokenMs: v.exactOptional(v.number()),
  firstAudioMs: v.exactOptional(v.number()),
  firstHeardMs: v.exactOptional(v.number()),
  speculation: v.enum({ none: 'none', hit: 'hit', miss: 'miss' } satisfies {
    [S in TurnMetrics['speculation']]: S;
  }),
  wastedTokens: v.number(),
  pauses: v.number(),
  verdict: v.exactOptional(
    v.enum({
      interruption: 'interruption',
      backchannel: 'backchannel',
      echo: 'echo',
      noise: 'noise',
    } satisfies { [V in SoundVerdict]: V }),
  ),
  verdictMs: v.exactOptional(v.number()),
  sentMs: v.number(),
  heardMs: v.number(),
  wordsSaid: v.number(),
  wordsHeard: v.number(),
  interrupted: v.pipe(
    v.number(),
    v.transform((bit) => bit !== 0),
  ),
});

const percentiles = v.object({ p50: v.number(), p95: v.number(), max: v.number() });
const latencySummary = v.object({
  turns: v.number(),
  endOfTurnMs: v.exactOptional(percentiles),
  firstTokenMs: v.exactOptional(percentiles),
  firstAudioMs: v.exactOptional(percentiles),
  firstHeardMs: v.exactOptional(percentiles),
});

const begunRow = v.object({ sessionId: v.string(), startedAt: v.number() });
const endedRow = v.object({
  at: v.number(),
  reason: v.enum({
    caller_hung_up: 'caller_hung_up',
    agent_ended: 'agent_ended',
    caller_silent: 'caller_silent',
    max_duration: 'max_duration',
    abandoned: 'abandoned',
    budget_spent: 'budget_spent',
    technical_trouble: 'technical_trouble',
  } satisfies { [R in EndReason]: R }),
  outcome: v.exactOptional(v.string()),
  latency: v.pipe(v.string(), v.parseJson(), latencySummary),
});
