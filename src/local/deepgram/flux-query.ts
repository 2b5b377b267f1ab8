import type { AudioShape } from './input.ts';
import { forbidden, Query, readEncoding } from './query.ts';

/** What Flux needs to know to end a turn. */
export interface TurnThresholds {
  readonly end: number;
  /** `undefined` switches eager ends off. */
  readonly eager: number | undefined;
  readonly timeoutMs: number;
}

export interface FluxQuery {
  readonly model: string;
  readonly audio: AudioShape;
  readonly thresholds: TurnThresholds;
  readonly keyterms: readonly string[];
  readonly languageHints: readonly string[];
}

const MODELS = ['flux-general-en', 'flux-general-multi'] as const;
const RATES_HZ = [8_000, 16_000, 24_000, 44_100, 48_000];
const LISTEN_ONLY = [
  'language',
  'smart_format',
  'punctuate',
  'interim_results',
  'endpointing',
  'diarize',
  'diarize_model',
  'utterance_end_ms',
  'vad_events',
  'keywords',
  'channels',
  'multichannel',
  'filler_words',
  'dictation',
];
const MOST_KEYTERMS = 100;
const DEFAULT_END = 0.7;
const DEFAULT_TIMEOUT_MS = 5_000;

/** Reads the query of `/v2/listen`; what only v1 knows is refused. Throws `BadQuery`. */
export function readFluxQuery(parameters: URLSearchParams): FluxQuery {
  const query = new Query(parameters);
  const foreign = LISTEN_ONLY.find((name) => query.has(name));
  if (foreign) throw forbidden(`${foreign} is not a parameter of /v2/listen`);
  const model = query.oneOf('model', MODELS);
  if (!model) throw forbidden(`model is required: one of ${MODELS.join(', ')}`);
  const languageHints = query.all('language_hint');
  if (languageHints.length > 0 && model !== 'flux-general-multi') {
    throw forbidden('language_hint is a parameter of flux-general-multi only');
  }
  const keyterms = query.all('keyterm');
  if (keyterms.length > MOST_KEYTERMS) throw forbidden(`keyterm: at most ${MOST_KEYTERMS}`);
  for (const name of ['profanity_filter', 'numerals', 'mip_opt_out']) query.flag(name);
  return { model, audio: readAudioShape(query), thresholds: readThresholds(query), keyterms, languageHints };
}

function readThresholds(query: Query): TurnThresholds {
  const end = query.decimal('eot_threshold', 0.5, 1) ?? DEFAULT_END;
  const eager = query.decimal('eager_eot_threshold', 0.3, 0.9);
  if (eager !== undefined && eager > end)
    throw forbidden('eager_eot_threshold must not be above eot_threshold');
  return { end, eager, timeoutMs: query.integer('eot_timeout_ms', 500, 60_000) ?? DEFAULT_TIMEOUT_MS };
}

function readAudioShape(query: Query): AudioShape {
  const encoding = readEncoding(query);
  const sampleRate = query.integer('sample_rate', RATES_HZ[0] ?? 0, RATES_HZ.at(-1) ?? 0);
  if (encoding !== undefined && (sampleRate === undefined || !RATES_HZ.includes(sampleRate))) {
    throw forbidden(`sample_rate: one of ${RATES_HZ.join(', ')} is required with encoding`);
  }
  return { encoding, sampleRate: sampleRate ?? 16_000, channels: 1 };
}
