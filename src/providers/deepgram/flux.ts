import * as v from 'valibot';
import type { CallEvent, Failure } from '../../conversation/events.ts';
import type { Dialect, DialectOptions } from './dialect.ts';

const turnInfo = v.object({
  type: v.literal('TurnInfo'),
  event: v.string(),
  transcript: v.string(),
  words: v.nullish(v.array(v.object({ end: v.nullish(v.number()) })), []),
});
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
        return turn(news);
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
}

/** An end of the turn that follows its eager end directly has the words of it (Deepgram, Flux eager end of turn). */
function turn({ event, transcript: text, words }: v.InferOutput<typeof turnInfo>): readonly CallEvent[] {
  if (event === 'EndOfTurn') {
    const end = words.at(-1)?.end ?? undefined;
    return [{ type: 'recogniser.final', text, endMs: end === undefined ? undefined : end * 1000 }];
  }
  const interim: readonly CallEvent[] = text === '' ? [] : [{ type: 'recogniser.interim', text }];
  switch (event) {
    case 'StartOfTurn':
      return [{ type: 'recogniser.speech' }, ...interim];
    case 'EagerEndOfTurn':
      return text === '' ? [] : [...interim, { type: 'recogniser.eager', text }];
    case 'TurnResumed':
      return [{ type: 'recogniser.resumed' }, ...interim];
    default:
      return interim;
  }
}

/** A message of ours that cannot be read would not be readable the next time. */
function failureOf(error: string): Failure {
  return {
    kind: 'protocol',
    retryable: !error.startsWith('UNPARSABLE'),
    detail: `Deepgram error ${error}`.trim(),
  };
}
