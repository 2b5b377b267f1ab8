import type { Archive } from './archive.ts';
import { planOf } from './call-plan.ts';
import type { CallerLine } from './caller.ts';
import { CallerAudio } from './caller-audio.ts';
import type { Config, Places } from './config.ts';
import { Conversation } from './conversation/conversation.ts';
import { earliest } from './conversation/deadline.ts';
import type { CallEvent, Command, WhichModel } from './conversation/events.ts';
import type { Memory } from './conversation/memory.ts';
import type { Past } from './conversation/presence.ts';
import { Journal } from './journal.ts';
import type { KeptCall, PastCall } from './kept-call.ts';
import type { MissedFrames } from './missed-frames.ts';
import type { Prospect } from './outreach/prospect.ts';
import type { AudioStart, Request, TextInput } from './protocol/requests.ts';
import { Seen } from './protocol/seen.ts';
import { Deepgram, listeningRate } from './providers/deepgram/deepgram.ts';
import { ElevenLabs } from './providers/elevenlabs/elevenlabs.ts';
import { OpenAIModel } from './providers/openai/openai.ts';
import type { Fetch, Model, Recogniser, Surroundings, Voice } from './providers/ports.ts';
import { log } from './telemetry.ts';
import { version } from './version.ts';
import { WakeTimer } from './wake-timer.ts';

/** More turns than a client keeps for its return. */
const MAX_TYPED_IDS = 32;
/** A connection is closed so when its call goes on on another. */
const TAKEN_OVER = 4001;

export interface CallOptions {
  readonly sessionId: string;
  readonly config: Config;
  readonly places: Places;
  readonly prospect: Prospect;
  readonly archive: Archive;
  readonly line: CallerLine;
  readonly missed: MissedFrames;
  readonly fetch: Fetch;
  /** What is told to the client, and nobody else, to take the call up again. */
  readonly resumeToken: string;
  /** What is stored of it. */
  readonly tokenDigest: string;
  /** What is known of the call from an object that died. */
  readonly past?: PastCall | undefined;
  /** The call is over, and its end is stored. */
  readonly over: () => void;
}

/**
 * The shell around one conversation: requests and provider news go in as events, one at a time; commands come out and
 * are carried out without waiting. It owns every provider connection and the call's only timer.
 */
export class Call {
  readonly #options: CallOptions;
  #line: CallerLine;
  /** The frame that the client got last on its connection before this one, if it told. */
  #after: string | undefined;
  readonly #conversation: Conversation;
  readonly #around: Surroundings;
  readonly #models: Readonly<Record<WhichModel, Model>>;
  /** Each of them once: the second may be the first. */
  readonly #everyModel: readonly Model[];
  #recogniser: Recogniser | undefined;
  #voice: Voice | undefined;
  #voiceId: string;
  /** The voice that `#voice` speaks with, and the reply it speaks. */
  #speaking = { voiceId: '', reply: 0 };
  #language: string;
  readonly #callerAudio = new CallerAudio();
  #listeningRate: number | undefined;
  readonly #queue: CallEvent[] = [];
  #draining = false;
  /** The events that are being taken have a model asked. */
  #asked = false;
  #failed = false;
  /** The ids of the typed turns, which a client may send twice. */
  readonly #typed: Seen;
  readonly #journal: Journal;
  #memory: Memory | undefined;
  readonly #timer: WakeTimer;

  constructor(options: CallOptions) {
    const { config, prospect } = options;
    this.#options = options;
    this.#line = options.line;
    this.#journal = new Journal(options.archive, options.sessionId, options.over);
    this.#typed = new Seen(MAX_TYPED_IDS, options.past?.kept.typed);
    this.#language = options.past?.kept.language ?? config.language;
    this.#voiceId = options.past?.kept.voiceId ?? config.synthesiser.voices[0].id;
    this.#around = { fetch: options.fetch, now: () => Date.now(), report: (event) => this.#dispatch(event) };
    const { model, rival } = config;
    const around = { ...this.#around, fetch: this.#departing(options.fetch) };
    const first = new OpenAIModel(model, around);
    this.#models = { first, second: rival.differs ? new OpenAIModel(rival.model, around) : first };
    this.#everyModel = [...new Set(Object.values(this.#models))];
    this.#timer = new WakeTimer(this.#around.now, (late) => this.#wake(late));
    const plan = planOf(config, prospect, this.#voiceId);
    this.#conversation = new Conversation(plan, pastOf(options, this.#around.now()));
  }

  /** What is to be stored is stored as soon as a request has left, which would have to wait for it. */
  #departing(fetch: Fetch): Fetch {
    return (input, init) => {
      const response = fetch(input, init);
      this.#journal.write();
      return response;
    };
  }

  /** Tells the client its session; nothing else is sent before. */
  begin(): void {
    this.#acknowledge(false);
    const { archive, sessionId, tokenDigest } = this.#options;
    this.#journal.add(() => archive.begin(sessionId, this.#around.now(), tokenDigest));
    this.#journal.add(() => archive.remember(this.#kept()));
    this.#dispatch({ type: 'caller.connected' });
  }

  /** The caller is on this line from now on. `after`: the frame that his client got last before, if it told. */
  rejoin(line: CallerLine, after: string | undefined): void {
    if (line !== this.#line) {
      this.#line.close(TAKEN_OVER, 'taken over');
      this.#line.lose();
    }
    this.#line = line;
    this.#after = after;
    this.#acknowledge(true);
    this.#dispatch({ type: 'caller.returned' });
  }

  #acknowledge(resumed: boolean): void {
    const { config, places, resumeToken } = this.#options;
    this.#line.send('connection.ack', {
      success: true,
      providers: places,
      voices: config.synthesiser.voices,
      version,
      resumeToken,
      resumed,
    });
    this.#models.first.prepare();
  }

  /** True when nothing more can happen to the call. */
  get over(): boolean {
    return this.#failed || this.#conversation.ended;
  }

  receive(message: ArrayBuffer | string): void {
    const request = this.#line.read(message, this.#around.now());
    if (request !== undefined) this.#take(request);
    // A frame that closed the line ends the call without waiting for the client to answer the close.
    else if (this.#line.closed) this.gone();
  }

  /** The caller's connection is lost; he may come back. */
  lost(): void {
    this.#line.lose();
    this.#dispatch({ type: 'caller.lost' });
  }

  /** The caller has left: every connection and the timer are released. */
  gone(): void {
    this.#dispatch({ type: 'caller.gone' });
  }

  #take(request: Request): void {
    switch (request.eventType) {
      case 'voicechat.audio.chunk':
        return this.#hear(request);
      case 'voicechat.audio.start':
        return this.#start(request, request.payload);
      case 'voicechat.playback.progress':
        return this.#dispatch({ type: 'caller.playback', ...request.payload });
      case 'voicechat.audio.end':
        this.#line.ack(request);
        return this.#dispatch({ type: 'caller.turn-end' });
      case 'voicechat.text.input':
        this.#line.ack(request);
        return this.#type(request.eventId, request.payload);
      case 'voicechat.call.end':
        this.#line.ack(request);
        return this.#dispatch({ type: 'caller.hang-up' });
      default:
        request satisfies never;
    }
  }

  #start(request: Request, start: AudioStart): void {
    const { recogniser, fallbackRecogniser = recogniser, synthesiser } = this.#options.config;
    const voiceId = start.voiceId ?? this.#voiceId;
    if (!synthesiser.voices.some((voice) => voice.id === voiceId)) {
      const known = synthesiser.voices.map((voice) => `${voice.id} (${voice.name})`).join(', ');
      return this.#line.refuseRequest(
        request,
        'unknown_voice',
        `voiceId: one of ${known} is accepted, got another`,
      );
    }
    this.#line.ack(request);
    this.#voiceId = voiceId;
    this.#language = start.language ?? this.#language;
    this.#listeningRate ??= listeningRate([recogniser.model, fallbackRecogniser.model], start.samplingRate);
    this.#callerAudio.convertFrom(start.samplingRate, this.#listeningRate);
    this.#dispatch({ type: 'caller.start', samplingRate: this.#listeningRate, language: this.#language });
  }

  #type(id: string, { text, again }: TextInput): void {
    const isNew = this.#typed.take(id);
    if (isNew || !again) this.#dispatch({ type: 'caller.text', text });
  }

  #hear(request: Extract<Request, { eventType: 'voicechat.audio.chunk' }>): void {
    if (!this.#conversation.listening) {
      return this.#line.refuseRequest(
        request,
        'audio_not_started',
        'audio: a chunk is accepted after audio.start',
      );
    }
    const { audio, isMuted } = request.payload;
    if (isMuted) return;
    const pcm = this.#callerAudio.converted(audio);
    if (pcm !== undefined) this.#dispatch({ type: 'caller.audio', pcm });
  }

  /** One event at a time: news that arrives while commands are carried out waits its turn. */
  #dispatch(event: CallEvent): void {
    if (this.#failed) return;
    this.#queue.push(event);
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#handle(next);
    } catch (error) {
      this.#fail(error);
    }
    this.#draining = false;
    // The request to a model leaves a little later.
    if (!this.#asked || this.over) this.#journal.write();
    this.#asked = false;
    // Audio comes fifty times a second, and moves no other deadline.
    this.#timer.set(event.type === 'caller.audio' ? this.#recogniser?.deadline : this.#deadline());
  }

  #handle(event: CallEvent): void {
    if ('failure' in event) this.#journal.failure(event);
    for (const command of this.#conversation.handle(event, this.#around.now())) this.#carryOut(command);
  }

  #carryOut(command: Command): void {
    switch (command.type) {
      case 'send':
        this.#line.send(command.event, command.payload);
        return this.#journal.sent(command, this.#around.now());
      case 'recogniser.audio':
        return this.#recogniser?.audio(command.pcm);
      case 'recogniser.open':
        return this.#openRecogniser(command);
      case 'recogniser.begin':
        return this.#recogniser?.begin(command.offsetMs, command.heard);
      case 'recogniser.finalize':
        return this.#recogniser?.finalize();
      case 'recogniser.close':
        return this.#recogniser?.close();
      case 'model.ask':
        return this.#askModel(command);
      case 'model.cancel':
        for (const model of this.#everyModel) model.cancel(command.ask);
        return;
      case 'voice.prepare':
        return this.#voiceFor(this.#speaking.reply).prepare();
      case 'voice.learn':
        return this.#voiceFor(this.#speaking.reply).learn(command.texts);
      case 'voice.say':
        return this.#voiceFor(command.reply).say(command.reply, command.text, command.route);
      case 'voice.finish':
        return this.#voice?.finish(command.reply);
      case 'voice.cancel':
        return this.#voice?.cancel(command.reply);
      case 'caller.catch-up':
        return this.#line.catchUp(this.#after, command.unfinished);
      case 'remember':
        this.#memory = command.memory;
        return this.#journal.add(() => this.#options.archive.remember(this.#kept()));
      case 'call.close':
        return this.#release(1000, command.reason);
      default:
        command satisfies never;
    }
  }

  #askModel({ ask, model, messages }: Extract<Command, { type: 'model.ask' }>): void {
    if (model === 'second') log('model.second', { sessionId: this.#options.sessionId, ask });
    this.#asked = true;
    this.#models[model].ask(ask, messages);
  }

  #openRecogniser({ config, ...listening }: Extract<Command, { type: 'recogniser.open' }>): void {
    const { recogniser, fallbackRecogniser = recogniser } = this.#options.config;
    const chosen = config === 'primary' ? recogniser : fallbackRecogniser;
    this.#recogniser?.close();
    this.#recogniser = new Deepgram({ ...chosen, ...listening }, this.#around);
  }

  /** A voice chosen during a reply speaks from the next one on. */
  #voiceFor(reply: number): Voice {
    if (
      this.#voice === undefined ||
      (this.#speaking.voiceId !== this.#voiceId && this.#speaking.reply !== reply)
    ) {
      this.#voice?.close();
      const { synthesiser } = this.#options.config;
      this.#voice = new ElevenLabs(synthesiser, this.#voiceId, this.#language, this.#around);
      this.#speaking = { voiceId: this.#voiceId, reply };
    }
    this.#speaking.reply = reply;
    return this.#voice;
  }

  #wake(late: boolean): void {
    const now = this.#around.now();
    for (const provider of [this.#recogniser, ...this.#everyModel, this.#voice]) provider?.tick(now);
    this.#dispatch({ type: 'tick', late });
  }

  #deadline(): number | undefined {
    if (this.#conversation.ended) return undefined;
    let due = earliest(this.#conversation.deadline, this.#recogniser?.deadline, this.#voice?.deadline);
    for (const model of this.#everyModel) due = earliest(due, model.deadline);
    return due;
  }

  /** What another object needs to go on with the call. */
  #kept(): KeptCall {
    return {
      prospect: this.#options.prospect,
      voiceId: this.#voiceId,
      language: this.#language,
      missed: this.#options.missed.kept,
      typed: [...this.#typed.ids],
      ...(this.#memory === undefined ? {} : { conversation: this.#memory }),
    };
  }

  /** A throw is a bug of ours: the caller is told and nothing is left half-open. */
  #fail(error: unknown): void {
    this.#journal.broke(error, this.#around.now());
    this.#line.send('voicechat.error', {
      code: 'internal',
      message: 'Something went wrong on the server.',
      retryable: true,
    });
    this.#failed = true;
    this.#release(1011, 'internal error');
  }

  #release(code: number, reason: string): void {
    this.#queue.length = 0;
    this.#timer.clear();
    this.#recogniser?.close();
    for (const model of this.#everyModel) model.close();
    this.#voice?.close();
    this.#line.close(code, reason);
    this.#options.over();
  }
}

function pastOf({ past }: CallOptions, now: number): Past | undefined {
  const memory = past?.kept.conversation;
  return memory && { memory, turns: past?.turns ?? [], now };
}
