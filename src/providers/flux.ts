import * as v from 'valibot';
import type { CallEvent } from '../conversation/events.ts';
import type { Dialect, DialectOptions } from './deepgram.ts';

const turnInfo = v.object({
  type: v.literal('TurnInfo'),
  event: v.string(),
  transcript: v.string(),
  words: v.optional(v.array(v.object({ end: v.optional(v.number()) })), []),
});
const other = v.object({ type: v.picklist(['Connected', 'Warning', 'Error']), code: v.optional(v.string()) });
const message = v.union([turnInfo, other]);

/** Deepgram `/v2/listen` (Flux): the model decides where turns end. */
export class Flux implements Dialect {
  readonly path = '/v2/listen';
  /** There is no keep-alive message; turns end by the clock of the audio, so silence is sent in its place. */
  readonly keepAliveMs = undefined;
  /** Flux is made for frames of 80 ms (Deepgram, Flux quickstart). */
  readonly minFrameMs = 80;
  readonly opensWithMessage = true;

  parameters(options: DialectOptions): URLSearchParams {
    const parameters = new URLSearchParams({
      model: options.model,
      encoding: 'linear16',
      sample_rate: String(options.samplingRate),
      eot_threshold: String(options.eotThreshold),
      eot_timeout_ms: String(options.eotTimeoutMs),
    });
    // The English model refuses hints.
    if (options.model.endsWith('-multi'))
      parameters.set('language_hint', options.language.split('-')[0] ?? 'en');
    return parameters;
  }

  keepAlive(): undefined {
    return undefined;
  }

  finalize(): string {
    return JSON.stringify({ type: 'ForceEndTurn' });
  }

  bye(): string {
    return JSON.stringify({ type: 'CloseStream' });
  }

  read(data: Record<string, unknown>): readonly CallEvent[] {
    const parsed = v.safeParse(message, data);
    if (!parsed.success) return [];
    const news = parsed.output;
    if (news.type === 'TurnInfo') return turn(news);
    if (news.type === 'Connected') return [{ type: 'recogniser.open' }];
    if (news.type === 'Warning') {
      const noTurn = news.code === 'FORCE_END_TURN_NO_ACTIVE_TURN';
      return noTurn ? [{ type: 'recogniser.final', text: '', endMs: undefined }] : [];
    }
    const ours = news.code?.startsWith('UNPARSABLE') ?? false;
    const failure = {
      kind: 'protocol',
      retryable: !ours,
      detail: `Deepgram error ${news.code ?? ''}`,
    } as const;
    return [{ type: 'recogniser.failed', failure }];
  }
}

function turn(news: v.InferOutput<typeof turnInfo>): readonly CallEvent[] {
  const text = news.transcript;
  if (news.event === 'EndOfTurn') {
    const end = news.words.at(-1)?.end;
    return [{ type: 'recogniser.final', text, endMs: end === undefined ? undefined : end * 1000 }];
  }
  const interim: readonly CallEvent[] = text === '' ? [] : [{ type: 'recogniser.interim', text }];
  return news.event === 'StartOfTurn' ? [{ type: 'recogniser.speech' }, ...interim] : interim;
}
