import * as v from 'valibot';
import type { CallEvent, Failure } from '../../conversation/events.ts';
import { codesOf } from '../socket.ts';
import type { Dialect, DialectOptions, Placing } from './dialect.ts';
import { type Fresh, Seam } from './seam.ts';

/** Words of a running turn that were spoken this long ago do not change any more, in ms. */
const SETTLED_AFTER_MS = 6000;

const seconds = v.nullish(v.number());
const turnInfo = v.object({
  type: v.literal('TurnInfo'),
  event: v.string(),
  transcript: v.string(),
  words: v.nullish(v.array(v.object({ word: v.nullish(v.string()), start: seconds, end: seconds })), []),
  audio_window_start: seconds,
  audio_window_end: seconds,
  trigger: v.nullish(v.string()),
});
type TurnInfo = v.InferOutput<typeof turnInfo>;
const code = v.nullish(v.string(), '');
const message = v.variant('type', [
  turnInfo,
  v.object({ type: v.literal('Connected') }),
  v.object({ type: v.literal('Warning'), code }),
  v.object({ type: v.literal('Error'), code }),
]);

/** Deepgram `/v2/listen` (Flux): the model decides where turns end. */
export class Flux implements Dialect {
  readonly path = '/v2/listen';
  /** Flux is made for frames of 80 ms (Deepgram, Flux quickstart). */
  readonly frameMs = { shortest: 80, longest: 80 };
  readonly opensWithMessage = true;
  /** There is no such message; turns end by the clock of the audio, so silence is sent in its place. */
  readonly keepAlive = undefined;
  readonly finalize = JSON.stringify({ type: 'ForceEndTurn' });
  readonly bye = JSON.stringify({ type: 'CloseStream' });
  readonly #callMs: Placing;
  #seam = new Seam(undefined);
  /** A turn has started of which only words were told so far that an earlier connection heard. */
  #startsLater = false;

  constructor(callMs: Placing = (ms) => ms) {
    this.#callMs = callMs;
  }

  begin(seam: Seam): void {
    this.#seam = seam;
  }

  parameters(options: DialectOptions): URLSearchParams {
    const parameters = new URLSearchParams({
      model: options.model,
      encoding: 'linear16',
      sample_rate: String(options.samplingRate),
      eot_threshold: String(options.eotThreshold),
      eot_timeout_ms: String(options.eotTimeoutMs),
    });
    if (options.eagerEotThreshold !== undefined)
      parameters.set('eager_eot_threshold', String(options.eagerEotThreshold));
    // The English model refuses hints.
    if (options.model.endsWith('-multi'))
      parameters.set('language_hint', options.language.split('-')[0] ?? 'en');
    return parameters;
  }

  read(data: Record<string, unknown>): readonly CallEvent[] {
    const parsed = v.safeParse(message, data);
    if (!parsed.success) return [];
    const news = parsed.output;
    switch (news.type) {
      case 'TurnInfo':
        return this.#turn(news);
      case 'Connected':
        return [{ type: 'recogniser.open' }];
      case 'Warning':
        if (news.code !== 'FORCE_END_TURN_NO_ACTIVE_TURN') return [];
        return [{ type: 'recogniser.final', text: '', endMs: undefined }];
      case 'Error':
        return [{ type: 'recogniser.failed', failure: failureOf(news.code) }];
      default:
        return news satisfies never;
    }
  }

  /** An end of the turn that follows its eager end directly has the words of it (Deepgram, Flux eager end of turn). */
  #turn(news: TurnInfo): readonly CallEvent[] {
    const fresh = this.#fresh(news);
    const { text } = fresh;
    const endMs = fresh.words.at(-1)?.endMs;
    const started = this.#starts(news, text);
    if (news.event === 'EndOfTurn') {
      this.#startsLater = false;
      const old = text === '' && news.transcript !== '' && news.trigger !== 'manual';
      return old ? [] : [...started, { type: 'recogniser.final', text, endMs }];
    }
    if (text === '') return [...resumed(news.event), ...this.#silence(news)];
    const interim: CallEvent = { type: 'recogniser.interim', text, endMs };
    const eager: readonly CallEvent[] =
      news.event === 'EagerEndOfTurn' ? [{ type: 'recogniser.eager', text }] : [];
    return [...started, ...resumed(news.event), ...this.#segment(fresh, news), interim, ...eager];
  }

  /** A turn starts with the first word of it that is new. */
  #starts({ event, transcript }: TurnInfo, text: string): readonly CallEvent[] {
    if (event === 'StartOfTurn') this.#startsLater = true;
    if (!this.#startsLater || (text === '' && transcript !== '')) return [];
    this.#startsLater = false;
    return [{ type: 'recogniser.speech' }];
  }

  #fresh({ transcript, words, audio_window_start: from }: TurnInfo): Fresh {
    const timed = words.map(({ word, start, end }) => ({
      text: word ?? '',
      startMs: this.#placed(start),
      endMs: this.#placed(end),
    }));
    return this.#seam.fresh(transcript, timed, this.#placed(from) ?? 0);
  }

  #segment({ text, words }: Fresh, { audio_window_end: reach }: TurnInfo): readonly CallEvent[] {
    const settledMs = (this.#placed(reach) ?? 0) - SETTLED_AFTER_MS;
    const count = words.filter(({ endMs }) => endMs !== undefined && endMs <= settledMs).length;
    const endMs = words[count - 1]?.endMs;
    const written = text.split(' ');
    if (endMs === undefined || written.length !== words.length) return [];
    return [{ type: 'recogniser.segment', text: written.slice(0, count).join(' '), endMs }];
  }

  #silence({ audio_window_end: reach }: TurnInfo): readonly CallEvent[] {
    const untilMs = this.#placed(reach);
    return untilMs === undefined ? [] : [{ type: 'recogniser.listened', untilMs }];
  }

  #placed(connectionSeconds: number | null | undefined): number | undefined {
    return typeof connectionSeconds === 'number' ? this.#callMs(connectionSeconds * 1000) : undefined;
  }
}

function resumed(event: string): readonly CallEvent[] {
  return event === 'TurnResumed' ? [{ type: 'recogniser.resumed' }] : [];
}

/** A message of ours that cannot be read would not be readable the next time. */
function failureOf(error: string): Failure {
  return {
    kind: 'protocol',
    retryable: !error.startsWith('UNPARSABLE'),
    detail: `Deepgram error ${codesOf(error)}`.trim(),
  };
}
