import type { ProviderPlace } from './protocol/replies.ts';

/** The variables Vantum reads, as `.dev.vars` or `wrangler secret put` give them. */
export type Variables = Readonly<Record<string, unknown>>;

export interface Voice {
  readonly id: string;
  readonly name: string;
}

/** A secret by which a server asks for tickets, and the name its calls are counted under. */
export interface ApiKey {
  readonly name: string;
  readonly secret: string;
}

/** A variable that is missing or malformed. Never holds the value of a secret. */
export interface ConfigProblem {
  readonly name: string;
  readonly message: string;
}

/** Reads single variables and collects what is wrong with them. */
export class Reader {
  readonly problems: ConfigProblem[] = [];
  readonly #variables: Variables;

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  /**
   * Key and base URL of a provider. A server on this machine needs no key. One without a key of its own uses that of
   * `kin` if it is at the same origin: a key is never sent to another.
   */
  provider(
    prefix: string,
    vendorUrl: string,
    kin?: { readonly apiKey: string; readonly baseUrl: string },
  ): { apiKey: string; baseUrl: string; place: ProviderPlace } {
    const url = this.value(`${prefix}_BASE_URL`) ?? vendorUrl;
    const host = hostOf(url);
    if (host === undefined) this.problem(`${prefix}_BASE_URL`, 'an http(s) URL', url);
    const baseUrl = url.replace(/^ws/, 'http').replace(/\/+$/, '');
    const shared = kin !== undefined && host !== undefined && sameOrigin(baseUrl, kin.baseUrl);
    const apiKey = this.value(`${prefix}_API_KEY`) ?? (shared ? kin.apiKey : undefined);
    const local = host !== undefined && LOOPBACK.test(host);
    if (local) return { apiKey: apiKey ?? 'local', baseUrl, place: 'local' };
    if (apiKey === undefined) {
      this.problems.push({
        name: `${prefix}_API_KEY`,
        message: `${prefix}_API_KEY: a key is needed, got nothing`,
      });
      return { apiKey: '', baseUrl, place: 'missing' };
    }
    if (!PRINTABLE.test(apiKey)) {
      const message = `${prefix}_API_KEY: printable characters without spaces are accepted, got others`;
      this.problems.push({ name: `${prefix}_API_KEY`, message });
    }
    return { apiKey, baseUrl, place: 'live' };
  }

  text(name: string, fallback: string, pattern: RegExp, accepted: string): string {
    const value = this.value(name) ?? fallback;
    if (!pattern.test(value)) this.problem(name, accepted, value);
    return value;
  }

  number(
    name: string,
    fallback: number,
    min: number,
    max: number,
    kind: 'integer' | 'fraction' | 'integer or 0' = 'integer',
  ): number {
    const text = this.value(name);
    const value = text === undefined ? fallback : Number(text);
    const inRange = value >= min && value <= max && (kind === 'fraction' || Number.isInteger(value));
    if (!inRange && !(kind === 'integer or 0' && value === 0))
      this.problem(name, `${KINDS[kind]} from ${min} to ${max}`, text);
    return value;
  }

  choice<T extends string>(name: string, fallback: NoInfer<T>, accepted: readonly T[]): T {
    const text = this.value(name) ?? fallback;
    const value = accepted.find((option) => option === text);
    if (value === undefined) this.problem(name, `one of ${accepted.join(', ')}`, text);
    return value ?? fallback;
  }

  voices(name: string, fallback: string): readonly [Voice, ...Voice[]] {
    const text = this.value(name) ?? fallback;
    const [first, ...others] = text.split(',').map((entry) => {
      const [, id = '', voice = ''] = /^\s*([\w-]{1,64}):([^:,]{1,64})$/.exec(entry) ?? [];
      if (id === '') this.problem(name, 'a comma-separated list of id:Name', entry);
      return { id, name: voice.trim() };
    });
    return [first ?? { id: '', name: '' }, ...others];
  }

  /** `name:key` pairs, no name and no key twice; none when the variable is unset. No problem tells a value. */
  apiKeys(name: string): readonly ApiKey[] {
    const entries = this.value(name)?.split(',') ?? [];
    const keys: ApiKey[] = [];
    for (const [index, entry] of entries.entries()) {
      const [, own = '', secret = ''] = API_KEY.exec(entry.trim()) ?? [];
      const known = keys.some((key) => key.name === own || key.secret === secret);
      if (own !== '' && !known && keys.length < MAX_API_KEYS) keys.push({ name: own, secret });
      else this.problems.push({ name, message: `${name}: ${API_KEYS_ACCEPTED}, got pair ${index + 1}` });
    }
    return keys;
  }

  /** A comma-separated list of web origins; none when the variable is unset. */
  origins(name: string): readonly string[] {
    const entries = this.value(name)?.split(',') ?? [];
    return entries.map((entry) => {
      const origin = entry.trim().toLowerCase();
      if (!/^https?:/.test(origin) || !URL.canParse(origin) || new URL(origin).origin !== origin)
        this.problem(name, 'a comma-separated list of origins such as https://example.com', entry);
      return origin;
    });
  }

  /** The text of a variable; empty values count as absent, as in a copied example file. */
  value(name: string): string | undefined {
    const value = this.#variables[name];
    if (value === undefined || value === null) return undefined;
    const text = typeof value === 'string' ? value.trim() : String(value);
    return text === '' ? undefined : text;
  }

  /** Something else than `accepted` came for a variable that is no secret. */
  problem(name: string, accepted: string, got: unknown): void {
    this.problems.push({ name, message: `${name}: ${accepted} is accepted, got ${JSON.stringify(got)}` });
  }
}

const KINDS = { integer: 'an integer', fraction: 'a number', 'integer or 0': '0 or an integer' } as const;
/** True for the host name of a URL that leads to this machine and nowhere else. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
/** A name that can stand in a log line and in the name of an object, and a key nobody guesses. */
const API_KEY = /^([a-z0-9-]{1,32}):([\x21-\x2b\x2d-\x7e]{32,256})$/;
const API_KEYS_ACCEPTED =
  'up to 20 different name:key pairs are accepted, separated by commas, with names of 1 to 32 letters a-z, digits and -, and keys of 32 to 256 printable characters without commas';
/** Every request is compared with all of them. */
const MAX_API_KEYS = 20;
const PRINTABLE = /^[\x21-\x7e]+$/;

function hostOf(url: string): string | undefined {
  if (!/^(https?|wss?):\/\//.test(url) || !URL.canParse(url)) return undefined;
  return new URL(url).hostname;
}

function sameOrigin(a: string, b: string): boolean {
  return URL.canParse(b) && new URL(a).origin === new URL(b).origin;
}
