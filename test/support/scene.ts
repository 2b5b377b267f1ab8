import * as v from 'valibot';
import { durationMs } from '../../src/audio/pcm.ts';
import { Conversation } from '../../src/conversation/conversation.ts';
import type { Alignment, CallEvent, Command, Failure, Message } from '../../src/conversation/events.ts';
import { type Memory, memorySchema } from '../../src/conversation/memory.ts';
import type { CallPlan, Lines, Pace } from '../../src/conversation/plan.ts';
import type { Past } from '../../src/conversation/presence.ts';
import type { ServerEvents } from '../../src/protocol/replies.ts';

/** Rate of the synthesiser in scenes, in Hz. */
export const VOICE_RATE = 16_000;
/** How long a character sounds in scenes, in ms. */
export const CHARACTER_MS = 50;

export const LINES: Lines = {
  greeting: 'Hello, this is Ava.',
  filler: 'One moment, please.',
  apology: 'Sorry, once more please.',
  trouble: 'Sorry, trouble here. Once more please.',
  breakdown: 'Trouble again. We will call you back. Goodbye.',
  wait: 'Of course, take your time.',
  stillThere: 'Are you still there?',
  backAgain: 'Sorry, we were cut off.',
  couldNotHear: 'I could not hear you.',
  optOut: 'You are off our list. Goodbye.',
  goodbye: 'Thank you, and goodbye.',
  voiceLost: 'My voice is gone, please read.',
};
/** How long a frame of the caller's microphone is, in ms. */
const FRAME_MS = 20;
/**
 * An answer to be cut. Half of its words has sounded after 75, 275, 525, 800, 1050, 1275, 1525, 1825, 2100 and 2350 ms,
 * and all of it after 2450.
 */
export const COUNTING = 'One two three four five six seven eight nine ten.';
/** Longer than any scene: what is not the subject of a scene does not happen in it, in ms. */
const DAY_MS = 86_400_000;

export type ScenePlan = Omit<Partial<CallPlan>, 'pace'> & { readonly pace?: Partial<Pace> };

/** The plan of a call in which only that happens which is the subject of its scene. */
export function planOf({ pace, ...plan }: ScenePlan & Pick<CallPlan, 'mintId'>): CallPlan {
  return {
    systemPrompt: 'PROMPT',
    timeLeftNote: 'ONE MINUTE LEFT',
    goOnNote: 'GO ON',
    lines: LINES,
    pace: {
      speculation: true,
      idlePromptMs: DAY_MS,
      audioAheadMs: DAY_MS,
      maxCallMs: DAY_MS,
      maxTokens: 1e9,
      ...pace,
    },
    recognition: { recognisers: 1, replaySpeed: 1.25 },
    rival: { afterMs: 0, differs: false },
    voiceRate: VOICE_RATE,
    otherVoice: true,
    ...plan,
  };
}

/** A conversation on a virtual clock: `on` lets something happen, `pass` lets time go by and fires what falls due. */
export class Scene {
  readonly conversation: Conversation;
  readonly commands: { readonly at: number; readonly command: Command }[] = [];
  now = 1_000_000;
  /** What was to be remembered last. */
  memory: Memory | undefined;
  /** The utterance that was started last. */
  latestUtteranceId = 'none';
  /** Caller audio sent by `talk` and `hush`, in ms: the `endMs` of a word that ends at this moment. */
  audioMs = 0;
  /** When the last word of the latest `utter` ended. */
  #lastUtteredAt = this.now;
  #latestReply = 0;
  #latestAsk = 0;
  /** Requests to models that are not over. */
  readonly #asks = new Set<number>();
  #ids = 0;

  /** `past`: another object held the call before, and died. */
  constructor(plan: ScenePlan = {}, past?: Past) {
    if (past !== undefined) this.now = past.now;
    const mintId = () => `id-${past === undefined ? '' : 'later-'}${++this.#ids}`;
    this.conversation = new Conversation(planOf({ mintId, ...plan }), past);
  }

  /** The object dies, and another takes up the call from what was remembered, as JSON. */
  reborn(plan: ScenePlan = {}): Scene {
    const memory = v.parse(memorySchema, JSON.parse(JSON.stringify(this.memory)));
    return new Scene(plan, { memory, turns: this.sent('voicechat.turn.metrics'), now: this.now });
  }

  /** The caller's connection is lost. */
  lose(): void {
    this.on({ type: 'caller.lost' });
  }

  /** The caller is there again; his client tells, if it does, what it has of the latest utterance. */
  back(has?: { readonly playedMs: number; readonly receivedMs: number; readonly ended?: boolean }): void {
    this.on({ type: 'caller.returned' });
    if (has === undefined) return;
    const { playedMs, receivedMs, ended = false } = has;
    const utteranceId = this.latestUtteranceId;
    this.on({ type: 'caller.playback', utteranceId, playedMs, receivedMs, ended });
  }

  on(event: CallEvent): readonly Command[] {
    if (event.type === 'model.done' || event.type === 'model.failed') this.#asks.delete(event.ask);
    const commands = this.conversation.handle(event, this.now).filter((command) => {
      if (command.type === 'remember') this.memory = command.memory;
      return command.type !== 'remember';
    });
    for (const command of commands) {
      this.commands.push({ at: this.now, command });
      this.#number(command, event);
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
      this.#keepVoicing();
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

  /** The caller makes sounds for so long, and the microphone sends them while time passes. */
  talk(ms: number): void {
    this.#stream(ms, tone);
  }

  /** The caller is silent for so long; the microphone goes on sending. */
  hush(ms: number): void {
    this.#stream(ms, silence);
  }

  /**
   * The caller says something that lasts `ms`; the recogniser shows it at its last sound, and calls it final `finalMs`
   * later. Returns when the last word ended.
   */
  utter(text: string, { ms = 600, finalMs = 100 } = {}): number {
    this.talk(ms);
    const endMs = this.audioMs;
    this.#lastUtteredAt = this.now;
    this.on({ type: 'recogniser.interim', text });
    this.hush(finalMs);
    this.on({ type: 'recogniser.final', text, endMs });
    return this.#lastUtteredAt;
  }

  /** The caller goes on `pauseMs` after the last word of the latest `utter`: a sound, then words. Returns when the last of them ended. */
  goOn(pauseMs: number, text: string): number {
    this.hush(pauseMs - (this.now - this.#lastUtteredAt));
    this.talk(80);
    this.on({ type: 'recogniser.speech' });
    return this.utter(text, { ms: 320 });
  }

  /** The recogniser believes that the turn is over with these words. */
  eager(text: string): void {
    this.on({ type: 'recogniser.interim', text });
    this.on({ type: 'recogniser.eager', text });
  }

  /** Every word of the reply is voiced, also those that it is given later, and the synthesiser says so. */
  voice(reply = this.replyNumber()): void {
    this.#voicing = reply;
    this.#keepVoicing();
  }

  /** The agent has asked this, and was heard to the end. */
  asking(question: string): this {
    this.say('Go on');
    this.answer(question);
    this.voice();
    this.pass(10_000);
    this.commands.length = 0;
    return this;
  }

  /** The model answers whole. */
  answer(text: string, ask = this.askNumber()): void {
    this.on({ type: 'model.text', ask, text });
    this.on({ type: 'model.done', ask });
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

  /** The number of the latest reply, which its first request to a model has as well. */
  replyNumber(): number {
    return this.#latestReply;
  }

  /** The number of the latest request to a model. */
  askNumber(): number {
    return this.#latestAsk;
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

  /** The caller has asked, and the whole answer is sent at this moment, from which the timeline counts. */
  answering(text = COUNTING): this {
    this.say('How does it work?');
    this.answer(text);
    this.mark();
    this.speak();
    return this;
  }

  /** A sound of the caller of which no words are known yet. */
  sound(): void {
    this.on({ type: 'recogniser.speech' });
  }

  interim(text: string): void {
    this.on({ type: 'recogniser.interim', text });
  }

  /** Final words of which the recogniser does not tell where they ended. */
  final(text: string): void {
    this.on({ type: 'recogniser.final', text, endMs: undefined });
  }

  /** The synthesiser has nothing more to send for the reply. */
  done(reply = this.replyNumber()): void {
    this.on({ type: 'voice.done', reply });
  }

  /** The client tells how much of the latest utterance has sounded. */
  report(playedMs: number, ended = false): void {
    this.on({ type: 'caller.playback', utteranceId: this.latestUtteranceId, playedMs, ended });
  }

  /** Begins the timeline anew. */
  mark(): this {
    this.#mark = { at: this.now, commands: this.commands.length };
    return this;
  }

  /**
   * What was done since the mark: the time since then in ms and the name of the command or event, `1000 voice.cancel`.
   * States and the caller's audio are left out, and what repeats itself at once.
   */
  timeline(): readonly string[] {
    const from = Math.min(this.#mark.commands, this.commands.length);
    const lines = this.commands.slice(from).flatMap(({ at, command }) => {
      const name = command.type === 'send' ? command.event.replace('voicechat.', '') : command.type;
      const unsaid = ['state', 'recogniser.begin', 'recogniser.audio'];
      return unsaid.includes(name) ? [] : [`${at - this.#mark.at} ${name}`];
    });
    return lines.filter((line, i) => line !== lines[i - 1]);
  }

  /** What the latest reply that is over was like. */
  metrics(): ServerEvents['voicechat.turn.metrics'] | undefined {
    return this.sent('voicechat.turn.metrics').at(-1);
  }

  #mark = { at: this.now, commands: 0 };

  /** How long after `from` each command of this type was given, in ms. */
  times(type: Command['type'], from: number): readonly number[] {
    return this.commands.flatMap(({ at, command }) => (command.type === type ? [at - from] : []));
  }

  /** How long after `from` each such event was sent to the client, in ms. */
  sentTimes(event: keyof ServerEvents, from: number): readonly number[] {
    return this.commands.flatMap(({ at, command }) =>
      command.type === 'send' && command.event === event ? [at - from] : [],
    );
  }

  /** All audio that was sent to the client, in ms. */
  sentAudioMs(): number {
    const bytes = this.sent('voicechat.response.chunk').reduce((sum, { audio }) => sum + audio.byteLength, 0);
    return durationMs(bytes, VOICE_RATE);
  }

  /** What the model was shown last, the prompt left out: `user: …`, `assistant: …`. */
  shown(): readonly string[] {
    const messages = this.asked().at(-1) ?? [];
    return messages.slice(1).map(({ role, content }) => `${role}: ${content}`);
  }

  /** The states the client was told of, in order. */
  states(): readonly string[] {
    return this.sent('voicechat.state').map(({ state }) => state);
  }

  /** The turns the client was shown as over. */
  turns(): readonly string[] {
    return this.sent('voicechat.transcript.final').map(({ text }) => text);
  }

  #voiced = new Map<number, number>();

  #number(command: Command, event: CallEvent): void {
    if ('reply' in command) this.#latestReply = Math.max(this.#latestReply, command.reply);
    if (command.type === 'model.cancel') this.#asks.delete(command.ask);
    if (command.type !== 'model.ask') return;
    // A request beside another, or in place of one that has just failed, is of the same reply.
    const further = this.#asks.size > 0 || event.type === 'model.failed' || event.type === 'model.done';
    if (!further) this.#latestReply = command.ask;
    this.#latestAsk = command.ask;
    this.#asks.add(command.ask);
  }

  #stream(ms: number, sound: (ms: number) => Uint8Array): void {
    for (let left = ms; left > 0; left -= FRAME_MS) {
      const frameMs = Math.min(FRAME_MS, left);
      this.pass(frameMs);
      this.on({ type: 'caller.audio', pcm: sound(frameMs) });
      this.audioMs += frameMs;
    }
  }

  #voicing: number | undefined;

  #keepVoicing(): void {
    const reply = this.#voicing;
    if (reply === undefined) return;
    this.speak(reply);
    const given = this.all('voice.say').some((say) => say.reply === reply);
    if (given && !this.all('voice.finish').some((finish) => finish.reply === reply)) return;
    this.#voicing = undefined;
    this.on({ type: 'voice.done', reply });
  }

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
/** The account is empty: another one may do. */
export const spent: Failure = { kind: 'rate-limited', retryable: false, elsewhere: true, detail: 'test' };
export const unknownVoice: Failure = { kind: 'unknown-voice', retryable: false, detail: 'test' };
export const refused: Failure = { kind: 'refused', retryable: false, detail: 'test' };
