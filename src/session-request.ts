import * as v from 'valibot';
import { type Prospect, ProspectError, parseProspect } from './outreach/prospect.ts';

/** What `POST /v1/sessions` asks for. */
export interface SessionRequest {
  readonly prospect: Prospect;
  readonly expiresInSeconds: number;
}

/** Thrown by `readSessionRequest`; the message names the field, what is accepted and what came. */
export class SessionRequestError extends Error {
  override readonly name = 'SessionRequestError';
}

/** The longest body, in bytes. */
const MAX_BODY_BYTES = 4096;
const DEFAULT_EXPIRY_SECONDS = 300;
const MIN_EXPIRY_SECONDS = 10;
const MAX_EXPIRY_SECONDS = 3600;

const fields = v.strictObject({
  prospect: v.optional(v.unknown()),
  expiresInSeconds: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(MIN_EXPIRY_SECONDS), v.maxValue(MAX_EXPIRY_SECONDS)),
    DEFAULT_EXPIRY_SECONDS,
  ),
});

/** Reads the body of `POST /v1/sessions`; none is the same as `{}`. `undefined` when it is too large; throws `SessionRequestError`. */
export async function readSessionRequest(body: ReadableStream | null): Promise<SessionRequest | undefined> {
  const text = await bounded(body);
  if (text === undefined) return undefined;
  const read = v.safeParse(fields, parsed(text));
  if (!read.success) throw new SessionRequestError(problem(read.issues[0]));
  try {
    return { ...read.output, prospect: parseProspect(read.output.prospect) };
  } catch (error) {
    if (error instanceof ProspectError) throw new SessionRequestError(error.message);
    throw error;
  }
}

/** The text of a body; what is larger than a body may be is not read on. */
async function bounded(body: ReadableStream<Uint8Array> | null): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const piece of body ?? []) {
    bytes += piece.byteLength;
    if (bytes > MAX_BODY_BYTES) return undefined;
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

/** Undefined, which is refused like any other value that is no object, for what is no JSON. */
function parsed(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? undefined : value;
  } catch {
    return undefined;
  }
}

function problem(issue: v.InferIssue<typeof fields>): string {
  const field = v.getDotPath(issue);
  if (field === 'expiresInSeconds') {
    const range = `an integer from ${MIN_EXPIRY_SECONDS} to ${MAX_EXPIRY_SECONDS}`;
    return `expiresInSeconds: ${range} is accepted, got ${issue.received.slice(0, 40)}`;
  }
  const accepted = 'the fields prospect and expiresInSeconds are accepted';
  return field === null
    ? 'body: a JSON object is accepted, got something else'
    : `body: ${accepted}, got ${JSON.stringify(field.slice(0, 40))}`;
}
