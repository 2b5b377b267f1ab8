import * as v from 'valibot';
import type { CallEvent } from '../conversation/events.ts';
import type { Dialect, DialectOptions } from './dialect.ts';

/** Values below 1000 bring nothing because interim results come once a second (Deepgram, utterance_end_ms). */
const UTTERANCE_END_MS = 1000;
/** Two times of the recogniser that differ by less are the same, in ms. */
const SAME_TIME_MS = 10;

const flag = v.nullish(v.boolean(), false);
const word = v.object({ end: v.number() });
const results = v.object({
  type: v.literal('Results'),
  is_final: flag,
  speech_final: flag,
  from_finalize: flag,
  channel: v.object({
    alternatives: v.array(v.object({ transcript: v.string(), words: v.nullish(v.array(word), []) })),
  }),
});
const utteranceEnd = v.object({ type: v.literal('UtteranceEnd'), last_word_end: v.number() });
const message = v.variant('type', [results, utteranceEnd, v.object({ type: v.literal('SpeechStarted') })]);

/** Deepgram `/v1/listen` (Nova): utterances are assembled here from final segments. */
export class Nova implements Dialect {
  readonly path = '/v1/listen';
  /** Deepgram asks for 20 to 250 ms (Deepgram, live streaming). */
  readonly frameMs = { shortest: 20, longest: 250 };
  readonly opensWithMessage = false;
  readonly keepAlive = JSON.stringify({ type: 'KeepAlive' });
  readonly finalize = JSON.stringify({ type: 'Finalize' });
  readonly bye = JSON.stringify({ type: 'CloseStream' });
  #finals: string[] = [];
  #lastEndMs: number | undefined;

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

  read(data: Record<string, unknown>): readonly CallEvent[] {
    const parsed = v.safeParse(message, data);
    // Metadata, and message types the vendor adds later, say nothing about the conversation.
    if (!parsed.success) return [];
    const news = parsed.output;
    if (news.type === 'SpeechStarted') return [{ type: 'recogniser.speech' }];
    return news.type === 'Results' ? this.#results(news) : this.#utteranceEnd(news.last_word_end * 1000);
  }

  #results(news: v.InferOutput<typeof results>): readonly CallEvent[] {
    const [best] = news.channel.alternatives;
    const text = best?.transcript ?? '';
    if (!news.is_final) {
      return text === '' ? [] : [{ type: 'recogniser.interim', text: [...this.#finals, text].join(' ') }];
    }
    if (text !== '') {
      this.#finals.push(text);
      const end = best?.words.at(-1)?.end;
      if (end !== undefined) this.#lastEndMs = end * 1000;
    }
    if (news.from_finalize || (news.speech_final && this.#finals.length > 0)) return [this.#commit()];
    return text === '' ? [] : [{ type: 'recogniser.interim', text: this.#finals.join(' ') }];
  }

  /** Comes after the last word even when noise hides the end of speech; for words already committed it is no news. */
  #utteranceEnd(lastWordEndMs: number): readonly CallEvent[] {
    // -1 stands for no word at all.
    const about = lastWordEndMs >= (this.#lastEndMs ?? 0) - SAME_TIME_MS;
    return about && this.#finals.length > 0 ? [this.#commit()] : [];
  }

  #commit(): CallEvent {
    const text = this.#finals.join(' ');
    const endMs = this.#lastEndMs;
    this.#finals = [];
    this.#lastEndMs = undefined;
    return { type: 'recogniser.final', text, endMs };
  }
}
