import type { ProviderPlace } from './protocol/replies.ts';

/** The variables Vantum reads, as `.dev.vars` or `wrangler secret put` give them. */
export type Variables = Readonly<Record<string, unknown>>;

export interface RecogniserConfig {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly model: string;
  /** Silence that ends an utterance with a Nova model, in ms. */
  readonly endpointingMs: number;
  /** How sure a Flux model must be that the turn is over, 0.5 to 1. */
  readonly eotThreshold: number;
  /**
   * How sure a Flux model must be to call the end of the turn probable, 0.3 to `eotThreshold`. A Nova model judges by
   * the pause alone. `undefined`: no model tells of probable ends.
   */
  readonly eagerEotThreshold: number | undefined;
  /** Silence after which a Flux model ends a turn in any case, in ms. */
  readonly eotTimeoutMs: number;
  readonly place: ProviderPlace;
}

export interface ModelConfig {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly model: string;
  readonly maxTokens: number;
  readonly reasoningEffort: (typeof REASONING_EFFORTS)[number];
  readonly place: ProviderPlace;
}

export interface SynthesiserConfig {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly model: string;
  /** The voices a client may ask for; the first is the default. */
  readonly voices: readonly [Voice, ...Voice[]];
  /** Rate of the audio, in Hz. */
  readonly sampleRate: number;
  readonly place: ProviderPlace;
}

export interface Voice {
  readonly id: string;
  readonly name: string;
}

export interface PaceConfig {
  /** Whether a reply is begun at a probable end of the caller's turn, before the sure one. */
  readonly speculation: boolean;
  /** Silence of both sides after which the agent speaks up, in ms. */
  readonly idlePromptMs: number;
  /** The longest a call may last, in ms. */
  readonly maxCallMs: number;
}

export interface Config {
  readonly recogniser: RecogniserConfig;
  readonly model: ModelConfig;
  readonly synthesiser: SynthesiserConfig;
  readonly pace: PaceConfig;
  /** BCP-47 tag for callers whose client names none. */
  readonly language: string;
}

/** A variable that is missing or malformed. Never holds the value of a secret. */
export interface ConfigProblem {
  readonly name: string;
  readonly message: string;
}

export type Places = Readonly<{ stt: ProviderPlace; llm: ProviderPlace; tts: ProviderPlace }>;

export type ParsedConfig = { readonly places: Places } & (
  | { readonly config: Config }
  | { readonly problems: readonly [ConfigProblem, ...ConfigProblem[]] }
);

const REASONING_EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'unset'] as const;
/** The PCM rates ElevenLabs offers, in Hz (`output_format`). */
const SYNTHESISER_RATES = [8000, 16_000, 22_050, 24_000, 44_100, 48_000] as const;
/** Voices every ElevenLabs account has. */
const DEFAULT_VOICES = 'EXAVITQu4vr4xnSDxMaL:Sarah,JBFqnCBsd6RMkjVDRZzb:George,onwK4e9ZLuTAKqWW03F9:Daniel';

/** Reads the whole configuration; every missing or malformed variable is reported at once, by name. */
export function parseConfig(variables: Variables): ParsedConfig {
  const read = new Reader(variables);
  const stt = read.provider('DEEPGRAM', 'https://api.deepgram.com');
  const llm = read.provider('OPENAI', 'https://api.openai.com/v1');
  const tts = read.provider('ELEVENLABS', 'https://api.elevenlabs.io');
  const speculation = read.choice('SPECULATION', 'on', ['on', 'off']) === 'on';
  const config: Config = {
    recogniser: {
      ...stt,
      model: read.text(
        'DEEPGRAM_MODEL',
        'nova-3',
        /^[\w.-]+$/,
        'a model name such as nova-3 or flux-general-en',
      ),
      endpointingMs: read.number('DEEPGRAM_ENDPOINTING_MS', 300, 10, 5000),
      ...read.endsOfTurn(speculation),
      eotTimeoutMs: read.number('DEEPGRAM_EOT_TIMEOUT_MS', 5000, 500, 60_000),
    },
    model: {
      ...llm,
      model: read.text('OPENAI_MODEL', 'gpt-6-luna', /^\S+$/, 'a model name such as gpt-6-luna'),
      maxTokens: read.number('OPENAI_MAX_TOKENS', 300, 16, 4096),
      reasoningEffort: read.choice('OPENAI_REASONING_EFFORT', 'none', REASONING_EFFORTS),
    },
    synthesiser: {
      ...tts,
      model: read.text(
        'ELEVENLABS_MODEL',
        'eleven_flash_v2_5',
        /^[\w.-]+$/,
        'a model name such as eleven_flash_v2_5',
      ),
      voices: read.voices('ELEVENLABS_VOICES', DEFAULT_VOICES),
      sampleRate: Number(read.choice('ELEVENLABS_SAMPLE_RATE', '24000', SYNTHESISER_RATES.map(String))),
    },
    pace: {
      speculation,
      idlePromptMs: read.number('IDLE_PROMPT_SECONDS', 10, 2, 3600) * 1000,
      maxCallMs: read.number('MAX_CALL_SECONDS', 900, 30, 14_400) * 1000,
    },
    language: read.text(
      'LANGUAGE',
      'en-US',
      /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/,
      'a BCP-47 tag such as en-US',
    ),
  };
  const places = { stt: stt.place, llm: llm.place, tts: tts.place };
  const [first, ...others] = read.problems;
  return first === undefined ? { config, places } : { problems: [first, ...others], places };
}

/** Reads single variables and collects what is wrong with them. */
class Reader {
  readonly problems: ConfigProblem[] = [];
  readonly #variables: Variables;

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  /** Key and base URL of a provider. A server on this machine needs no key. */
  provider(prefix: string, vendorUrl: string): { apiKey: string; baseUrl: string; place: ProviderPlace } {
    const url = this.#value(`${prefix}_BASE_URL`) ?? vendorUrl;
    const host = hostOf(url);
    if (host === undefined) this.#problem(`${prefix}_BASE_URL`, 'an http(s) URL', url);
    const baseUrl = url.replace(/^ws/, 'http').replace(/\/+$/, '');
    const apiKey = this.#value(`${prefix}_API_KEY`);
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
    const value = this.#value(name) ?? fallback;
    if (!pattern.test(value)) this.#problem(name, accepted, value);
    return value;
  }

  number(
    name: string,
    fallback: number,
    min: number,
    max: number,
    kind: 'integer' | 'fraction' = 'integer',
  ): number {
    const text = this.#value(name);
    const value = text === undefined ? fallback : Number(text);
    const fits = value >= min && value <= max && (kind === 'fraction' || Number.isInteger(value));
    if (!fits)
      this.#problem(name, `${kind === 'integer' ? 'an integer' : 'a number'} from ${min} to ${max}`, text);
    return value;
  }

  /** Deepgram refuses a probable end that is surer than the sure one. */
  endsOfTurn(speculation: boolean): Pick<RecogniserConfig, 'eotThreshold' | 'eagerEotThreshold'> {
    const sure = 'DEEPGRAM_EOT_THRESHOLD';
    const probable = 'DEEPGRAM_EAGER_EOT_THRESHOLD';
    const eotThreshold = this.number(sure, 0.7, 0.5, 1, 'fraction');
    const eager = this.number(probable, 0.5, 0.3, 0.9, 'fraction');
    const readable = !this.problems.some(({ name }) => name === sure || name === probable);
    if (readable && eager > eotThreshold)
      this.#problem(probable, `a number up to ${sure} (${eotThreshold})`, eager);
    return { eotThreshold, eagerEotThreshold: speculation ? eager : undefined };
  }

  choice<T extends string>(name: string, fallback: NoInfer<T>, accepted: readonly T[]): T {
    const text = this.#value(name) ?? fallback;
    const value = accepted.find((option) => option === text);
    if (value === undefined) this.#problem(name, `one of ${accepted.join(', ')}`, text);
    return value ?? fallback;
  }

  voices(name: string, fallback: string): readonly [Voice, ...Voice[]] {
    const text = this.#value(name) ?? fallback;
    const [first, ...others] = text.split(',').map((entry) => {
      const [, id = '', voice = ''] = /^\s*([\w-]{1,64}):([^:,]{1,64})$/.exec(entry) ?? [];
      if (id === '') this.#problem(name, 'a comma-separated list of id:Name', entry);
      return { id, name: voice.trim() };
    });
    return [first ?? { id: '', name: '' }, ...others];
  }

  /** Empty values count as absent, as in a copied example file. */
  #value(name: string): string | undefined {
    const value = this.#variables[name];
    if (value === undefined || value === null) return undefined;
    const text = typeof value === 'string' ? value.trim() : String(value);
    return text === '' ? undefined : text;
  }

  #problem(name: string, accepted: string, got: unknown): void {
    this.problems.push({ name, message: `${name}: ${accepted} is accepted, got ${JSON.stringify(got)}` });
  }
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const PRINTABLE = /^[\x21-\x7e]+$/;

function hostOf(url: string): string | undefined {
  if (!/^(https?|wss?):\/\//.test(url) || !URL.canParse(url)) return undefined;
  return new URL(url).hostname;
}
