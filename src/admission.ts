import { v7 as uuidv7 } from 'uuid';
import { prospectFrom, resumeFrom } from './caller-query.ts';
import { type AdmissionConfig, type ParsedConfig, parseConfig } from './config.ts';
import type { Env } from './env.ts';
import type { Opening } from './opening.ts';
import { refusal } from './refusal.ts';
import { readTicket } from './ticket.ts';
import { type ApiKey, type ConfigProblem, isLoopback } from './variables.ts';

/**
 * Who comes in at `/ws`: the opening for the session's object, or the refusal. Strangers are refused before anything
 * is told of the server's state. What only the object can know, it refuses itself: a used ticket, a full house, a token
 * that is not the call's.
 * Throws `ProspectError`.
 */
export async function admit(request: Request, env: Env): Promise<Opening | Response> {
  const url = new URL(request.url);
  const parsed = parseConfig(env);
  const open = isOpen(url, parsed.admission);
  if (!fromAllowedOrigin(request, parsed.admission)) return refusal('origin_refused');
  if (!open && !(await withinAddressRate(request, env))) return refusal('too_many_requests');
  const back = resumeFrom(url);
  if (back === 'refused') return refusal('resume_refused');
  if (back !== undefined) return { ...back, prospect: {} };
  const ticket = url.searchParams.get('ticket');
  const opening = open && ticket === null ? strangerAt(url) : await ticketHolderAt(url, ticket, parsed);
  if (opening instanceof Response) return opening;
  return 'problems' in parsed ? notConfigured(parsed.problems) : opening;
}

/** Whether this request is let in without a ticket: the server is told to be open, and was reached as this machine. */
export function isOpen(url: URL, { openOnLocalhost }: AdmissionConfig): boolean {
  return openOnLocalhost && isLoopback(url.hostname);
}

/**
 * Whether the page that sends this request may: one of the allowed origins, or on an open localhost any page of this
 * machine, since every page of the web can reach that. Programs send no `Origin` and pass.
 */
export function fromAllowedOrigin(request: Request, admission: AdmissionConfig): boolean {
  const origin = request.headers.get('origin');
  if (origin === null) return true;
  const url = new URL(request.url);
  if (isOpen(url, admission)) return URL.canParse(origin) && isLoopback(new URL(origin).hostname);
  return admission.origins.length === 0 ? origin === url.origin : admission.origins.includes(origin);
}

/** Counts a request of this address; false when too many came. */
export async function withinAddressRate(request: Request, env: Env): Promise<boolean> {
  // The platform sets this header and lets no client choose it.
  const address = request.headers.get('cf-connecting-ip') ?? 'unknown';
  return (await env.RATE_PER_ADDRESS?.limit({ key: networkOf(address) }))?.success ?? true;
}

/** Everything that keeps the server from letting this request's caller in; keys are not needed where it is open. */
export function problemsAt(url: URL, parsed: ParsedConfig): readonly ConfigProblem[] {
  if (!isOpen(url, parsed.admission) && parsed.admission.keys.length === 0) return withoutKeys(parsed);
  return 'problems' in parsed ? parsed.problems : [];
}

/** The problems of a server that has no API key, with that among them. */
export function withoutKeys(parsed: ParsedConfig): readonly ConfigProblem[] {
  const problems = 'problems' in parsed ? parsed.problems : [];
  return problems.some(({ name }) => name === NO_KEYS.name) ? problems : [NO_KEYS, ...problems];
}

/** 503, with the names of all variables that are missing or malformed. */
export function notConfigured(problems: readonly ConfigProblem[]): Response {
  const names = [...new Set(problems.map(({ name }) => name))];
  const messages = problems.map(({ message }) => message);
  return Response.json({ error: 'not_configured', names, problems: messages }, { status: 503 });
}

/** The key that a request names as its bearer; takes the same time for every key and every wrong one. */
export async function keyOf(
  request: Request,
  keys: readonly ApiKey[],
): Promise<ApiKey | 'key_required' | 'key_invalid'> {
  const header = request.headers.get('authorization');
  if (header === null) return 'key_required';
  const [, secret = ''] = /^Bearer +(\S+)$/i.exec(header) ?? [];
  const got = await digest(secret);
  const expected = await Promise.all(keys.map((key) => digest(key.secret)));
  const same = expected.map((one) => crypto.subtle.timingSafeEqual(one, got));
  return keys.find((_, index) => same[index]) ?? 'key_invalid';
}

const NO_KEYS: ConfigProblem = {
  name: 'API_KEYS',
  message: 'API_KEYS: name:key pairs are needed, got nothing',
};

/** The id is the server's: a client cannot choose, or guess, the object it talks to. */
function strangerAt(url: URL): Opening {
  return { sessionId: uuidv7(), prospect: prospectFrom(url) };
}

/** What the ticket says of the person called stands; the query may add to it. */
async function ticketHolderAt(
  url: URL,
  ticket: string | null,
  parsed: ParsedConfig,
): Promise<Opening | Response> {
  const { keys } = parsed.admission;
  if (keys.length === 0) return notConfigured(withoutKeys(parsed));
  if (ticket === null) return refusal('ticket_required');
  const read = await readTicket(ticket, keys, Date.now());
  if (typeof read === 'string') return refusal(read);
  const { sessionId, key, prospect } = read;
  return { sessionId, key, prospect: { ...prospectFrom(url), ...prospect } };
}

/** An IPv6 subscriber has a whole /64 of addresses: they count as one. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = ''] = address.split('::');
  return [...head.split(':'), '0', '0', '0'].slice(0, 4).join(':');
}

async function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
}
