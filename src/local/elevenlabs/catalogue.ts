import type { EngineVoice } from '../engines/ports.ts';

/** Well-known voices of the vendor and the local voice that stands in, so that one voice list serves both. */
const ALIASES = [
  { id: 'EXAVITQu4vr4xnSDxMaL', name: 'Sarah', engine: 'slt' },
  { id: 'JBFqnCBsd6RMkjVDRZzb', name: 'George', engine: 'rms' },
  { id: 'onwK4e9ZLuTAKqWW03F9', name: 'Daniel', engine: 'awb' },
] as const;

/** The engine voice behind a voice id, its own or an alias; `undefined` when there is none. */
export function engineVoice(id: string, voices: readonly EngineVoice[]): EngineVoice | undefined {
  const engineId = ALIASES.find((alias) => alias.id === id)?.engine ?? id;
  return voices.find((voice) => voice.id === engineId);
}

/** Every voice in the shape of the vendor's lists. */
export function voiceList(voices: readonly EngineVoice[]): ListedVoice[] {
  const aliases = ALIASES.flatMap(({ id, name, engine }) => {
    const voice = voices.find((own) => own.id === engine);
    return voice ? [listed(id, name, voice)] : [];
  });
  return [...aliases, ...voices.map((voice) => listed(voice.id, voice.name, voice))];
}

interface ListedVoice {
  readonly voice_id: string;
  readonly name: string;
  readonly category: 'premade';
  readonly labels: Readonly<Record<string, string>>;
  readonly description: string;
  readonly preview_url: null;
  readonly available_for_tiers: readonly string[];
}

function listed(id: string, name: string, voice: EngineVoice): ListedVoice {
  return {
    voice_id: id,
    name,
    category: 'premade',
    labels: voice.labels,
    description: `Spoken on this machine by ${voice.name}.`,
    preview_url: null,
    available_for_tiers: [],
  };
}

const MODEL_IDS = [
  'eleven_flash_v2_5',
  'eleven_flash_v2',
  'eleven_turbo_v2_5',
  'eleven_multilingual_v2',
] as const;

export const models = MODEL_IDS.map((id) => ({
  model_id: id,
  name: id,
  can_be_finetuned: false,
  can_do_text_to_speech: true,
  can_do_voice_conversion: false,
  can_use_style: false,
  can_use_speaker_boost: false,
  serves_pro_voices: false,
  token_cost_factor: 1,
  description: 'Spoken on this machine.',
  requires_alpha_access: false,
  max_characters_request_free_user: 40_000,
  max_characters_request_subscribed_user: 40_000,
  maximum_text_length_per_request: 40_000,
  languages: [{ language_id: 'en', name: 'English' }],
  concurrency_group: 'standard',
}));

/** Models that speak on the dialogue socket only; the text sockets refuse them before they open. */
export function isDialogueModel(id: string): boolean {
  return /^eleven_v[34]/.test(id);
}
