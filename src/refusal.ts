/**
 * Everything the door answers instead of letting a request in. The messages are fixed, so that no answer can tell a
 * stranger anything about keys, tickets or calls.
 */
const refusals = {
  origin_refused: [403, 'Origin: an origin of the list of this server is accepted, got another'],
  key_required: [401, 'Authorization: Bearer and an API key are accepted, got nothing'],
  key_invalid: [401, 'Authorization: Bearer and an API key are accepted, got another'],
  ticket_required: [401, 'ticket: a ticket of POST /v1/sessions is accepted, got nothing'],
  ticket_invalid: [401, 'ticket: a ticket of POST /v1/sessions is accepted, got something else'],
  ticket_expired: [401, 'ticket: a ticket is accepted until it expires, got an expired one'],
  ticket_used: [409, 'ticket: a ticket is accepted once, got one that was used'],
  resume_refused: [403, 'session and resume: those of a call that goes on are accepted, got others'],
  call_over: [410, 'This call is over.'],
  conflict: [409, 'This session cannot be joined.'],
  too_many_requests: [429, 'Too many requests came; try again later.'],
  too_many_calls: [429, 'All calls of this key are taken; try again when one has ended.'],
  upgrade_required: [426, 'GET /ws: a WebSocket upgrade is accepted'],
  body_too_large: [413, 'body: at most 4096 bytes are accepted, got more'],
} as const satisfies Readonly<Record<string, readonly [status: number, message: string]>>;

export type RefusalCode = keyof typeof refusals;

/** Extra headers of single refusals. Waiting times are in seconds: the period of the rate limits, and a moment for a seat. */
const headers: Partial<Readonly<Record<RefusalCode, Readonly<Record<string, string>>>>> = {
  key_required: { 'www-authenticate': 'Bearer' },
  key_invalid: { 'www-authenticate': 'Bearer' },
  too_many_requests: { 'retry-after': '60' },
  too_many_calls: { 'retry-after': '10' },
  upgrade_required: { upgrade: 'websocket' },
};

/** The answer to a request that is not let in: `{error, message}` under the status of the code. */
export function refusal(error: RefusalCode): Response {
  const [status, message] = refusals[error];
  return Response.json({ error, message }, { status, headers: headers[error] ?? {} });
}
