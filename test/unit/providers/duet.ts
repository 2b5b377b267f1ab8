import type { SynthesiserConfig } from '../../../src/config.ts';
import { Conversation } from '../../../src/conversation/conversation.ts';
import { earliest } from '../../../src/conversation/deadline.ts';
import type { CallEvent, Command } from '../../../src/conversation/events.ts';
import type { ServerEvents } from '../../../src/protocol/replies.ts';
import { ElevenLabs } from '../../../src/providers/elevenlabs/elevenlabs.ts';
import { PhraseShelf } from '../../../src/providers/phrase-shelf.ts';
import { Phrases } from '../../../src/providers/phrases.ts';
import { LINES, planOf } from '../../support/scene.ts';
import { never, type Sent, Surround, settled, type VendorSocket } from './surround.ts';

const RATE = 8000;
/** How long a character sounds, in ms. */
const CHARACTER_MS = 30;
const CHARACTER_SAMPLES = (RATE * CHARACTER_MS) / 1000;
/** The samples of a character have its code times this, which is loud enough to be sound. */
const LOUDNESS = 100;
/** Calls share their fixed lines, as those of an isolate do. */
const phrases = new Phrases(new PhraseShelf(10_000_000), undefined);

const config: SynthesiserConfig = {
  apiKey: 'secret',
  baseUrl: 'https://api.elevenlabs.io',
  model: 'eleven_flash_v2_5',
  voices: [
    { id: 'v1', name: 'One' },
    { id: 'v2', name: 'Two' },
  ],
  fallbackVoice: undefined,
  sampleRate: RATE,
  place: 'live',
};

/** What becomes of a connection to the vendor: how many characters it speaks, and what happens then. */
export interface Fate {
  readonly characters: number;
  readonly end: 'goes on' | 'stalls' | 'closes';
}
export const sound: Fate = { characters: Number.POSITIVE_INFINITY, end: 'goes on' };
export const mute: Fate = { characters: 0, end: 'stalls' };

/**
 * A conversation and its voice on one virtual clock, with a vendor whose sound can be read: every sample tells which
 * character it belongs to.
 */
export class Duet {
  readonly vendor = new Surround();
  /** What becomes of the next connections on which something is said; afterwards all is well. */
  fates: Fate[] = [];
  readonly #voice: ElevenLabs;
  readonly #conversation: Conversation;
  readonly #sent: { readonly at: number; readonly command: Command }[] = [];
  readonly #spoken = new Map<VendorSocket, { fate: Fate; read: number }>();
  #ask = 0;
  #markedAt = 0;

  constructor() {
    let ids = 0;
    const around = { ...this.vendor.around, report: (event: CallEvent) => this.on(event) };
    this.#voice = new ElevenLabs(config, 'v1', 'en-US', around, phrases);
    const plan = { pace: { speculation: false }, voiceRate: RATE, mintId: () => `id-${++ids}` };
    this.#conversation = new Conversation(planOf(plan));
    this.vendor.answer = (request) =>
      request.headers.has('upgrade') ? this.vendor.accept() : this.#rendered(request);
  }

  /** A call whose greeting was heard, and whose fixed lines are ready. */
  async opened(): Promise<this> {
    this.on({ type: 'caller.start', samplingRate: 16_000, language: 'en-US' });
    this.on({ type: 'recogniser.open' });
    await this.pass(5000);
    return this;
  }

  /** The caller asks, and the model answers at once; what is sent counts from here. */
  async answers(text: string): Promise<void> {
    this.#sent.length = 0;
    this.#markedAt = this.vendor.now;
    this.on({ type: 'recogniser.speech' });
    this.on({ type: 'recogniser.interim', text: 'How does it work?' });
    this.on({ type: 'recogniser.final', text: 'How does it work?', endMs: undefined });
    this.on({ type: 'model.text', ask: this.#ask, text });
    this.on({ type: 'model.done', ask: this.#ask });
    await this.pass(0);
  }

  on(event: CallEvent): void {
    for (const command of this.#conversation.handle(event, this.vendor.now)) this.#carryOut(command);
  }

  async pass(ms: number): Promise<void> {
    const until = this.vendor.now + ms;
    await this.#settle();
    for (let due = this.#due; due !== undefined && due <= until; due = this.#due) {
      this.vendor.now = Math.max(this.vendor.now, due);
      this.#voice.tick(this.vendor.now);
      this.on({ type: 'tick' });
      await this.#settle();
    }
    this.vendor.now = until;
  }

  /** Everything that sounded, as text. */
  get heard(): string {
    const pcm = Buffer.concat(this.of('voicechat.response.chunk').map(({ payload }) => payload.audio));
    const characters = pcm.byteLength / 2 / CHARACTER_SAMPLES;
    return Array.from({ length: characters }, (_, i) =>
      String.fromCharCode(pcm.readInt16LE(i * CHARACTER_SAMPLES * 2) / LOUDNESS),
    ).join('');
  }

  /** The events of a kind since the caller asked, and how long after that they were sent, in ms. */
  of<E extends keyof ServerEvents>(
    event: E,
  ): readonly { readonly at: number; readonly payload: ServerEvents[E] }[] {
    return this.#sent.flatMap(({ at, command }) =>
      command.type === 'send' && command.event === event
        ? [{ at: at - this.#markedAt, payload: command.payload as ServerEvents[E] }] // its event was compared
        : [],
    );
  }

  get #due(): number | undefined {
    return earliest(this.#conversation.deadline, this.#voice.deadline);
  }

  #carryOut(command: Command): void {
    this.#sent.push({ at: this.vendor.now, command });
    if (command.type === 'model.ask') this.#ask = command.ask;
    if (command.type === 'voice.prepare') this.#voice.prepare();
    if (command.type === 'voice.learn') this.#voice.learn(command.texts);
    if (command.type === 'voice.say') this.#voice.say(command.reply, command.text, command.route);
    if (command.type === 'voice.finish') this.#voice.finish(command.reply);
    if (command.type === 'voice.cancel') this.#voice.cancel(command.reply);
  }

  async #settle(): Promise<void> {
    for (let round = 0; round < 4; round++) {
      await settled();
      for (const socket of this.vendor.sockets) this.#speakOn(socket);
    }
  }

  #speakOn(socket: VendorSocket): void {
    const texts = socket.texts as readonly { text?: string; context_id?: string; close_context?: boolean }[];
    if (texts.length === 0) return;
    const spoken = this.#spoken.get(socket) ?? { fate: this.fates.shift() ?? sound, read: 0 };
    this.#spoken.set(socket, spoken);
    for (; spoken.read < texts.length && spoken.fate !== mute; spoken.read++) {
      const { text = '', context_id: contextId, close_context: closes } = texts[spoken.read] ?? {};
      if (closes) socket.says({ contextId, audio: null, alignment: null, isFinal: true });
      else if (text.trim() !== '') this.#speak(socket, contextId, text, spoken.fate);
    }
  }

  #speak(socket: VendorSocket, contextId: string | undefined, text: string, { characters, end }: Fate): void {
    const chars = [...text];
    const alignment = {
      chars,
      charStartTimesMs: chars.map((_, i) => i * CHARACTER_MS),
      charDurationsMs: chars.map(() => CHARACTER_MS),
    };
    const audio = encoded(text.slice(0, characters));
    if (characters > 0) socket.says({ contextId, audio, alignment, isFinal: null });
    if (end === 'closes') socket.ends(1011);
  }

  #rendered({ body, signal }: Sent): Response | Promise<Response> {
    const text = String(body['text']);
    const isLine = Object.values(LINES).includes(text);
    const { characters, end } = isLine ? sound : (this.fates.shift() ?? sound);
    if (end === 'stalls' && characters === 0) return never(signal);
    const chars = [...text];
    const at = (i: number) => (i * CHARACTER_MS) / 1000;
    const alignment = {
      characters: chars,
      character_start_times_seconds: chars.map((_, i) => at(i)),
      character_end_times_seconds: chars.map((_, i) => at(i + 1)),
    };
    const line = `${JSON.stringify({ audio_base64: encoded(text.slice(0, characters)), alignment })}\n`;
    return new Response(
      new ReadableStream({
        start(controller) {
          if (characters > 0) controller.enqueue(new TextEncoder().encode(line));
          if (end !== 'stalls') controller.close();
        },
      }),
    );
  }
}

function encoded(text: string): string {
  const samples = new Int16Array(text.length * CHARACTER_SAMPLES);
  for (let i = 0; i < text.length; i++) {
    samples.fill(text.charCodeAt(i) * LOUDNESS, i * CHARACTER_SAMPLES, (i + 1) * CHARACTER_SAMPLES);
  }
  return Buffer.from(samples.buffer).toString('base64');
}
