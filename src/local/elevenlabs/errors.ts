import { randomUUID } from 'node:crypto';
import type { Refusal } from '../faults.ts';
import type { HttpError } from '../vendor.ts';
import type { Link } from '../wire/link.ts';

/** An error as the vendor tells it inside a socket. */
export interface SocketError {
  readonly error: string;
  readonly message: string;
}

const CLOSE_CODE = 1008;

export const invalidKey: SocketError = { error: 'invalid_api_key', message: 'Invalid API key' };

export function unknownVoice(id: string): SocketError {
  return { error: 'voice_id_does_not_exist', message: `A voice with voice_id ${id} does not exist.` };
}

export function unplayableFormat(format: string): SocketError {
  const message = `output_format ${format} is not rendered by the local server; ask for pcm_16000, another pcm_ rate or ulaw_8000.`;
  return { error: 'output_format_not_allowed', message };
}

export function idle(seconds: number): SocketError {
  const shown = Number.isInteger(seconds) ? seconds.toFixed(1) : String(seconds);
  const message = `Have not received a new text input within the timeout of ${shown} seconds. Streaming input terminated.`;
  return { error: 'input_timeout_exceeded', message };
}

export function badMessage(problem: string): SocketError {
  return { error: 'invalid_input_message', message: `The message is not understood: ${problem}` };
}

export const changedSettings: SocketError = {
  error: 'invalid_input_message',
  message:
    'voice_settings field must be provided in the first message and then either be not provided or not change.',
};

export const tooManyContexts: SocketError = {
  error: 'max_active_conversations',
  message: 'Maximum simultaneous contexts per WebSocket connection exceeded (5). Close one before the next.',
};

export const generationFailed: SocketError = {
  error: 'internal_error',
  message: 'Something went wrong. This request was not charged.',
};

/** Tells the error in band; the close with the same code and message follows after `lingerMs`. Returns its timer. */
export function failSocket(link: Link, problem: SocketError, lingerMs: number): NodeJS.Timeout {
  link.send({ message: problem.message, error: problem.error, code: CLOSE_CODE });
  return setTimeout(() => link.close(CLOSE_CODE, problem.message), lingerMs);
}

export function httpError(status: number, code: string, message: string, param?: string): HttpError {
  const type = status === 400 || status === 422 ? 'validation_error' : TYPES[status];
  const detail = {
    type: type ?? 'internal_error',
    code,
    message,
    status: code,
    request_id: randomUUID(),
    ...(param ? { param } : {}),
  };
  return { status, body: { detail } };
}

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'authorization_error',
  404: 'not_found',
  429: 'rate_limit_error',
};

/** A request body that does not fit: the one error whose detail is a list. */
export function unprocessable(path: string, message: string): HttpError {
  return {
    status: 422,
    body: { detail: [{ loc: ['body', ...path.split('.')], msg: message, type: 'value_error' }] },
  };
}

const USUAL_CODES: Readonly<Record<number, string>> = {
  400: 'invalid_request',
  401: 'invalid_api_key',
  403: 'subscription_required',
  404: 'voice_not_found',
  429: 'too_many_concurrent_requests',
  503: 'system_busy',
};

export function refusal(fault: Refusal): HttpError {
  const code = fault.code ?? USUAL_CODES[fault.status] ?? 'internal_error';
  return httpError(fault.status, code, fault.message ?? `The request was refused: ${code}.`);
}
