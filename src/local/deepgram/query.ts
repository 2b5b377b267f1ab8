/** A query parameter that a vendor refuses with 400; the message names it, what is accepted and what came. */
export class BadQuery extends Error {
  /** True when the value cannot be read at all, false when it is readable and not allowed. */
  readonly unreadable: boolean;

  constructor(message: string, unreadable: boolean) {
    super(message);
    this.unreadable = unreadable;
  }
}

/** Reads the typed parameters of one query; every method throws `BadQuery` for a value that does not fit. */
export class Query {
  readonly #query: URLSearchParams;

  constructor(query: URLSearchParams) {
    this.#query = query;
  }

  has(name: string): boolean {
    return this.#query.has(name);
  }

  all(name: string): string[] {
    return this.#query.getAll(name);
  }

  text(name: string): string | undefined {
    return this.#query.get(name) ?? undefined;
  }

  flag(name: string): boolean {
    const value = this.#query.get(name) ?? 'false';
    if (value !== 'true' && value !== 'false') throw unreadable(name, 'true or false', value);
    return value === 'true';
  }

  integer(name: string, low: number, high: number): number | undefined {
    return this.#number(name, low, high, /^\d+$/, `an integer from ${low} to ${high}`);
  }

  decimal(name: string, low: number, high: number): number | undefined {
    return this.#number(name, low, high, /^\d*\.?\d+$/, `a number from ${low} to ${high}`);
  }

  oneOf<Value extends string>(name: string, values: readonly Value[]): Value | undefined {
    const text = this.#query.get(name);
    if (text === null) return undefined;
    const value = values.find((known) => known === text);
    if (value === undefined) throw unreadable(name, `one of ${values.join(', ')}`, text);
    return value;
  }

  #number(name: string, low: number, high: number, form: RegExp, accepted: string): number | undefined {
    const text = this.#query.get(name);
    if (text === null) return undefined;
    const value = Number(text);
    if (!form.test(text) || value < low || value > high) throw unreadable(name, accepted, text);
    return value;
  }
}

export function forbidden(message: string): BadQuery {
  return new BadQuery(message, false);
}

function unreadable(name: string, accepted: string, came: string): BadQuery {
  return new BadQuery(`${name}: expected ${accepted}, got ${JSON.stringify(came)}`, true);
}

/** The encodings decoded here; the vendor knows more. */
export const decodedEncodings = ['linear16', 'mulaw', 'alaw'] as const;

const VENDOR_ENCODINGS = [
  ...decodedEncodings,
  'linear32',
  'flac',
  'amr-nb',
  'amr-wb',
  'opus',
  'ogg-opus',
  'speex',
  'g729',
] as const;

/** The `encoding` parameter; one the vendor has and this server has not is refused with its own sentence. */
export function readEncoding(query: Query): (typeof decodedEncodings)[number] | undefined {
  const encoding = query.oneOf('encoding', VENDOR_ENCODINGS);
  if (encoding === undefined) return undefined;
  const decoded = decodedEncodings.find((known) => known === encoding);
  if (!decoded) throw forbidden(`encoding: the local server decodes ${decodedEncodings.join(', ')} only`);
  return decoded;
}
