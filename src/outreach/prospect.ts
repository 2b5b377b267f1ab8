/** The person called, as far as known. Every value is clean text of 1 to 80 characters on one line. */
export interface Prospect {
  readonly name?: string;
  readonly company?: string;
  readonly role?: string;
}

/** Thrown by `parseProspect`; the message names the field, what is accepted and what came. */
export class ProspectError extends Error {
  override readonly name = 'ProspectError';
}

/** The longest value of a prospect field, in characters. */
export const prospectFieldCharacters = 80;

/**
 * Reads `{name?, company?, role?}` from outside. The values end up in a prompt and in spoken lines, so they
 * are reduced to letters, digits and the punctuation of names: no control characters, line breaks, braces,
 * quotes or markup survive. A field with nothing left counts as unknown. Throws `ProspectError`.
 */
export function parseProspect(record: unknown): Prospect {
  if (record === undefined || record === null) return {};
  if (typeof record !== 'object' || Array.isArray(record)) {
    throw new ProspectError(`prospect: expected an object with ${accepted}, got ${kind(record)}`);
  }
  const prospect: { -readonly [Field in keyof Prospect]: string } = {};
  for (const [key, value] of Object.entries(record)) {
    const field = fields.find((name) => name === key);
    if (!field) throw new ProspectError(`prospect: expected only ${accepted}, got "${key.slice(0, 40)}"`);
    const text = parseField(field, value);
    if (text) prospect[field] = text;
  }
  return prospect;
}

const fields = ['name', 'company', 'role'] as const;
const accepted = 'the fields name, company and role';

function parseField(field: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') {
    throw new ProspectError(`prospect.${field}: expected a string, got ${kind(value)}`);
  }
  const text = clean(value);
  if (text.length > prospectFieldCharacters) {
    throw new ProspectError(
      `prospect.${field}: expected at most ${prospectFieldCharacters} characters, got ${text.length}`,
    );
  }
  return text;
}

// NFKC first: it turns full-width braces and brackets into the ones the filter knows.
function clean(value: string): string {
  return value
    .normalize('NFKC')
    .replace(/[^\p{L}\p{M}\p{N}.,'’&()/+-]+/gu, ' ')
    .replace(/^[\s.,'’&)/+-]+|[\s,'’&(/+-]+$/g, '');
}

function kind(value: unknown): string {
  return Array.isArray(value) ? 'an array' : typeof value;
}
