import { randomUUID } from 'node:crypto';
import type { Refusal } from '../faults.ts';
import type { Sources } from '../sources.ts';
import { type HttpError, keyProblem, type Vendor } from '../vendor.ts';
import { now, until } from '../wire/clock.ts';
import type { Exchange, Headers } from '../wire/exchange.ts';
import { BadRequest } from './bad-request.ts';
import { readChatRequest } from './chat-request.ts';
import { Completion } from './completion.ts';
import { streamCompletion } from './stream.ts';

/** OpenAI's wire: Chat Completions and the list of models, below `/v1`. */
export function openai(sources: Sources): Vendor {
  return {
    sockets: () => ({ refused: notFound('There is no socket here.') }),
    requests: (exchange) => serve(exchange, sources),
    refusal,
    tellError: (send, code, message) => {
      send({ error: { message, type: 'server_error', param: null, code } });
      return { code: 1011, reason: message };
    },
    errorChunk: (code, message) =>
      `data: ${JSON.stringify({ error: { message, type: 'server_error', param: null, code } })}\n\n`,
  };
}

async function serve(exchange: Exchange, sources: Sources): Promise<void> {
  const startedAt = now();
  const body = exchange.method === 'POST' ? await exchange.json() : exchange.recordRequest();
  const problem = keyError(exchange.header('authorization'));
  if (problem) return fail(exchange, problem, startedAt);
  const route = `${exchange.method} ${exchange.path}`;
  if (route === 'POST /v1/chat/completions') return complete(exchange, body, sources, startedAt);
  if (route === 'GET /v1/models') return exchange.reply(200, modelList(), headersFor(startedAt));
  const [, id] = /^GET \/v1\/models\/(.+)$/.exec(route) ?? [];
  const model = MODELS.find((known) => known === id);
  if (model) return exchange.reply(200, modelObject(model), headersFor(startedAt));
  if (id) return fail(exchange, modelNotFound(id), startedAt);
  fail(exchange, notFound(`Unknown request URL: ${route}.`), startedAt);
}

async function complete(
  exchange: Exchange,
  body: unknown,
  sources: Sources,
  startedAt: number,
): Promise<void> {
  try {
    const request = readChatRequest(body);
    const answer = sources.answer(request.messages, request.functions);
    const completion = new Completion(request, answer);
    if (request.stream) {
      const headers = { ...headersFor(startedAt), 'content-type': 'text/event-stream; charset=utf-8' };
      await exchange.start(headers);
      return await streamCompletion(exchange, completion, request, answer, startedAt);
    }
    const durationMs = answer.firstTokenMs + (completion.deltas.length * 1000) / answer.tokensPerSecond;
    if (await until(startedAt + durationMs, exchange.signal)) {
      exchange.reply(200, completion.whole(), headersFor(startedAt));
    }
  } catch (problem) {
    if (!(problem instanceof BadRequest)) throw problem;
    exchange.complain(problem.message);
    fail(exchange, badRequest(problem), startedAt);
  }
}

function fail(exchange: Exchange, { status, body, headers }: HttpError, startedAt: number): void {
  exchange.reply(status, body, { ...headersFor(startedAt), ...headers });
}

function headersFor(startedAt: number): Headers {
  return {
    'x-request-id': `req_${randomUUID().replaceAll('-', '')}`,
    'openai-processing-ms': String(Math.round(now() - startedAt)),
    'openai-version': '2020-10-01',
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-remaining-requests': '9999',
    'x-ratelimit-reset-requests': '6ms',
    'x-ratelimit-limit-tokens': '2000000',
    'x-ratelimit-remaining-tokens': '1999000',
    'x-ratelimit-reset-tokens': '30ms',
  };
}

const MODELS = ['gpt-6-luna', 'gpt-6-sol', 'gpt-5.6-terra', 'gpt-5.4-mini', 'vantum-scripted-agent'] as const;

function modelList(): object {
  return { object: 'list', data: MODELS.map(modelObject) };
}

function modelObject(id: string): object {
  return { id, object: 'model', created: 1_780_000_000, owned_by: 'vantum-local' };
}

function keyError(authorization: string | undefined): HttpError | undefined {
  const key = /^Bearer\s+(.+)$/i.exec(authorization ?? '')?.[1];
  const problem = keyProblem(key);
  if (!problem) return undefined;
  return problem === 'missing'
    ? httpError(401, "You didn't provide an API key.", 'invalid_request_error', null, null)
    : httpError(401, 'Incorrect API key provided.', 'invalid_request_error', null, 'invalid_api_key');
}

function badRequest({ message, param, code }: BadRequest): HttpError {
  return httpError(400, message, 'invalid_request_error', param, code);
}

function modelNotFound(id: string): HttpError {
  return httpError(
    404,
    `The model '${id}' does not exist.`,
    'invalid_request_error',
    null,
    'model_not_found',
  );
}

function notFound(message: string): HttpError {
  return httpError(404, message, 'invalid_request_error', null, null);
}

const USUAL_CODES: Readonly<Record<number, string>> = {
  401: 'invalid_api_key',
  404: 'model_not_found',
  429: 'rate_limit_exceeded',
  503: 'server_is_overloaded',
};

/** Codes of an account that is out of money; a retry cannot help. */
const EMPTY_ACCOUNT = ['insufficient_quota', 'credit_balance_exhausted', 'organization_spend_limit_exceeded'];

function refusal(fault: Refusal): HttpError {
  const code = fault.code ?? USUAL_CODES[fault.status] ?? (fault.status >= 500 ? 'server_error' : null);
  const message = fault.message ?? `The request was refused: ${code ?? fault.status}.`;
  const error = httpError(fault.status, message, typeOf(fault.status, code), null, code);
  if (fault.retryAfterMs === undefined) return error;
  const retry = {
    'retry-after-ms': String(fault.retryAfterMs),
    'retry-after': String(Math.ceil(fault.retryAfterMs / 1000)),
  };
  return { ...error, headers: retry };
}

function typeOf(status: number, code: string | null): string {
  if (code && EMPTY_ACCOUNT.includes(code)) return 'insufficient_quota';
  if (status === 429) return 'requests';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

function httpError(
  status: number,
  message: string,
  type: string,
  param: string | null,
  code: string | null,
): HttpError {
  return { status, body: { error: { message, type, param, code } } };
}
