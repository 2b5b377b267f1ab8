import type { HeardWord } from '../sources.ts';
import type { ModelIdentity } from './identity.ts';
import type { ListenQuery } from './listen-query.ts';
import { confidenceOf, rounded, seconds, writtenWords } from './transcript.ts';

export interface ResultFlags {
  readonly isFinal: boolean;
  readonly speechFinal: boolean;
  readonly fromFinalize: boolean;
}

/** The stretch of audio a result is about, and what was heard in it. */
export interface ResultWindow {
  readonly fromMs: number;
  readonly toMs: number;
  /** Whether the words begin a sentence. */
  readonly begins: boolean;
  readonly words: readonly HeardWord[];
}

export interface ResultSource {
  readonly query: ListenQuery;
  readonly requestId: string;
  readonly identity: ModelIdentity;
}

/** A `Results` message of `/v1/listen`. */
export function resultsMessage(
  { fromMs, toMs, begins, words }: ResultWindow,
  { isFinal, speechFinal, fromFinalize }: ResultFlags,
  { query: { punctuate, multilingual }, requestId, identity }: ResultSource,
): object {
  const written = writtenWords(words, { punctuate, begins, ends: speechFinal });
  const alternative = {
    transcript: written.join(' '),
    confidence: confidenceOf(words),
    ...(multilingual ? { languages: words.length > 0 ? ['en'] : [] } : {}),
    words: words.map((heard, i) => ({
      word: heard.word,
      start: seconds(heard.startMs),
      end: seconds(heard.endMs),
      confidence: rounded(heard.confidence),
      ...(punctuate ? { punctuated_word: written[i] } : {}),
      ...(multilingual ? { language: 'en' } : {}),
    })),
  };
  return {
    type: 'Results',
    channel_index: [0, 1],
    duration: seconds(toMs - fromMs),
    start: seconds(fromMs),
    is_final: isFinal,
    speech_final: speechFinal,
    channel: { alternatives: [alternative] },
    metadata: { request_id: requestId, model_info: identity.info, model_uuid: identity.uuid },
    from_finalize: fromFinalize,
  };
}
