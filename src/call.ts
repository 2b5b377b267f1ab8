import { v7 as uuidv7 } from 'uuid';
import type { Archive } from './archive.ts';
import { bytesFromInt16, floatFromInt16, int16FromBytes, int16FromFloat } from './audio/pcm.ts';
import { Resampler } from './audio/resample.ts';
import type { CallerLine } from './caller.ts';
import { type Config, otherVoice, type Places } from './config.ts';
import { Conversation } from './conversation/conversation.ts';
import { earliest } from './conversation/deadline.ts';
import type { CallEvent, Command, SendCommand, WhichModel } from './conversation/events.ts';
import type { Lines } from './conversation/plan.ts';
import { defaultPlaybook } from './outreach/northgate.ts';
import { goOnNote, spokenLine, systemPrompt, timeLeftNote } from './outreach/prompt.ts';
import type { Prospect } from './outreach/prospect.ts';
import type { AudioStart, Request } from './protocol/requests.ts';
import { Deepgram, listeningRate } from './providers/deepgram/deepgram.ts';
import { ElevenLabs } from './providers/elevenlabs/elevenlabs.ts';
import { OpenAIModel } from './providers/openai/openai.ts';
import type { Fetch, Model, Recogniser, Surroundings, Voice } from './providers/ports.ts';
import { log, logEnd, logTurn } from './telemetry.ts';
import { version } from './version.ts';

export interface CallOptions {
  readonly sessionId: string;
  readonly config: Config;
  readonly places: Places;
  readonly prospect: Prospect;
  readonly archive: Archive;
  readonly line: CallerLine;
  readonly fetch: Fetch;
  /** Told when the call is over and everything it held is released; harmless to be told again. */
  readonly over: () => void;
}

/**
 * The shell around one conversation: requests and provider news go in as events, one at a time; commands come out and
 * are carried out without waiting. It owns every provider connection and the call's only timer.
 */
export class Call {
  readonly #options: CallOptions;
  readonly #line: CallerLine;
  readonly #conversation: Conversation;
  readonly #around: Surroundings;
  readonly #models: Readonly<Record<WhichModel, Model>>;
  #recogniser: Recogniser | undefined;
  #voice: Voice | undefined;
  #voiceId: string;
  /** The voice that `#voice` speaks with, and the reply it speaks. */
  #speaking = { voiceId: '', reply: 0 };
  #language: string;
  #samplingRate = 0;
  #listeningRate: number | undefined;
  #resampler: Resampler | undefined;
  readonly #queue: CallEvent[] = [];
  #draining = false;
  /** What is to be stored and logged once the frames of this moment are sent. */
  readonly #records: (() => void)[] = [];
  #timer: { handle: ReturnType<typeof setTimeout>; at: number } | undefined;

  constructor(options: CallOptions) {
    const { config, prospect } = options;
    this.#options = options;
    this.#line = options.line;
    this.#language = config.language;
    this.#voiceId = config.synthesiser.voices[0].id;
    this.#around = { fetch: options.fetch, now: () => Date.now(), report: (event) => this.#dispatch(event) };
    const { model, rival } = config;
    const first = new OpenAIModel(model, this.#around);
    this.#models = { first, second: rival.differs ? new OpenAIModel(rival.model, this.#around) : first };
    this.#conversation = new Conversation({
      systemPrompt: systemPrompt(defaultPlaybook, prospect),
      timeLeftNote: timeLeftNote(),
      goOnNote: goOnNote(),
      lines: spokenLines(prospect),
      pace: config.pace,
      recognition: {
        recognisers: config.fallbackRecogniser === undefined ? 1 : 2,
        replaySpeed: config.recogniser.replaySpeed,
      },
      rival,
      voiceRate: config.synthesiser.sampleRate,
      otherVoice: otherVoice(config.synthesiser, this.#voiceId) !== undefined,
      mintId: uuidv7,
    });
  }

  /** Tells the client its session; nothing else is sent before. */
  begin(): void {
    const { config, places, archive, sessionId } = this.#options;
    this.#line.send('connection.ack', {
      success: true,
      providers: places,
      voices: config.synthesiser.voices,
      version,
      resumeToken: '',
      resumed: false,
    });
    this.#models.first.prepare();
    this.#records.push(() => archive.begin(sessionId, this.#around.now()));
    this.#record();
  }

  receive(message: ArrayBuffer | string): void {
    const request = this.#line.read(message, this.#around.now());
    if (request !== undefined) this.#take(request);
    // A frame that closed the line ends the call without waiting for the client to answer the close.
    else if (this.#line.closed) this.gone();
  }

  /** The caller's socket is gone: every connection and the timer are released. */
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
        return this.#dispatch({ type: 'caller.text', text: request.payload.text });
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
    this.#convertFrom(start.samplingRate, this.#listeningRate);
    this.#dispatch({ type: 'caller.start', samplingRate: this.#listeningRate, language: this.#language });
  }

  #convertFrom(samplingRate: number, listeningHz: number): void {
    if (samplingRate === this.#samplingRate) return;
    this.#samplingRate = samplingRate;
    this.#resampler = samplingRate === listeningHz ? undefined : new Resampler(samplingRate, listeningHz);
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
    const resampler = this.#resampler;
    if (resampler === undefined) return this.#dispatch({ type: 'caller.audio', pcm: audio });
    const converted = int16FromFloat(resampler.process(floatFromInt16(int16FromBytes(audio))));
    if (converted.length > 0) this.#dispatch({ type: 'caller.audio', pcm: bytesFromInt16(converted) });
  }

  /** One event at a time: news that arrives while commands are carried out waits its turn. */
  #dispatch(event: CallEvent): void {
    this.#queue.push(event);
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#handle(next);
    } catch (error) {
      this.#fail(error);
    }
    this.#draining = false;
    this.#record();
    this.#arm();
  }

  #handle(event: CallEvent): void {
    if ('failure' in event) this.#note(event);
    for (const command of this.#conversation.handle(event, this.#around.now())) this.#carryOut(command);
  }

  #carryOut(command: Command): void {
    switch (command.type) {
      case 'send':
        this.#line.send(command.event, command.payload);
        return this.#keep(command);
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
        this.#models.first.cancel(command.ask);
        return this.#models.second.cancel(command.ask);
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
      case 'call.close':
        return this.#release(1000, command.reason);
      default:
        command satisfies never;
    }
  }

  #askModel({ ask, model, messages }: Extract<Command, { type: 'model.ask' }>): void {
    if (model === 'second') log('model.second', { sessionId: this.#options.sessionId, ask });
    this.#models[model].ask(ask, messages);
  }

  #openRecogniser({ config, samplingRate, language }: Extract<Command, { type: 'recogniser.open' }>): void {
    const { recogniser, fallbackRecogniser = recogniser } = this.#options.config;
    const chosen = config === 'primary' ? recogniser : fallbackRecogniser;
    this.#recogniser?.close();
    this.#recogniser = new Deepgram({ ...chosen, samplingRate, language }, this.#around);
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

  /** The timer is moved only to an earlier time; one that fires too early finds nothing due and is set anew. */
  #arm(): void {
    const due = this.#deadline();
    if (due === undefined || (this.#timer !== undefined && this.#timer.at <= due)) return;
    if (this.#timer !== undefined) clearTimeout(this.#timer.handle);
    const handle = setTimeout(() => this.#wake(), Math.max(0, due - this.#around.now()));
    this.#timer = { handle, at: due };
  }

  #wake(): void {
    this.#timer = undefined;
    const now = this.#around.now();
    const { first, second } = this.#models;
    for (const provider of [this.#recogniser, first, second, this.#voice]) provider?.tick(now);
    this.#dispatch({ type: 'tick' });
  }

  #deadline(): number | undefined {
    if (this.#conversation.ended) return undefined;
    const providers = earliest(
      earliest(this.#recogniser?.deadline, this.#models.first.deadline, this.#models.second.deadline),
      this.#voice?.deadline,
    );
    return earliest(this.#conversation.deadline, providers);
  }

  /** A write makes the platform hold back what is sent after it, so it comes behind the frames of its moment. */
  #keep(command: SendCommand): void {
    const { archive, sessionId } = this.#options;
    const now = this.#around.now();
    if (command.event === 'voicechat.turn.metrics') {
      this.#records.push(() => archive.turn(command.payload, now));
      this.#records.push(() => logTurn(sessionId, command.payload));
    }
    if (command.event === 'voicechat.call.ended') {
      this.#records.push(() => archive.end(command.payload, now));
      this.#records.push(() => logEnd(sessionId, command.payload));
    }
  }

  /** A storage that refuses costs the record, not the call. */
  #record(): void {
    for (const record of this.#records.splice(0)) {
      try {
        record();
      } catch (error) {
        log('archive.failed', {
          sessionId: this.#options.sessionId,
          name: error instanceof Error ? error.name : 'unknown',
        });
      }
    }
  }

  #note(event: Extract<CallEvent, { failure: unknown }>): void {
    const { kind, retryable, detail } = event.failure;
    log(event.type, { sessionId: this.#options.sessionId, kind, retryable, detail });
  }

  /** A throw is a bug of ours: the caller is told and nothing is left half-open. */
  #fail(error: unknown): void {
    const name = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
    log('call.bug', {
      sessionId: this.#options.sessionId,
      name,
      stack: error instanceof Error ? error.stack : undefined,
    });
    this.#line.send('voicechat.error', {
      code: 'internal',
      message: 'Something went wrong on the server.',
      retryable: true,
    });
    this.#release(1011, 'internal error');
  }

  #release(code: number, reason: string): void {
    this.#queue.length = 0;
    if (this.#timer !== undefined) clearTimeout(this.#timer.handle);
    this.#timer = undefined;
    this.#recogniser?.close();
    this.#models.first.close();
    this.#models.second.close();
    this.#voice?.close();
    this.#line.close(code, reason);
    this.#options.over();
  }
}

function spokenLines(prospect: Prospect): Lines {
  const spoken = (name: keyof Lines) => spokenLine(defaultPlaybook, prospect, name);
  return {
    greeting: spoken('greeting'),
    filler: spoken('filler'),
    voiceLost: spoken('voiceLost'),
    apology: spoken('apology'),
    trouble: spoken('trouble'),
    breakdown: spoken('breakdown'),
    wait: spoken('wait'),
    stillThere: spoken('stillThere'),
    couldNotHear: spoken('couldNotHear'),
    optOut: spoken('optOut'),
    goodbye: spoken('goodbye'),
  };
}
