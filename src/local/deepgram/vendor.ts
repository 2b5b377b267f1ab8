import { randomUUID } from 'node:crypto';
import type { Refusal } from '../faults.ts';
import type { Sources } from '../sources.ts';
import type { Timings } from '../timings.ts';
import { type Answer, type HttpError, keyProblem, type Vendor } from '../vendor.ts';
import type { Exchange } from '../wire/exchange.ts';
import type { Handshake } from '../wire/handshake.ts';
import { FluxSession } from './flux.ts';
import { readFluxQuery } from './flux-query.ts';
import { Grants } from './grants.ts';
import { ListenSession } from './listen.ts';
import { readListenQuery } from './listen-query.ts';
import { BadQuery } from './query.ts';

/** Deepgram's wire: `/v1/listen`, `/v2/listen` and `/v1/auth/grant`. */
export function deepgram(sources: Sources, timings: Timings): Vendor {
  const grants = new Grants();
  return {
    sockets: (handshake) => answer(handshake, sources, timings, grants),
    requests: (exchange) => grant(exchange, grants),
    refusal,
    tellError: (send, code, message) => {
      send({ type: 'Error', sequence_id: 0, code, description: message });
      return { code: 1011, reason: message };
    },
    errorChunk: (code, message) => JSON.stringify(failure(code, message, randomUUID())),
  };
}

function answer(handshake: Handshake, sources: Sources, timings: Timings, grants: Grants): Answer {
  const requestId = randomUUID();
  const { path, query } = handshake;
  if (path !== '/v1/listen' && path !== '/v2/listen') return { refused: notFound(requestId) };
  const key = credentials(handshake.header('authorization'), handshake.protocols);
  if (!key || !isValid(key, grants)) return { refused: unauthorised(requestId) };
  const opened = {
    headers: { 'dg-request-id': requestId },
    ...(key.protocol ? { protocol: key.protocol } : {}),
  };
  try {
    if (path === '/v1/listen') {
      const wanted = readListenQuery(query);
      return {
        ...opened,
        serve: (link, faults) => new ListenSession(link, wanted, requestId, sources, timings).open(faults),
      };
    }
    const wanted = readFluxQuery(query);
    return {
      ...opened,
      serve: (link, faults) => new FluxSession(link, wanted, requestId, sources, timings).open(faults),
    };
  } catch (problem) {
    if (problem instanceof BadQuery) return { refused: badQuery(problem, requestId) };
    throw problem;
  }
}

interface Credentials {
  readonly scheme: 'token' | 'bearer';
  readonly key: string;
  /** The subprotocol they came in, which the server then selects. */
  readonly protocol?: string;
}

function credentials(header: string | undefined, protocols: readonly string[]): Credentials | undefined {
  const [, scheme, key] = /^(token|bearer)\s+(\S+)$/i.exec(header ?? '') ?? [];
  if (scheme && key) return { scheme: scheme.toLowerCase() === 'token' ? 'token' : 'bearer', key };
  const [protocol, protocolKey] = protocols;
  if ((protocol === 'token' || protocol === 'bearer') && protocolKey) {
    return { scheme: protocol, key: protocolKey, protocol };
  }
  return undefined;
}

function isValid({ scheme, key }: Credentials, grants: Grants): boolean {
  return scheme === 'token' ? keyProblem(key) === undefined : grants.accept(key);
}

async function grant(exchange: Exchange, grants: Grants): Promise<void> {
  const requestId = randomUUID();
  const body = await exchange.json();
  const answerWith = ({ status, body: error, headers }: HttpError) => exchange.reply(status, error, headers);
  if (exchange.method !== 'POST' || exchange.path !== '/v1/auth/grant')
    return answerWith(notFound(requestId));
  const key = credentials(exchange.header('authorization'), []);
  if (key?.scheme !== 'token' || !isValid(key, grants)) return answerWith(unauthorised(requestId));
  const token = grants.issue(body);
  if (!token) {
    const problem = new BadQuery('ttl_seconds: expected an integer from 1 to 3600', false);
    exchange.complain(problem.message);
    return answerWith(badQuery(problem, requestId));
  }
  exchange.reply(200, token, { 'dg-request-id': requestId });
}

function unauthorised(requestId: string): HttpError {
  return httpError(401, 'INVALID_AUTH', 'Invalid credentials.', requestId);
}

function notFound(requestId: string): HttpError {
  return httpError(404, 'NOT_FOUND', 'The requested path does not exist.', requestId);
}

function badQuery({ message, unreadable }: BadQuery, requestId: string): HttpError {
  const text = unreadable ? `Failed to deserialize query parameters: ${message}` : message;
  return httpError(400, unreadable ? 'Bad Request' : 'INVALID_QUERY_PARAMETER', text, requestId);
}

const USUAL_CODES: Readonly<Record<number, readonly [string, string]>> = {
  401: ['INVALID_AUTH', 'Invalid credentials.'],
  402: ['ASR_PAYMENT_REQUIRED', 'The project has no credit left for this request.'],
  403: ['INSUFFICIENT_PERMISSIONS', 'The project may not use this model.'],
  429: ['TOO_MANY_REQUESTS', 'Too many requests. Please try again later'],
};

function refusal(fault: Refusal): HttpError {
  const [code, message] = USUAL_CODES[fault.status] ?? ['INTERNAL_SERVER_ERROR', 'The request failed.'];
  return httpError(fault.status, fault.code ?? code, fault.message ?? message, randomUUID());
}

function httpError(status: number, code: string, message: string, requestId: string): HttpError {
  return {
    status,
    body: failure(code, message, requestId),
    headers: { 'dg-request-id': requestId, 'dg-error': message },
  };
}

function failure(code: string, message: string, requestId: string): object {
  return { err_code: code, err_msg: message, request_id: requestId };
}
