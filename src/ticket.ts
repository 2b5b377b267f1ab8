import * as v from 'valibot';
import { type Prospect, parseProspect } from './outreach/prospect.ts';
import type { ApiKey } from './variables.ts';

/** What a ticket says: this call may begin, once, before then. */
export interface Ticket {
  /** A UUIDv7, which is also the name of the session's object: that object alone knows whether the ticket was used. */
  readonly sessionId: string;
  /** When it expires, in ms since the epoch. */
  readonly expiresAt: number;
  readonly prospect: Prospect;
}

/** A ticket as it was read: whose it is and what it says, or why it lets nobody in. */
export type ReadTicket = (Ticket & { readonly key: string }) | 'ticket_invalid' | 'ticket_expired';

const VERSION = 'v1';
/** More than a ticket with the longest prospect has. */
const MAX_TICKET_CHARACTERS = 2048;
/** Of an HMAC-SHA-256. */
const SIGNATURE_BYTES = 32;

/** Signs a ticket as `v1.<payload>.<signature>`, both base64url; it holds for as long as the key is one of the server's. */
export async function signTicket({ sessionId, expiresAt, prospect }: Ticket, key: ApiKey): Promise<string> {
  const claims: v.InferInput<typeof payload> = { sid: sessionId, exp: expiresAt, key: key.name, prospect };
  const signed = `${VERSION}.${toBase64Url(encoder.encode(JSON.stringify(claims)))}`;
  const signature = await crypto.subtle.sign('HMAC', await signingKey(key), encoder.encode(signed));
  return `${signed}.${toBase64Url(new Uint8Array(signature))}`;
}

/** Reads a ticket at `now`, in ms since the epoch. Nothing of it is believed before its signature was found right. */
export async function readTicket(text: string, keys: readonly ApiKey[], now: number): Promise<ReadTicket> {
  const [, body = '', signature = ''] = TICKET.exec(text.slice(0, MAX_TICKET_CHARACTERS + 1)) ?? [];
  const bytes = fromBase64Url(body);
  const proof = fromBase64Url(signature);
  if (text.length > MAX_TICKET_CHARACTERS || bytes === undefined || proof?.byteLength !== SIGNATURE_BYTES)
    return 'ticket_invalid';
  const signed = encoder.encode(`${VERSION}.${body}`);
  const right = await Promise.all(
    keys.map(async (key) => crypto.subtle.verify('HMAC', await signingKey(key), proof, signed)),
  );
  const signer = keys.find((_, index) => right[index]);
  const claims = signer === undefined ? undefined : claimsOf(bytes);
  if (claims === undefined || claims.key !== signer?.name) return 'ticket_invalid';
  const { sid: sessionId, exp: expiresAt, key, prospect } = claims;
  return now < expiresAt ? { sessionId, expiresAt, key, prospect } : 'ticket_expired';
}

const encoder = new TextEncoder();
const TICKET = /^v1\.([\w-]+)\.([\w-]+)$/;
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const payload = v.strictObject({
  sid: v.pipe(v.string(), v.regex(UUID_V7)),
  exp: v.pipe(v.number(), v.safeInteger()),
  key: v.string(),
  prospect: v.pipe(v.unknown(), v.transform(parseProspect)),
});

/** What a signed payload says; undefined when this server would not have written it. */
function claimsOf(bytes: Uint8Array): v.InferOutput<typeof payload> | undefined {
  try {
    const read = v.safeParse(payload, JSON.parse(new TextDecoder().decode(bytes)));
    return read.success ? read.output : undefined;
  } catch {
    return undefined;
  }
}

/** Tickets are signed with a key of their own, drawn from the API key: a signature never shows anything of that. */
async function signingKey({ secret }: ApiKey): Promise<CryptoKey> {
  const drawn = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, ['deriveKey']);
  const from = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: encoder.encode('vantum ticket v1'),
  };
  const to = { name: 'HMAC', hash: 'SHA-256', length: 256 };
  return crypto.subtle.deriveKey(from, drawn, to, false, ['sign', 'verify']);
}

function toBase64Url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Only the one way in which these bytes are written is read: no padding, no stray bits at the end. */
function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
      c.charCodeAt(0),
    );
    return toBase64Url(bytes) === text ? bytes : undefined;
  } catch {
    return undefined;
  }
}
