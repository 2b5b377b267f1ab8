import * as v from 'valibot';

/** A text frame a client may send on `/v1/listen`. */
export const listenFrame = v.variant('type', [
  v.strictObject({ type: v.literal('KeepAlive') }),
  v.strictObject({ type: v.literal('Finalize'), channel: v.optional(v.pipe(v.number(), v.integer())) }),
  v.strictObject({ type: v.literal('CloseStream') }),
  v.strictObject({
    type: v.literal('Configure'),
    features: v.strictObject({ numerals: v.optional(v.boolean()) }),
  }),
]);

const threshold = (low: number, high: number) => v.pipe(v.number(), v.minValue(low), v.maxValue(high));

/** The thresholds of Flux, in the ranges of both its query and its `Configure`. */
export const fluxThresholds = v.strictObject({
  eot_threshold: v.optional(threshold(0.5, 1)),
  eager_eot_threshold: v.optional(v.nullable(threshold(0.3, 0.9))),
  eot_timeout_ms: v.optional(v.pipe(threshold(500, 60_000), v.integer())),
});

/** `Configure` by form; values out of range make it a `ConfigureFailure`, not an unreadable message. */
export const configureForm = v.strictObject({
  type: v.literal('Configure'),
  thresholds: v.optional(
    v.strictObject({
      eot_threshold: v.optional(v.number()),
      eager_eot_threshold: v.optional(v.nullable(v.number())),
      eot_timeout_ms: v.optional(v.number()),
    }),
  ),
  keyterms: v.optional(v.array(v.string())),
  language_hints: v.optional(v.array(v.string())),
  numerals: v.optional(v.boolean()),
});
export type Configure = v.InferOutput<typeof configureForm>;

/** A text frame a client may send on `/v2/listen`. */
export const fluxFrame = v.variant('type', [
  configureForm,
  v.strictObject({ type: v.literal('ForceEndTurn') }),
  v.strictObject({ type: v.literal('CloseStream') }),
]);
