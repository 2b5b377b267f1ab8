import * as v from 'valibot';
import { faultSchema } from '../faults.ts';
import { parse } from '../parse.ts';
import type { ChatMessage } from '../sources.ts';

const milliseconds = v.pipe(v.number(), v.minValue(0), v.maxValue(600_000));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));

const utterance = v.strictObject({
  /** What the recogniser understands, word for word, with its capitals and punctuation. */
  text: v.string(),
  /** No interim results for this utterance when false. */
  interims: v.optional(v.boolean()),
  /** When false its final does not end the utterance (`speech_final` stays false, no `EndOfTurn`). */
  endsSpeech: v.optional(v.boolean()),
  /** Of the words only so many are heard until a pause was told (see `eagerLeadMs`) and speech went on after it. */
  wordsBeforePause: v.optional(count),
});
export type Utterance = v.InferOutput<typeof utterance>;

const reply = v.union([
  v.string(),
  v.strictObject({
    content: v.optional(v.string(), ''),
    refusal: v.optional(v.string()),
    toolCalls: v.optional(v.array(v.strictObject({ name: v.string(), arguments: v.string() })), []),
  }),
]);
export type ScriptedReply = v.InferOutput<typeof reply>;

const recogniser = v.strictObject({
  /**
   * One for each burst of speech, in order. A burst whose connection dies before its final gives its
   * utterance back.
   */
  utterances: v.optional(v.array(utterance), () => [{ text: 'Hello, who is this?' }]),
  /**
   * Instead of the utterances: every sound is the word of this list that its loudness spells (`levelOf`), and pauses
   * are counted in audio. What is sent again is heard again.
   */
  vocabulary: v.optional(v.array(v.string())),
  /** Begins again after the last utterance; otherwise later bursts are heard as silence. */
  repeat: v.optional(v.boolean(), true),
  /** `server`: all connections share the list; `connection`: each begins it anew. */
  scope: v.optional(v.picklist(['server', 'connection']), 'server'),
  /** From the last frame of speech to the final, by the wall clock, whether or not audio goes on. */
  finalDelayMs: v.optional(milliseconds, 250),
  /**
   * Silence in the audio behind speech that ends it, in place of `finalDelayMs`: for a client that sends its silence
   * too, and a machine that may stop for longer than any delay between two frames of speech. No pause is told then.
   */
  silenceMs: v.optional(milliseconds),
  /**
   * How long before the final the pause is told: by an interim of all words over the audio so far, and by Flux's eager
   * end where the client asked for eager ends. Left out it is 100 where it asked, and else no pause is told; 0: never.
   */
  eagerLeadMs: v.optional(milliseconds),
  /** From `Finalize`, `ForceEndTurn` or `CloseStream` to the last final. */
  finishDelayMs: v.optional(milliseconds, 30),
  /** An interim after every so many frames of speech, if it has further words. */
  interimEveryFrames: v.optional(count, 3),
  /** The length a word is heard with; interims reveal the words at this pace. */
  wordMs: v.optional(v.pipe(v.number(), v.minValue(1)), 250),
});

const model = v.strictObject({
  /**
   * One for each request, in order and round again; in the same process also a function of the messages.
   */
  replies: v.optional(
    v.union([
      v.pipe(v.array(reply), v.minLength(1)),
      v.custom<(messages: readonly ChatMessage[]) => ScriptedReply>(
        (value) => typeof value === 'function',
        'Expected a list of replies or a function of the messages',
      ),
    ]),
    () => ['Thanks for asking. Shall we find a time to talk next week?'],
  ),
  firstTokenMs: v.optional(milliseconds, 450),
  tokensPerSecond: v.optional(v.pipe(v.number(), v.minValue(0.1)), 60),
  /** Cuts the response body into writes of so many bytes, inside lines and characters. */
  splitBytes: v.optional(count),
});

const synthesiser = v.strictObject({
  /** From the text that completes a chunk to its first audio. */
  firstAudioMs: v.optional(milliseconds, 160),
  /** Spoken length of a UTF-16 code unit at speed 1. */
  msPerChar: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(1000)), 65),
  /** Audio in one message. */
  chunkMs: v.optional(v.pipe(v.number(), v.minValue(10), v.maxValue(10_000)), 100),
  /** Time from one message to the next. */
  paceMs: v.optional(milliseconds, 10),
});

const scriptSchema = v.strictObject({
  recogniser: v.optional(recogniser, {}),
  model: v.optional(model, {}),
  synthesiser: v.optional(synthesiser, {}),
  /** Faults strike in both modes; see `faultSchema`. */
  faults: v.optional(v.array(faultSchema), () => []),
});

/** A script as a test writes it: everything left out has its default. */
export type ScriptInput = v.InferInput<typeof scriptSchema>;

/** What the scripted providers hear, say and sound like, and the faults of all providers. Plain data. */
export type Script = v.InferOutput<typeof scriptSchema>;

/** Reads a script; throws an `Error` naming every field that is wrong, what is accepted and what came. */
export function readScript(input: unknown): Script {
  return parse(scriptSchema, input, 'script');
}
