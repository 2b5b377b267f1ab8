import * as v from 'valibot';

const share = v.optional(v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1))));

export const voiceSettings = v.looseObject({
  stability: share,
  similarity_boost: share,
  style: share,
  use_speaker_boost: v.optional(v.nullable(v.boolean())),
  speed: v.optional(v.nullable(v.pipe(v.number(), v.minValue(0.7), v.maxValue(1.2)))),
});

const opening = {
  voice_settings: v.optional(v.nullable(voiceSettings)),
  generation_config: v.optional(
    v.nullable(
      v.looseObject({
        chunk_length_schedule: v.optional(
          v.nullable(v.pipe(v.array(v.pipe(v.number(), v.minValue(50), v.maxValue(500))), v.minLength(1))),
        ),
      }),
    ),
  ),
  pronunciation_dictionary_locators: v.optional(v.nullable(v.array(v.unknown()))),
  authorization: v.optional(v.nullable(v.string())),
  'xi-api-key': v.optional(v.nullable(v.string())),
  xi_api_key: v.optional(v.nullable(v.string())),
};

/** A text frame on `stream-input`. The first may carry any other key too. */
export const singleFrame = v.looseObject({
  ...opening,
  text: v.nullable(v.string()),
  try_trigger_generation: v.optional(v.nullable(v.boolean())),
  flush: v.optional(v.nullable(v.boolean())),
});
export type SingleFrame = v.InferOutput<typeof singleFrame>;

/** A text frame on `multi-stream-input`. */
export const multiFrame = v.looseObject({
  ...opening,
  text: v.optional(v.nullable(v.string())),
  context_id: v.optional(v.nullable(v.string())),
  try_trigger_generation: v.optional(v.nullable(v.boolean())),
  flush: v.optional(v.nullable(v.boolean())),
  close_context: v.optional(v.nullable(v.boolean())),
  close_socket: v.optional(v.nullable(v.boolean())),
});
export type MultiFrame = v.InferOutput<typeof multiFrame>;

const KNOWN_KEYS = new Set([...Object.keys(singleFrame.entries), ...Object.keys(multiFrame.entries)]);

/** A key no frame of this vendor has; it is tolerated on the wire, and a client's mistake all the same. */
export function strangeKey(frame: object): string | undefined {
  return Object.keys(frame).find((key) => !KNOWN_KEYS.has(key));
}
