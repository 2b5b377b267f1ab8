import type { AudioShape } from './input.ts';
import { forbidden, Query, readEncoding } from './query.ts';

const DEFAULT_ENDPOINTING_MS = 10;
const LONGEST_PAUSE_MS = 60_000;
const LONGEST_TAG = 128;

/** The parameters of `/v1/listen` that change what is sent. */
export interface ListenQuery {
  readonly model: string;
  readonly audio: AudioShape;
  readonly multilingual: boolean;
  readonly interims: boolean;
  /** Silence that ends speech; `undefined` for `endpointing=false`. */
  readonly endpointingMs: number | undefined;
  readonly utteranceEndMs: number | undefined;
  readonly speechEvents: boolean;
  readonly punctuate: boolean;
  readonly keyterms: readonly string[];
}

/** Reads the query of `/v1/listen` as the vendor would; unknown parameters are left alone. Throws `BadQuery`. */
export function readListenQuery(parameters: URLSearchParams): ListenQuery {
  const query = new Query(parameters);
  const model = query.text('model') ?? 'base';
  const interims = query.flag('interim_results');
  const utteranceEndMs = query.integer('utterance_end_ms', 0, LONGEST_PAUSE_MS);
  if (utteranceEndMs !== undefined && !interims)
    throw forbidden('utterance_end_ms needs interim_results=true');
  refuseForeignTerms(query, model);
  for (const name of [
    'numerals',
    'profanity_filter',
    'filler_words',
    'dictation',
    'no_delay',
    'mip_opt_out',
  ]) {
    query.flag(name);
  }
  if (query.all('tag').some((tag) => tag.length > LONGEST_TAG)) {
    throw forbidden(`tag: at most ${LONGEST_TAG} characters`);
  }
  return {
    model,
    audio: readAudioShape(query),
    multilingual: query.text('language') === 'multi',
    interims,
    endpointingMs:
      query.text('endpointing') === 'false'
        ? undefined
        : (query.integer('endpointing', 0, LONGEST_PAUSE_MS) ?? DEFAULT_ENDPOINTING_MS),
    utteranceEndMs,
    speechEvents: query.flag('vad_events'),
    // Both are read, so that a malformed second one is noticed as well.
    punctuate: [query.flag('smart_format'), query.flag('punctuate')].includes(true),
    keyterms: query.all('keyterm'),
  };
}

function refuseForeignTerms(query: Query, model: string): void {
  const isNova3 = model.startsWith('nova-3');
  if (isNova3 && query.has('keywords'))
    throw forbidden('Keywords are not supported for Nova-3. Use keyterm instead.');
  if (!isNova3 && query.has('keyterm')) throw forbidden('Keyterms are supported for Nova-3 and Flux only.');
}

const LOWEST_HZ = 8_000;
const HIGHEST_HZ = 48_000;

function readAudioShape(query: Query): AudioShape {
  const encoding = readEncoding(query);
  const sampleRate = query.integer('sample_rate', LOWEST_HZ, HIGHEST_HZ);
  if (encoding !== undefined && sampleRate === undefined)
    throw forbidden('sample_rate is required with encoding');
  if (query.flag('multichannel'))
    throw forbidden('multichannel: the local server mixes all channels into one');
  return { encoding, sampleRate: sampleRate ?? LOWEST_HZ, channels: query.integer('channels', 1, 20) ?? 1 };
}
