import type { IntakePlan } from './protocol/intake.ts';
import type { ProviderPlace } from './protocol/replies.ts';
import { type ApiKey, type ConfigProblem, Reader, type Variables, type Voice } from './variables.ts';

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
  /** How fast audio that waited is sent, in ms of audio for every ms. */
  readonly replaySpeed: number;
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

/** The second model: asked as well when the first is slow, or instead when it has failed. */
export interface RivalConfig {
  readonly model: ModelConfig;
  /** How long the first has for its first clause, in ms; 0: it is not hurried. */
  readonly afterMs: number;
  /** Whether it is another model than the first, or at another place, or of another account. */
  readonly differs: boolean;
}

export interface SynthesiserConfig {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly model: string;
  /** The voices a client may ask for; the first is the default. */
  readonly voices: readonly [Voice, ...Voice[]];
  /** The voice that speaks when the chosen one fails; `undefined`: the first other one of `voices`. */
  readonly fallbackVoice: string | undefined;
  /** Rate of the audio, in Hz. */
  readonly sampleRate: number;
  readonly place: ProviderPlace;
}

export interface PaceConfig {
  /** Whether a reply is begun at a probable end of the caller's turn, before the sure one. */
  readonly speculation: boolean;
  /** Silence of both sides after which the agent speaks up, in ms. */
  readonly idlePromptMs: number;
  /** How much audio a listener is given ahead of what it has played, in ms. */
  readonly audioAheadMs: number;
  /** The longest a call may last, in ms. */
  readonly maxCallMs: number;
  /** How many tokens of the model a call may use up, questions and answers together. */
  readonly maxTokens: number;
}

export interface AdmissionConfig {
  /** Who may ask for tickets. Without any, nobody is let in but on an open localhost. */
  readonly keys: readonly ApiKey[];
  /** The calls that one key may have at the same time. */
  readonly maxCallsPerKey: number;
  /** The web origins whose pages may connect; empty: the Worker's own. */
  readonly origins: readonly string[];
  /** Whether requests to a loopback host are let in without a ticket. */
  readonly openOnLocalhost: boolean;
}

export interface Config {
  readonly recogniser: RecogniserConfig;
  /** What takes over where `recogniser` fails; undefined if nothing does. */
  readonly fallbackRecogniser: RecogniserConfig | undefined;
  readonly model: ModelConfig;
  readonly rival: RivalConfig;
  readonly synthesiser: SynthesiserConfig;
  readonly pace: PaceConfig;
  readonly intake: IntakePlan;
  /** BCP-47 tag for callers whose client names none. */
  readonly language: string;
}

export type Places = Readonly<{ stt: ProviderPlace; llm: ProviderPlace; tts: ProviderPlace }>;

/** Who is let in is known even where the rest cannot be read, so that strangers are refused first. */
export type ParsedConfig = { readonly places: Places; readonly admission: AdmissionConfig } & (
  | { readonly config: Config }
  | { readonly problems: readonly [ConfigProblem, ...ConfigProblem[]] }
);

const REASONING_EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'unset'] as const;
/** The PCM rates ElevenLabs offers, in Hz (`output_format`). */
const SYNTHESISER_RATES = [8000, 16_000, 22_050, 24_000, 44_100, 48_000] as const;
/** Voices every ElevenLabs account has. */
const DEFAULT_VOICES = 'EXAVITQu4vr4xnSDxMaL:Sarah,JBFqnCBsd6RMkjVDRZzb:George,onwK4e9ZLuTAKqWW03F9:Daniel';

const RECOGNISER_MODEL = /^[\w.-]+$/;
const RECOGNISER_MODELS = 'a model name such as nova-3 or flux-general-en';

/** Reads the whole configuration; every missing or malformed variable is reported at once, by name. */
export function parseConfig(variables: Variables): ParsedConfig {
  const read = new Reader(variables);
  const stt = read.provider('DEEPGRAM', 'https://api.deepgram.com');
  const llm = read.provider('OPENAI', 'https://api.openai.com/v1');
  const tts = read.provider('ELEVENLABS', 'https://api.elevenlabs.io');
  const speculation = read.choice('SPECULATION', 'on', ['on', 'off']) === 'on';
  const recogniser: RecogniserConfig = {
    ...stt,
    model: read.text('DEEPGRAM_MODEL', 'nova-3', RECOGNISER_MODEL, RECOGNISER_MODELS),
    endpointingMs: read.number('DEEPGRAM_ENDPOINTING_MS', 300, 10, 5000),
    ...endsOfTurn(read, speculation),
    eotTimeoutMs: read.number('DEEPGRAM_EOT_TIMEOUT_MS', 5000, 500, 60_000),
    replaySpeed: read.number('DEEPGRAM_REPLAY_SPEED', 1.25, 1.05, 10, 'fraction'),
  };
  const model: ModelConfig = {
    ...llm,
    model: read.text('OPENAI_MODEL', 'gpt-6-luna', /^\S+$/, 'a model name such as gpt-6-luna'),
    maxTokens: read.number('OPENAI_MAX_TOKENS', 300, 16, 4096),
    reasoningEffort: read.choice('OPENAI_REASONING_EFFORT', 'none', REASONING_EFFORTS),
  };
  const config: Config = {
    recogniser,
    fallbackRecogniser: fallbackOf(read, recogniser),
    model,
    rival: rivalOf(read, model),
    synthesiser: {
      ...tts,
      model: read.text(
        'ELEVENLABS_MODEL',
        'eleven_flash_v2_5',
        /^[\w.-]+$/,
        'a model name such as eleven_flash_v2_5',
      ),
      voices: read.voices('ELEVENLABS_VOICES', DEFAULT_VOICES),
      fallbackVoice:
        read.text('ELEVENLABS_FALLBACK_VOICE', '', /^[\w-]{0,64}$/, 'the id of a voice') || undefined,
      sampleRate: Number(read.choice('ELEVENLABS_SAMPLE_RATE', '24000', SYNTHESISER_RATES.map(String))),
    },
    pace: {
      speculation,
      idlePromptMs: read.number('IDLE_PROMPT_SECONDS', 10, 2, 3600) * 1000,
      audioAheadMs: read.number('AUDIO_AHEAD_SECONDS', 5, 1, 30) * 1000,
      maxCallMs: read.number('MAX_CALL_SECONDS', 900, 30, 14_400) * 1000,
      maxTokens: read.number('MAX_CALL_TOKENS', 400_000, 1000, 100_000_000),
    },
    intake: {
      messagesPerSecond: read.number('MAX_MESSAGES_PER_SECOND', 100, 60, 1_000_000),
      bytesPerSecond: read.number('MAX_BYTES_PER_SECOND', 150_000, 40_000, 1_000_000_000),
    },
    language: read.text(
      'LANGUAGE',
      'en-US',
      /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/,
      'a BCP-47 tag such as en-US',
    ),
  };
  const admission: AdmissionConfig = {
    keys: read.apiKeys('API_KEYS'),
    maxCallsPerKey: read.number('MAX_CALLS_PER_KEY', 20, 1, 10_000),
    origins: read.origins('ALLOWED_ORIGINS'),
    openOnLocalhost: read.choice('OPEN_ON_LOCALHOST', 'off', ['on', 'off']) === 'on',
  };
  const places = { stt: stt.place, llm: llm.place, tts: tts.place };
  const [first, ...others] = read.problems;
  return first === undefined
    ? { config, places, admission }
    : { problems: [first, ...others], places, admission };
}

/** The other recogniser, if anything of it is set; what is not set is as with the first. */
function fallbackOf(read: Reader, primary: RecogniserConfig): RecogniserConfig | undefined {
  const prefix = 'DEEPGRAM_FALLBACK';
  const set = ['MODEL', 'BASE_URL', 'API_KEY'].some((part) => read.value(`${prefix}_${part}`) !== undefined);
  if (!set) return undefined;
  return {
    ...primary,
    ...read.provider(prefix, primary.baseUrl, primary),
    model: read.text(`${prefix}_MODEL`, primary.model, RECOGNISER_MODEL, RECOGNISER_MODELS),
  };
}

/** Who speaks when `voiceId` fails: never that voice itself, and `undefined` when no other is known. */
export function otherVoice(
  { fallbackVoice, voices }: SynthesiserConfig,
  voiceId: string,
): string | undefined {
  const ids = [...(fallbackVoice === undefined ? [] : [fallbackVoice]), ...voices.map(({ id }) => id)];
  return ids.find((id) => id !== voiceId);
}

/** What is not told of the second model is as with the first. */
function rivalOf(read: Reader, first: ModelConfig): RivalConfig {
  const name = read.text('OPENAI_HEDGE_MODEL', first.model, /^\S+$/, 'a model name such as gpt-5.4-mini');
  const moved = ['OPENAI_HEDGE_BASE_URL', 'OPENAI_HEDGE_API_KEY'].some(
    (variable) => read.value(variable) !== undefined,
  );
  const place = moved ? read.provider('OPENAI_HEDGE', first.baseUrl, first) : {};
  const model = { ...first, ...place, model: name };
  const same =
    model.model === first.model && model.baseUrl === first.baseUrl && model.apiKey === first.apiKey;
  return { model, afterMs: read.number('OPENAI_HEDGE_MS', 1000, 200, 5000, 'integer or 0'), differs: !same };
}

/** Deepgram refuses a probable end that is surer than the sure one. */
function endsOfTurn(
  read: Reader,
  speculation: boolean,
): Pick<RecogniserConfig, 'eotThreshold' | 'eagerEotThreshold'> {
  const sure = 'DEEPGRAM_EOT_THRESHOLD';
  const probable = 'DEEPGRAM_EAGER_EOT_THRESHOLD';
  const eotThreshold = read.number(sure, 0.7, 0.5, 1, 'fraction');
  const eager = read.number(probable, 0.5, 0.3, 0.9, 'fraction');
  const readable = !read.problems.some(({ name }) => name === sure || name === probable);
  if (readable && eager > eotThreshold)
    read.problem(probable, `a number up to ${sure} (${eotThreshold})`, eager);
  return { eotThreshold, eagerEotThreshold: speculation ? eager : undefined };
}
