import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import type { Sources, SpokenText } from '../sources.ts';
import { type HttpError, keyProblem } from '../vendor.ts';
import { now, until } from '../wire/clock.ts';
import type { Exchange, Headers } from '../wire/exchange.ts';
import { type Alignment, alignmentOf, normalizedAlignmentOf } from './alignment.ts';
import { engineVoice, isDialogueModel, models, voiceList } from './catalogue.ts';
import { httpError, unknownVoice, unplayableFormat, unprocessable } from './errors.ts';
import { DEFAULT_FORMAT, type OutputFormat, outputFormat } from './format.ts';
import { voiceSettings } from './frames.ts';
import type { Keys } from './keys.ts';

const speechRequest = v.looseObject({
  text: v.pipe(v.string(), v.minLength(1)),
  model_id: v.optional(v.string()),
  voice_settings: v.optional(v.nullable(voiceSettings)),
});

/** Answers the HTTP half of the vendor's wire. */
export async function answerRequest(exchange: Exchange, sources: Sources, keys: Keys): Promise<void> {
  const body = exchange.method === 'POST' ? await exchange.json() : exchange.recordRequest();
  const problem = keyError(exchange.header('xi-api-key'));
  if (problem) return fail(exchange, problem);
  const { path, method } = exchange;
  const [, voice, kind] =
    /^\/v1\/text-to-speech\/([^/]+)(\/stream|\/stream\/with-timestamps)?$/.exec(path) ?? [];
  if (method === 'POST' && voice) return speak(exchange, sources, { voiceId: voice, kind, body });
  const [, tokenType] = /^\/v1\/single-use-token\/([^/]+)$/.exec(path) ?? [];
  if (method === 'POST' && tokenType) return issueToken(exchange, keys, tokenType);
  if (method === 'GET' && path === '/v2/voices')
    return exchange.reply(200, voicePage(exchange.query, sources));
  if (method === 'GET' && path === '/v1/voices')
    return exchange.reply(200, { voices: voiceList(sources.voices) });
  if (method === 'GET' && path === '/v1/models') return exchange.reply(200, models);
  exchange.reply(404, { detail: 'Not Found' });
}

function keyError(key: string | undefined): HttpError | undefined {
  const problem = keyProblem(key);
  if (!problem) return undefined;
  return problem === 'missing'
    ? httpError(
        401,
        'needs_authorization',
        'Neither authorization header nor xi-api-key received, please provide one.',
      )
    : httpError(401, 'invalid_api_key', 'Invalid API key');
}

function issueToken(exchange: Exchange, keys: Keys, type: string): void {
  const token = keys.issue(type);
  if (token) return exchange.reply(200, token);
  fail(exchange, unprocessable('token_type', 'expected tts_websocket, realtime_scribe or batch_scribe'));
}

const DEFAULT_PAGE = 10;
const LARGEST_PAGE = 100;

function voicePage(query: URLSearchParams, sources: Sources): object {
  const wanted = (query.get('search') ?? '').toLowerCase();
  const found = voiceList(sources.voices).filter((voice) => voice.name.toLowerCase().includes(wanted));
  const size = Math.min(Number(query.get('page_size') ?? DEFAULT_PAGE) || DEFAULT_PAGE, LARGEST_PAGE);
  const from = Number(query.get('next_page_token') ?? 0) || 0;
  const hasMore = from + size < found.length;
  return {
    voices: found.slice(from, from + size),
    has_more: hasMore,
    total_count: found.length,
    next_page_token: hasMore ? String(from + size) : null,
  };
}

interface SpeechPath {
  readonly voiceId: string;
  readonly kind: string | undefined;
  readonly body: unknown;
}

async function speak(
  exchange: Exchange,
  sources: Sources,
  { voiceId, kind, body }: SpeechPath,
): Promise<void> {
  const requestedAtMs = now();
  const read = v.safeParse(speechRequest, body);
  if (!read.success) {
    const [issue] = read.issues;
    const path = v.getDotPath(issue) ?? 'body';
    exchange.complain(`${path}: expected ${issue.expected ?? 'another value'}`);
    return fail(exchange, unprocessable(path, `expected ${issue.expected ?? 'another value'}`));
  }
  const { text, model_id, voice_settings } = read.output;
  const voice = engineVoice(voiceId, sources.voices);
  const formatName = exchange.query.get('output_format') ?? DEFAULT_FORMAT;
  const format = outputFormat(formatName);
  if (!voice)
    return fail(exchange, httpError(404, 'voice_not_found', unknownVoice(voiceId).message, 'voice_id'));
  if (isDialogueModel(model_id ?? '')) return fail(exchange, unsupportedModel(model_id ?? ''));
  if (!format) {
    const { error, message } = unplayableFormat(formatName);
    return fail(exchange, httpError(403, error, message, 'output_format'));
  }
  const speed = voice_settings?.speed ?? 1;
  const { sampleRate } = format;
  const { signal } = exchange;
  const spoken = await sources.speak({ text, voice: voice.id, speed, sampleRate, requestedAtMs, signal });
  if (!spoken) return;
  const timed = kind === '/stream/with-timestamps';
  await exchange.start(headersFor(text, timed ? 'application/json' : format.contentType));
  if (timed) await streamTimed(exchange, text, spoken, format);
  else await streamBytes(exchange, spoken, format);
  exchange.end();
}

export function unsupportedModel(modelId: string): HttpError {
  return httpError(
    400,
    'unsupported_model',
    `The model ${modelId} is not supported on this endpoint.`,
    'model_id',
  );
}

function headersFor(text: string, contentType: string): Headers {
  return {
    'content-type': contentType,
    'request-id': randomUUID(),
    'character-cost': String(text.length),
    'current-concurrent-requests': '1',
    'maximum-concurrent-requests': '10',
    'x-trace-id': randomUUID().replaceAll('-', ''),
    'x-region': 'local',
  };
}

/** Cuts the body at odd bytes, as the vendor's chunks are not aligned to samples either. */
async function streamBytes(exchange: Exchange, spoken: SpokenText, format: OutputFormat): Promise<void> {
  const bytes = format.encode(spoken.samples);
  const step = oddStep(spoken, format);
  for (let i = 0; i * step < bytes.byteLength; i += 1) {
    if (!(await until(spoken.dueMs + i * spoken.everyMs, exchange.signal))) return;
    exchange.write(bytes.subarray(i * step, (i + 1) * step));
  }
}

function oddStep({ frameMs }: SpokenText, { sampleRate, bytesPerSample }: OutputFormat): number {
  return Math.max(1, Math.round((frameMs * sampleRate) / 1000) * bytesPerSample) | 1;
}

/** One JSON line for each piece of audio, which may end in the middle of a sample; the first carries the whole alignment. */
async function streamTimed(
  exchange: Exchange,
  text: string,
  spoken: SpokenText,
  format: OutputFormat,
): Promise<void> {
  const alignment = alignmentOf(text, spoken);
  const bytes = format.encode(spoken.samples);
  const step = oddStep(spoken, format);
  for (let i = 0; i * step < bytes.byteLength; i += 1) {
    if (!(await until(spoken.dueMs + i * spoken.everyMs, exchange.signal))) return;
    const audio = Buffer.from(bytes.subarray(i * step, (i + 1) * step));
    const line = {
      audio_base64: audio.toString('base64'),
      alignment: i === 0 ? inSeconds(alignment) : null,
      normalized_alignment: i === 0 ? inSeconds(normalizedAlignmentOf(alignment)) : null,
    };
    exchange.write(`${JSON.stringify(line)}\n`);
  }
}

function inSeconds({ chars, charStartTimesMs, charDurationsMs }: Alignment): object {
  return {
    characters: chars,
    character_start_times_seconds: charStartTimesMs.map((ms) => ms / 1000),
    character_end_times_seconds: charStartTimesMs.map((ms, i) => (ms + (charDurationsMs[i] ?? 0)) / 1000),
  };
}

function fail(exchange: Exchange, { status, body, headers }: HttpError): void {
  exchange.reply(status, body, headers);
}
