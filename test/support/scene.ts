import { Conversation } from '../../src/conversation/conversation.ts';
import type { Alignment, CallEvent, Command, Failure, Message } from '../../src/conversation/events.ts';
import type { CallPlan, Lines } from '../../src/conversation/plan.ts';
import type { ServerEvents } from '../../src/protocol/replies.ts';

/** Rate of the synthesiser in scenes, in Hz. */
export const VOICE_RATE = 16_000;
/** How long a character sounds in scenes, in ms. */
export const CHARACTER_MS = 50;

export const LINES: Lines = {
  greeting: 'Hello, this is Ava.',
  filler: 'One moment, please.',
  apology: 'Sorry, once more please.',
  wait: 'Of course, take your time.',
  stillThere: 'Are you still there?',
  couldNotHear: 'I could not hear you.',
  optOut: 'You are off our list. Goodbye.',
  goodbye: 'Thank you, and goodbye.',
};
/** Longer than any scene: what is not the subject of a scene does not happen in it, in ms. */
const DAY_MS = 86_400_000;

/** A conversation on a virtual clock: `on` lets something happen, `pass` lets time go by and fires what falls due. */
export class Scene {
  readonly conversation: Conversation;
  readonly commands: { readonly at: number; readonly command: Command }[] = [];
  now = 1_000_000;
  /** The utterance that was started last. */
  latestUtteranceId = 'none';
  #latestReply = 0;
  #ids = 0;

  constructor(plan: Partial<CallPlan> = {}) {
    this.conversation = new Conversation({
      systemPrompt: 'PROMPT',
      timeLeftNote: 'ONE MINUTE LEFT',
      lines: LINES,
      pace: { speculation: true, idlePromptMs: DAY_MS, maxCallMs: DAY_MS },
      voiceRate: VOICE_RATE,
      mintId: () => `id-${++this.#ids}`,
      ...plan,
    });
  }

  on(event: CallEvent): readonly Command[] {
    const commands = this.conversation.handle(event, this.now);
    for (const command of commands) {
      this.commands.push({ at: this.now, command });
      if ('reply' in command) this.#latestReply = Math.max(this.#latestReply, command.reply);
      if (command.type === 'send' && command.event === 'voicechat.response.start') {
        this.latestUtteranceId = command.payload.utteranceId;
      }
    }
    return commands;
  }

  pass(ms: number): void {
    const until = this.now + ms;
    for (
      let due = this.conversation.deadline;
      due !== undefined && due <= until;
      due = this.conversation.deadline
    ) {
      const before = this.now;
      this.now = Math.max(this.now, due);
      this.on({ type: 'tick' });
      const again = this.conversation.deadline;
      if (this.now === before && again !== undefined && again <= this.now) {
        throw new Error(`a tick at ${this.now} did not move the deadline on`);
      }
    }
    this.now = until;
  }

  /** Starts the call and lets the greeting be heard. */
  opened(): this {
    this.on({ type: 'caller.start', samplingRate: 16_000, language: 'en-US' });
    this.on({ type: 'recogniser.open' });
    this.speak(this.replyNumber());
    this.on({ type: 'voice.done', reply: this.replyNumber() });
    this.pass(5000);
    this.commands.length = 0;
    return this;
  }

  /** The caller says something, and the turn ends. */
  say(text: string): void {
    this.on({ type: 'recogniser.interim', text });
    this.on({ type: 'recogniser.final', text, endMs: undefined });
  }

  /** The model answers whole. */
  answer(text: string, reply = this.replyNumber()): void {
    this.on({ type: 'model.text', reply, text });
    this.on({ type: 'model.done', reply });
  }

  /** Audio, aligned, for every piece that was said and not yet voiced. */
  speak(reply = this.replyNumber()): void {
    for (const text of this.unvoiced(reply)) this.audio(text, reply);
  }

  audio(text: string, reply = this.replyNumber()): void {
    this.on({
      type: 'voice.audio',
      reply,
      pcm: tone(text.length * CHARACTER_MS),
      alignment: alignment(text),
    });
  }

  /** The number that the latest request to model or synthesiser carried. */
  replyNumber(): number {
    return this.#latestReply;
  }

  said(reply = this.replyNumber()): readonly string[] {
    return this.all('voice.say').flatMap((say) => (say.reply === reply ? [say.text] : []));
  }

  all<T extends Command['type']>(type: T): readonly Extract<Command, { type: T }>[] {
    return this.commands
      .map(({ command }) => command)
      .filter((command): command is Extract<Command, { type: T }> => command.type === type);
  }

  sent<E extends keyof ServerEvents>(event: E): readonly ServerEvents[E][] {
    return this.all('send').flatMap((send) =>
      send.event === event ? [send.payload as ServerEvents[E]] : [],
    );
  }

  /** The events sent to the client, in order, states left out. */
  events(): readonly string[] {
    return this.all('send').flatMap(({ event }) =>
      event === 'voicechat.state' ? [] : [event.replace('voicechat.', '')],
    );
  }

  asked(): readonly (readonly Message[])[] {
    return this.all('model.ask').map((ask) => ask.messages);
  }

  #voiced = new Map<number, number>();

  private unvoiced(reply: number): readonly string[] {
    const said = this.said(reply);
    const from = this.#voiced.get(reply) ?? 0;
    this.#voiced.set(reply, said.length);
    return said.slice(from);
  }
}

export function silence(ms: number, rate = VOICE_RATE): Uint8Array {
  return new Uint8Array(Math.round((ms * rate) / 1000) * 2);
}

/** Sound without any silence, as a synthesiser makes it. */
export function tone(ms: number, rate = VOICE_RATE): Uint8Array {
  const pcm = new Int16Array(silence(ms, rate).byteLength / 2).fill(8000);
  return new Uint8Array(pcm.buffer);
}

export function alignment(text: string, characterMs = CHARACTER_MS): Alignment {
  const characters = [...text];
  return {
    characters,
    startMs: characters.map((_, i) => i * characterMs),
    endMs: characters.map((_, i) => (i + 1) * characterMs),
  };
}

export const broken: Failure = { kind: 'closed', retryable: true, detail: 'test' };
export const refused: Failure = { kind: 'refused', retryable: false, detail: 'test' };
