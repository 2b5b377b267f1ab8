import * as v from 'valibot';
import type { CallEvent } from '../../conversation/events.ts';
import type { Dialect, DialectOptions, Placing } from './dialect.ts';
import { Seam, type TimedWord } from './seam.ts';

/** Values below 1000 bring nothing because interim results come once a second (Deepgram, utterance_end_ms). */
const UTTERANCE_END_MS = 1000;
/**
 * Audio without another word that means the caller has stopped for the moment, in ms: longer than the gaps of fluent
 * speech, and half of the default endpointing.
 */
const EAGER_SILENCE_MS = 150;
/** Two times of the recogniser that differ by less are the same, in ms. */
const SAME_TIME_MS = 10;

const flag = v.nullish(v.boolean(), false);
const text = v.nullish(v.string());
const word = v.object({ word: text, punctuated_word: text, start: v.nullish(v.number()), end: v.number() });
const results = v.object({
  type: v.literal('Results'),
  start: v.nullish(v.number()),
  duration: v.nullish(v.number()),
  is_final: flag,
  speech_final: flag,
  from_finalize: flag,
  channel: v.object({
    alternatives: v.array(v.object({ transcript: v.string(), words: v.nullish(v.array(word), []) })),
  }),
});
type Results = v.InferOutput<typeof results>;
const utteranceEnd = v.object({ type: v.literal('UtteranceEnd'), last_word_end: v.number() });
const speechStarted = v.object({ type: v.literal('SpeechStarted'), timestamp: v.nullish(v.number()) });
const message = v.variant('type', [results, utteranceEnd, speechStarted]);

/**
 * Deepgram `/v1/listen` (Nova): utterances are assembled here from final segments. Nova has no message for a probable
 * end, so it is told from results that reach into a pause. Interims come about once a second (Deepgram, interim
 * results), so this helps only where one falls into the pause before the end of speech is sure.
 */
export class Nova implements Dialect {
  readonly path = '/v1/listen';
  /** Deepgram asks for 20 to 250 ms (Deepgram, live streaming). */
  readonly frameMs = { shortest: 20, longest: 250 };
  readonly opensWithMessage = false;
  readonly keepAlive = JSON.stringify({ type: 'KeepAlive' });
  readonly finalize = JSON.stringify({ type: 'Finalize' });
  readonly bye = JSON.stringify({ type: 'CloseStream' });
  readonly #pause: Pause | undefined;
  readonly #callMs: Placing;
  #seam = new Seam(undefined);
  #finals: string[] = [];
  #lastEndMs: number | undefined;
  /** The words reported last. */
  #shown = '';

  /** Tells `recogniser.eager` only with `eager`. */
  constructor(eager: boolean, callMs: Placing = (ms) => ms) {
    this.#pause = eager ? new Pause() : undefined;
    this.#callMs = callMs;
  }

  begin(seam: Seam): void {
    this.#seam = seam;
  }

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
    if (news.type === 'SpeechStarted') return this.#speech(news.timestamp);
    return news.type === 'Results' ? this.#results(news) : this.#utteranceEnd(news.last_word_end * 1000);
  }

  #speech(seconds: number | null | undefined): readonly CallEvent[] {
    const old = typeof seconds === 'number' && this.#seam.covers(this.#callMs(seconds * 1000));
    return old ? [] : [{ type: 'recogniser.speech' }];
  }

  #results(news: Results): readonly CallEvent[] {
    const [best] = news.channel.alternatives;
    const text = best === undefined ? '' : this.#fresh(best, news.start ?? 0);
    const end = text === '' ? undefined : best?.words.at(-1)?.end;
    const endMs = end === undefined ? undefined : end * 1000;
    if (news.is_final && text !== '') {
      this.#finals.push(text);
      this.#lastEndMs = endMs ?? this.#lastEndMs;
    }
    const ended = news.from_finalize || (news.speech_final && this.#finals.length > 0);
    if (news.is_final && ended) return [this.#commit()];
    const segment = news.is_final && text !== '' ? this.#segment() : [];
    const open = news.is_final || text === '' ? [] : [text];
    const words = [...this.#finals, ...open].join(' ');
    const hidden = text === '' || (news.is_final && this.#takesBack(words));
    const lastEndMs = text === '' ? this.#lastEndMs : endMs;
    const paused = this.#pause?.begins(words, lastEndMs, reachOf(news)) ?? false;
    return [
      ...segment,
      ...(hidden ? this.#silence(text, news) : [this.#interim(words, endMs)]),
      ...(paused ? [{ type: 'recogniser.eager', text: words } as const] : []),
    ];
  }

  /** What of a transcript was not heard by an earlier connection. */
  #fresh({ transcript, words }: Results['channel']['alternatives'][number], startSeconds: number): string {
    const at = (seconds: number) => this.#callMs(seconds * 1000);
    if (!this.#seam.covers(at(startSeconds))) return transcript;
    const timed = words.map((heard): TimedWord => {
      const { word = '', punctuated_word: written, start } = heard;
      const startMs = typeof start === 'number' ? at(start) : undefined;
      return { text: written ?? word ?? '', startMs, endMs: at(heard.end) };
    });
    return this.#seam.fresh(transcript, timed, at(startSeconds)).text;
  }

  #interim(text: string, endMs: number | undefined): CallEvent {
    this.#shown = text;
    return { type: 'recogniser.interim', text, endMs: this.#placed(endMs) };
  }

  #segment(): readonly CallEvent[] {
    const endMs = this.#placed(this.#lastEndMs);
    return endMs === undefined ? [] : [{ type: 'recogniser.segment', text: this.#finals.join(' '), endMs }];
  }

  /** A result without words, while none are waiting, is about audio that holds none. */
  #silence(text: string, news: Results): readonly CallEvent[] {
    if (text !== '' || this.#finals.length > 0) return [];
    if (news.is_final) this.#shown = '';
    const untilMs = this.#shown === '' ? this.#placed(reachOf(news)) : undefined;
    return untilMs === undefined ? [] : [{ type: 'recogniser.listened', untilMs }];
  }

  #placed(connectionMs: number | undefined): number | undefined {
    return connectionMs === undefined ? undefined : this.#callMs(connectionMs);
  }

  /** A segment may become final without its newest words, which the next interim holds again: nobody has unsaid them. */
  #takesBack(words: string): boolean {
    return wordsOf(this.#shown).startsWith(`${wordsOf(words)} `);
  }

  /** Comes after the last word even when noise hides the end of speech; for words already committed it is no news. */
  #utteranceEnd(lastWordEndMs: number): readonly CallEvent[] {
    // -1 stands for no word at all.
    const about = lastWordEndMs >= (this.#lastEndMs ?? 0) - SAME_TIME_MS;
    return about && this.#finals.length > 0 ? [this.#commit()] : [];
  }

  #commit(): CallEvent {
    const text = this.#finals.join(' ');
    const endMs = this.#placed(this.#lastEndMs);
    this.#finals = [];
    this.#lastEndMs = undefined;
    this.#shown = '';
    this.#pause?.over();
    return { type: 'recogniser.final', text, endMs };
  }
}

/** Notices, from one result to the next, that the caller has stopped behind the words so far. */
class Pause {
  #words = '';
  /** The audio these words were first reported for ends here, in ms. */
  #sinceMs = 0;
  /** The text whose pause was told last, while it is what the caller has said. */
  #told = '';

  /**
   * Whether a pause behind `text` is to be told: its last word ended long enough before `reachMs`, where the audio of
   * the result ends, or the same words were reported that much audio ago. True once for a text until another comes.
   */
  begins(text: string, lastWordEndMs: number | undefined, reachMs: number | undefined): boolean {
    if (text !== this.#told) this.#told = '';
    if (text === '' || reachMs === undefined) return false;
    const words = wordsOf(text);
    if (words !== this.#words) this.#sinceMs = reachMs;
    this.#words = words;
    const silentFromMs = Math.min(lastWordEndMs ?? reachMs, this.#sinceMs);
    if (text === this.#told || reachMs - silentFromMs < EAGER_SILENCE_MS) return false;
    this.#told = text;
    return true;
  }

  over(): void {
    this.#words = '';
    this.#told = '';
  }
}

/** Where the audio that a result is about ends, in ms. */
function reachOf({ start, duration }: Results): number | undefined {
  if (typeof start !== 'number' || typeof duration !== 'number') return undefined;
  return Math.round((start + duration) * 1000);
}

/** Formatting changes capitals and punctuation of words that stay the same. */
function wordsOf(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{M}\p{N}\s]+/gu, '');
}
