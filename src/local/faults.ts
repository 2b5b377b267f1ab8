import * as v from 'valibot';
import { parse } from './parse.ts';

/** The three vendors the local server speaks for. */
export const providerNames = ['deepgram', 'openai', 'elevenlabs'] as const;
export type ProviderName = (typeof providerNames)[number];

/** How a client came: by WebSocket or by an ordinary HTTP request. */
export type Channel = 'socket' | 'http';

const LONGEST_MS = 600_000;
const LONGEST_REASON_BYTES = 123;

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const milliseconds = v.pipe(v.number(), v.minValue(0), v.maxValue(LONGEST_MS));
const messages = v.pipe(v.number(), v.integer(), v.minValue(0));

const aim = {
  /** Whose connections are struck. */
  provider: v.picklist(providerNames),
  /** Only sockets or only HTTP requests; both when absent. */
  channel: v.optional(v.picklist(['socket', 'http'])),
  /** The first matching connection or request that is struck, counted from 1 since the fault was set. */
  when: v.optional(count),
  /** How many connections or requests are struck from there on; 1 when absent. */
  times: v.optional(v.union([count, v.literal('always')])),
};

/**
 * The moment inside a connection: milliseconds, client messages received or own messages sent since it opened; since
 * the strike where an open connection is struck.
 */
const after = v.optional(
  v.union([
    v.strictObject({ ms: milliseconds }),
    v.strictObject({ received: messages }),
    v.strictObject({ sent: messages }),
  ]),
);

const closeCode = v.pipe(
  v.number(),
  v.integer(),
  v.check(
    (code) =>
      (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999),
    'Expected a close code that can be sent: 1000..1014 without 1004, 1005, 1006, or 3000..4999',
  ),
);

/**
 * One fault of a provider, as plain data. Without `after` it strikes as soon as the connection is open.
 *
 * | kind | a socket | an HTTP request |
 * |---|---|---|
 * | `refuse` | answers the handshake with `status` and the vendor's error body | the same |
 * | `delay` | answers the handshake after `ms` | answers after `ms` |
 * | `hang` | never answers the handshake | never answers |
 * | `close` | closes with `code` and `reason` | cuts the connection |
 * | `drop` | TCP goes away without a close frame | TCP goes away |
 * | `stall` | stays open and says nothing more | stays open and says nothing more |
 * | `truncate` | closes 1000 in the middle | ends the body in the middle |
 * | `garbage` | sends one message that cannot be decoded, and goes on | the same |
 * | `late` | sends everything `ms` late | headers at once, body `ms` late; with `after` what follows then |
 * | `error` | the vendor's in-band error with `code`, then its close | the vendor's error in the stream, then the end |
 */
export const faultSchema = v.variant('kind', [
  v.strictObject({
    ...aim,
    kind: v.literal('refuse'),
    status: v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599)),
    code: v.optional(v.string()),
    message: v.optional(v.string()),
    retryAfterMs: v.optional(milliseconds),
  }),
  v.strictObject({ ...aim, kind: v.literal('delay'), ms: milliseconds }),
  v.strictObject({ ...aim, kind: v.literal('hang') }),
  v.strictObject({
    ...aim,
    kind: v.literal('close'),
    code: v.optional(closeCode),
    reason: v.optional(v.pipe(v.string(), v.maxBytes(LONGEST_REASON_BYTES))),
    after,
  }),
  v.strictObject({ ...aim, kind: v.literal('drop'), after }),
  v.strictObject({ ...aim, kind: v.literal('stall'), after }),
  v.strictObject({ ...aim, kind: v.literal('truncate'), after }),
  v.strictObject({ ...aim, kind: v.literal('garbage'), after }),
  v.strictObject({ ...aim, kind: v.literal('late'), ms: milliseconds, after }),
  v.strictObject({
    ...aim,
    kind: v.literal('error'),
    code: v.string(),
    message: v.optional(v.string()),
    after,
  }),
]);
export type Fault = v.InferOutput<typeof faultSchema>;
export type FaultKind = Fault['kind'];
export type Refusal = Extract<Fault, { kind: 'refuse' }>;

/** Reads one fault; throws an `Error` that names every wrong field. */
export function parseFault(value: unknown): Fault {
  return parse(faultSchema, value, 'fault');
}

/** Says which faults strike which connection; each fault counts its own matches from when it was set. */
export class FaultPlan {
  readonly #matches = new WeakMap<Fault, number>();

  /** The faults that strike the connection or request opening now. */
  strikes(faults: readonly Fault[], provider: ProviderName, channel: Channel): Fault[] {
    return faults.filter((fault) => {
      if (fault.provider !== provider) return false;
      if (fault.channel !== undefined && fault.channel !== channel) return false;
      const match = (this.#matches.get(fault) ?? 0) + 1;
      this.#matches.set(fault, match);
      const first = fault.when ?? 1;
      const times = fault.times ?? 1;
      return match >= first && (times === 'always' || match < first + times);
    });
  }
}
