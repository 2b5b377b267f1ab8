import type { CallOptions } from '../client/call.ts';
import type { Welcome } from '../client/news.ts';
import { element } from './page.ts';

const VOICES_KEY = 'vantum.voices';
const CHOICE_KEY = 'vantum.voice';

type Voices = Welcome['voices'];

/** What the caller chose before the call: the agent's voice, and who the agent believes to be calling. */
export class Settings {
  readonly #form = element('settings', HTMLFormElement);
  readonly #voice = element('voice', HTMLSelectElement);
  readonly #voiceLabel = element('voice-label', HTMLElement);

  constructor() {
    this.#form.addEventListener('submit', (event) => event.preventDefault());
    this.#voice.addEventListener('change', () => {
      recall(() => localStorage.setItem(CHOICE_KEY, this.#voice.value));
    });
    const remembered = recall(() => localStorage.getItem(VOICES_KEY));
    if (remembered) this.#list(readVoices(remembered));
  }

  /** The voices of the server, for the next call; remembered, because only a call tells them. */
  offer(voices: Voices): void {
    recall(() => localStorage.setItem(VOICES_KEY, JSON.stringify(voices)));
    this.#list(voices);
  }

  /** The part of a call's options that the caller chooses. */
  get chosen(): Pick<CallOptions, 'voiceId' | 'prospect'> {
    const fields = new FormData(this.#form);
    const prospect: Record<string, string> = {};
    for (const key of ['name', 'company', 'role']) {
      const value = fields.get(key);
      if (typeof value === 'string' && value.trim() !== '') prospect[key] = value.trim();
    }
    return { prospect, ...(this.#voice.value === '' ? {} : { voiceId: this.#voice.value }) };
  }

  #list(voices: Voices): void {
    if (voices.length === 0) return;
    const [own] = this.#voice.options;
    const options = voices.map(({ id, name }) => new Option(name, id));
    this.#voice.replaceChildren(...(own === undefined ? [] : [own]), ...options);
    const choice = recall(() => localStorage.getItem(CHOICE_KEY)) ?? '';
    this.#voice.value = voices.some(({ id }) => id === choice) ? choice : '';
    this.#voiceLabel.hidden = false;
  }
}

function readVoices(json: string): Voices {
  const parsed: unknown = recall(() => JSON.parse(json));
  if (!Array.isArray(parsed)) return [];
  return parsed.filter((voice) => typeof voice?.id === 'string' && typeof voice?.name === 'string');
}

/** Storage may be forbidden or hold something else; the page then simply remembers nothing. */
function recall<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}
