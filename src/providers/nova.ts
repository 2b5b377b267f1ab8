import * as v from 'valibot';
import type { CallEvent } from '../conversation/events.ts';
import type { Dialect, DialectOptions } from './deepgram.ts';

/** Deepgram closes a socket that is silent for 10 s (NET-0001) and asks for KeepAlive every 3 to 5 s. */
const KEEP_ALIVE_MS = 4000;
/** Values below 1000 bring nothing because interim results come once a second (Deepgram, utterance_end_ms). */
const UTTERANCE_END_MS = 1000;
/** Two times of the recogniser that differ by less are the same, in ms. */
const SAME_TIME_MS = 10;

const word = v.object({ end: v.number() });
const results = v.object({
  type: v.literal('Results'),
  is_final: v.optional(v.boolean(), false),
  speech_final: v.optional(v.boolean(), false),
  from_finalize: v.optional(v.boolean(), false),
  channel: v.object({
    alternatives: v.array(v.object({ transcript: v.string(), words: v.optional(v.array(word), []) })),
  }),
});
const utteranceEnd = v.object({ type: v.literal('UtteranceEnd'), last_word_end: v.number() });
const message = v.variant('type', [results, utteranceEnd, v.object({ type: v.literal('SpeechStarted') })]);

/** Deepgram `/v1/listen` (Nova): utterances are assembled here from final segments. */
export class Nova implements Dialect {
  readonly path = '/v1/listen';
  readonly keepAliveMs = KEEP_ALIVE_MS;
  readonly minFrameMs = 20;
  readonly opensWithMessage = false;
  #finals: string[] = [];
  #lastEndMs: number | undefined;
  #finalizing = false;

  parameters(options: DialectOptions): URLSearchParams {
    return new URLSearchParams({
      model: options.model,
      language: options.language,
      encoding: 'linear16',
      sample_rate: String(options.samplingRate),
      channels: '1',
      interim_results: 'true',
      endpointing: String(options.endpointingMs),
      utterance_end_ms: String(UTTERANCE_END_MS),
      vad_events: 'true',
      smart_format: 'true',
      no_delay: 'true',
    });
  }

  keepAlive(): string {
    return JSON.stringify({ type: 'KeepAlive' });
  }

  finalize(): string {
    this.#finalizing = true;
    return JSON.stringify({ type: 'Finalize' });
  }

  bye(): string {
    return JSON.stringify({ type: 'CloseStream' });
  }

  read(data: Record<string, unknown>): readonly CallEvent[] {
    const parsed = v.safeParse(message, data);
    // Metadata, and message types the vendor adds later, say nothing about the conversation.
    if (!parsed.success) return [];
    if (parsed.output.type === 'SpeechStarted') return [{ type: 'recogniser.speech' }];
    return parsed.output.type === 'Results'
      ? this.#results(parsed.output)
      : this.#utteranceEnd(parsed.output);
  }

  #results(news: v.InferOutput<typeof results>): readonly CallEvent[] {
    const [best] = news.channel.alternatives;
    const text = best?.transcript ?? '';
    if (!news.is_final) {
      return text === '' ? [] : [{ type: 'recogniser.interim', text: [...this.#finals, text].join(' ') }];
    }
    if (text !== '') {
      this.#finals.push(text);
      this.#lastEndMs = milliseconds(best?.words.at(-1)?.end);
    }
    if (news.speech_final || (this.#finalizing && news.from_finalize))
      return this.#commit(news.from_finalize);
    return text === '' ? [] : [{ type: 'recogniser.interim', text: this.#finals.join(' ') }];
  }

  /** Comes after the last word even when noise hides the end of speech; for words already committed it is no news. */
  #utteranceEnd(news: v.InferOutput<typeof utteranceEnd>): readonly CallEvent[] {
    const endMs = milliseconds(news.last_word_end) ?? -1;
    if (this.#finals.length === 0 || endMs < (this.#lastEndMs ?? 0) - SAME_TIME_MS) return [];
    return this.#commit(false);
  }

  #commit(answersFinalize: boolean): readonly CallEvent[] {
    const text = this.#finals.join(' ');
    const endMs = this.#lastEndMs;
    this.#finals = [];
    this.#lastEndMs = undefined;
    if (answersFinalize) this.#finalizing = false;
    return text === '' && !answersFinalize ? [] : [{ type: 'recogniser.final', text, endMs }];
  }
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
