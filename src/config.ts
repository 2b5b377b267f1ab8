import type { IntakePlan } from './protocol/intake.ts';
import type { ProviderPlace } from './protocol/replies.ts';
import { type ConfigProblem, Reader, type Variables, type Voice } from './variables.ts';

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

export interface Config {
  readonly recogniser: RecogniserConfig;
  readonly model: ModelConfig;
  readonly synthesiser: SynthesiserConfig;
  readonly pace: PaceConfig;
  readonly intake: IntakePlan;
  /** BCP-47 tag for callers whose client names none. */
  readonly language: string;
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
      ...endsOfTurn(read, speculation),
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
  const places = { stt: stt.place, llm: llm.place, tts: tts.place };
  const [first, ...others] = read.problems;
  return first === undefined ? { config, places } : { problems: [first, ...others], places };
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
