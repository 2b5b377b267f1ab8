import { v7 as uuidv7 } from 'uuid';
import { fromAllowedOrigin, keyOf, notConfigured, withinAddressRate, withoutKeys } from './admission.ts';
import { parseConfig } from './config.ts';
import type { Env } from './env.ts';
import { refusal } from './refusal.ts';
import { readSessionRequest } from './session-request.ts';
import { signTicket } from './ticket.ts';

/**
 * `POST /v1/sessions`: whoever has an API key gets a ticket for one call. Nothing is stored: the session begins with
 * the ticket, not before. Throws `SessionRequestError`.
 */
export async function issueTicket(request: Request, env: Env): Promise<Response> {
  const url = new URL(request.url);
  const parsed = parseConfig(env);
  const { keys, maxCallsPerKey } = parsed.admission;
  if (!fromAllowedOrigin(request, parsed.admission)) return refusal('origin_refused');
  // Also an open localhost has no ticket to give without a key to sign it.
  if (keys.length === 0) return notConfigured(withoutKeys(parsed));
  const key = await keyOf(request, keys);
  if (typeof key === 'string')
    return refusal((await withinAddressRate(request, env)) ? key : 'too_many_requests');
  if ((await env.RATE_PER_KEY?.limit({ key: key.name }))?.success === false)
    return refusal('too_many_requests');
  const asked = await readSessionRequest(request.body);
  if (asked === undefined) return refusal('body_too_large');
  if ('problems' in parsed) return notConfigured(parsed.problems);
  if (await env.SEATS.getByName(key.name).full(maxCallsPerKey)) return refusal('too_many_calls');
  const sessionId = uuidv7();
  const expiresAt = Date.now() + asked.expiresInSeconds * 1000;
  const ticket = await signTicket({ sessionId, expiresAt, prospect: asked.prospect }, key);
  return Response.json(
    { sessionId, ticket, expiresAt: new Date(expiresAt).toISOString(), ...links(url, ticket) },
    { status: 201 },
  );
}

/** Where the ticket lets in: a client's socket, and the page, which is told in the part of its address that browsers send to nobody. */
function links(url: URL, ticket: string): { readonly url: string; readonly page: string } {
  const socket = new URL(`/ws?ticket=${ticket}`, url);
  socket.protocol = url.protocol.replace('http', 'ws');
  return { url: socket.href, page: new URL(`/#ticket=${ticket}`, url).href };
}
