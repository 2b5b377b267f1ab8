import { bytesFromInt16 } from '../audio/pcm.ts';
import { browser } from './browser.ts';
import { Ducking } from './ducking.ts';
import type { MicrophoneFrame } from './framer.ts';
import type { Incoming } from './incoming.ts';
import { type Microphone, openMicrophone } from './microphone.ts';
import { type CallNews, type Ending, newsOf } from './news.ts';
import { CallProblem } from './problem.ts';
import { openSpeaker, type Playback, type Speaker } from './speaker.ts';
import { type WayBack, Wire, type WireEnd, type WireListener } from './wire.ts';
import { MICROPHONE_RATE } from './worklets.ts';

export interface CallOptions {
  /** The agent's address, absolute or relative to the page; http(s) is read as ws(s). */
  readonly url: string;
  /** Where the worklet files are served from, same origin as the page; default `/`. */
  readonly assets?: string;
  /** Whether the caller can speak, default true; without a microphone a call is held by `say`. */
  readonly microphone?: boolean;
  /** Who the agent is calling, as far as it is known. */
  readonly prospect?: { readonly name?: string; readonly company?: string; readonly role?: string };
  /** The ticket that lets this call in, where the server asks for one. */
  readonly ticket?: string;
  /** One of the voices of an earlier `connected`. */
  readonly voiceId?: string;
  /** The language the caller speaks, a BCP-47 tag. */
  readonly language?: string;
}

const MICROPHONE_LOST = 'The microphone went away. You can go on by typing.';
/** How long the agent's last words may go on after the server ended the call, in ms. */
const MAX_FAREWELL_MS = 20_000;

/** One voice call from the browser. Made for one call: `start` it once. */
export class Call {
  readonly #options: CallOptions;
  readonly #tell: (news: CallNews) => void;
  #context: AudioContext | undefined;
  #microphone: Microphone | undefined;
  #speaker: Speaker | undefined;
  #wire: Wire | undefined;
  readonly #ducking = new Ducking((gain) => {
    this.#duckedTo = gain;
    this.#setGain();
  });
  /** The gains that the page and the caller's own voice ask for; the lower one holds. */
  #wantedGain = 1;
  #duckedTo = 1;
  /** The voice that is asked for; none once the server has refused it. */
  #voiceId: string | undefined;
  #muted = false;
  #over = false;

  constructor(options: CallOptions, tell: (news: CallNews) => void) {
    this.#options = options;
    this.#voiceId = options.voiceId;
    this.#tell = tell;
  }

  /**
   * Places the call. Must be called in the handler of a click or key: only there does a browser let a page make sound.
   * Resolves when the socket is on its way or the start has failed; trouble is told as `problem`, then `ended`.
   */
  async start(): Promise<void> {
    if (this.#context !== undefined || this.#over) throw new Error('call: one call is started once');
    try {
      this.#context = openContext();
      await this.#open(this.#context);
    } catch (error) {
      this.#fail(error instanceof CallProblem ? error : new CallProblem('page-incomplete'));
    }
  }

  /** Ends the call and releases the microphone. Harmless at any time. */
  hangUp(): void {
    this.#wire?.send('voicechat.call.end', {});
    this.#end({ reason: 'caller_hung_up' });
    this.#silence();
  }

  /** While muted the microphone gives silence, and the server is told that it is deliberate. */
  mute(muted: boolean): void {
    this.#muted = muted;
    this.#microphone?.mute(muted);
  }

  /** Says something by keyboard: a caller turn of 1 to 2000 characters. While the connection is lost it waits. */
  say(text: string): void {
    this.#wire?.say(text);
  }

  /** Lowers the agent's voice to `gain`, 0..1, or back to 1. While the caller speaks over it, it may be lower still. */
  duck(gain: number): void {
    this.#wantedGain = gain;
    this.#setGain();
  }

  async #open(context: AudioContext): Promise<void> {
    const assets = new URL(this.#options.assets ?? '/', location.href);
    if (this.#options.microphone !== false) await this.#openMicrophone(context, assets);
    if (this.#over) return;
    this.#speaker = await openSpeaker(context, assets, {
      playback: (playback) => this.#report(playback),
      level: (level) => {
        this.#ducking.agent(level);
        this.#tell({ kind: 'level', who: 'agent', level });
      },
    });
    if (this.#over) return this.#silence();
    this.#setGain();
    this.#tell({ kind: 'stage', stage: 'connecting' });
    this.#wire = this.#dial();
  }

  #dial(): Wire {
    const listener: WireListener = {
      open: (returning) => {
        if (returning) this.#reportLast();
        this.#begin();
      },
      receive: (incoming) => this.#receive(incoming),
      unreadable: () => this.#problem(new CallProblem('server', 'The server sent something unreadable.')),
      lost: () => this.#tell({ kind: 'stage', stage: 'reconnecting' }),
      resumed: () => this.#tell({ kind: 'resumed' }),
      // The same again changes nothing, and is answered.
      ask: () => this.#begin(),
      close: (why) => this.#cutOff(why),
    };
    return new Wire((back) => this.#address(back), listener, browser);
  }

  async #openMicrophone(context: AudioContext, assets: URL): Promise<void> {
    this.#tell({ kind: 'stage', stage: 'asking-microphone' });
    const microphone = await openMicrophone(context, assets, {
      frame: (frame) => this.#sendFrame(frame),
      lost: () => {
        this.#ducking.rest();
        this.#problem(new CallProblem('mic-missing', MICROPHONE_LOST));
      },
    });
    // The caller may have hung up while the browser was asking for permission.
    if (this.#over) return microphone.close();
    this.#microphone = microphone;
    microphone.mute(this.#muted);
  }

  /** Where the call is begun, or where it is gone back to. */
  #address(back: WayBack | undefined): URL {
    const { prospect, ticket } = this.#options;
    const url = new URL(this.#options.url, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    // A ticket is good for one beginning; who comes back has the call's own token.
    for (const [key, value] of Object.entries(back ?? { ...prospect, ticket })) {
      if (value) url.searchParams.set(key, value);
    }
    return url;
  }

  #begin(): void {
    const { language } = this.#options;
    const voiceId = this.#voiceId;
    this.#wire?.send('voicechat.audio.start', {
      samplingRate: MICROPHONE_RATE,
      ...(voiceId === undefined ? {} : { voiceId }),
      ...(language === undefined ? {} : { language }),
    });
  }

  #sendFrame({ samples, level }: MicrophoneFrame): void {
    // Frames on their way from the worklet when mute was pressed are silenced here.
    if (this.#muted) samples.fill(0);
    if (this.#muted) this.#ducking.rest();
    else this.#ducking.caller(level);
    this.#wire?.sendAudio(bytesFromInt16(samples), this.#muted);
    this.#tell({ kind: 'level', who: 'caller', level: this.#muted ? 0 : level });
  }

  #setGain(): void {
    this.#speaker?.duck(Math.min(this.#wantedGain, this.#duckedTo));
  }

  #receive(incoming: Incoming): void {
    const news = newsOf(incoming);
    if (news !== undefined) this.#tell(news);
    if (this.#speaker !== undefined) play(this.#speaker, incoming);
    // A voice remembered from an earlier call may be gone; the call goes on with the agent's own.
    if (incoming.eventType === 'refusal' && incoming.payload.code === 'unknown_voice') {
      this.#voiceId = undefined;
      this.#begin();
    }
    if (incoming.eventType === 'voicechat.call.ended') void this.#farewell(incoming.payload);
  }

  #report({ utteranceId, playedMs, receivedMs, phase }: Playback): void {
    const ended = phase === 'ended' || phase === 'interrupted';
    this.#wire?.send('voicechat.playback.progress', { utteranceId, playedMs, ...(ended ? { ended } : {}) });
    if (phase !== 'interrupted') return;
    const heardShare = receivedMs > 0 ? Math.min(1, playedMs / receivedMs) : 0;
    this.#tell({ kind: 'cut', utteranceId, heardShare });
  }

  /** Where the agent's voice stopped arriving, so that the server can go on with the very next sample. */
  #reportLast(): void {
    const last = this.#speaker?.last;
    if (last === undefined) return;
    const { ended, ...playback } = last;
    this.#wire?.send('voicechat.playback.progress', { ...playback, ...(ended ? { ended } : {}) });
  }

  /** The server has ended the call: the microphone closes at once, the agent's last words play out. */
  async #farewell(ending: Ending): Promise<void> {
    const drained = this.#speaker?.drained();
    this.#end(ending);
    await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, MAX_FAREWELL_MS))]);
    this.#silence();
  }

  #cutOff(why: WireEnd): void {
    if (why !== 'taken-over')
      return this.#fail(new CallProblem(why === 'lost' ? 'socket-lost' : 'socket-refused'));
    this.#end({ reason: 'taken_over' });
    this.#silence();
  }

  #fail(problem: CallProblem): void {
    if (this.#over) return;
    this.#problem(problem);
    this.#end({ reason: 'failed' });
    this.#silence();
  }

  #problem(problem: CallProblem): void {
    this.#tell({ kind: 'problem', problem });
  }

  #end(ending: Ending): void {
    if (this.#over) return;
    this.#over = true;
    this.#microphone?.close();
    this.#wire?.close();
    this.#tell({ kind: 'level', who: 'caller', level: 0 });
    this.#tell({ kind: 'ended', ...ending });
  }

  #silence(): void {
    if (this.#speaker !== undefined) {
      this.#speaker.close();
      this.#tell({ kind: 'level', who: 'agent', level: 0 });
    }
    this.#speaker = undefined;
    const context = this.#context;
    if (context !== undefined && context.state !== 'closed') void context.close();
  }
}

/** Passes what concerns the agent's voice on to the speaker. */
function play(speaker: Speaker, { eventType, payload }: Incoming): void {
  switch (eventType) {
    case 'voicechat.response.start':
      speaker.start(payload.utteranceId);
      break;
    case 'voicechat.response.chunk':
      speaker.play(payload.utteranceId, payload.audio, payload.sampleRate);
      break;
    case 'voicechat.response.complete':
      speaker.complete(payload.utteranceId);
      break;
    case 'voicechat.response.interrupt':
    case 'voicechat.response.stop':
      speaker.interrupt(payload.utteranceId);
      break;
    case 'voicechat.response.pause':
      speaker.pause(payload.utteranceId);
      break;
    case 'voicechat.response.resume':
      speaker.resume(payload.utteranceId);
      break;
    default:
  }
}

/** Opens the one audio context of a call at the device's own rate, and unlocks it. Synchronous on purpose: see `start`. */
function openContext(): AudioContext {
  if (!isSecureContext) throw new CallProblem('insecure-context');
  if (!('mediaDevices' in navigator) || !('AudioWorkletNode' in globalThis) || !('WebSocket' in globalThis)) {
    throw new CallProblem('unsupported');
  }
  const context = new AudioContext({ latencyHint: 'interactive' });
  // An incoming phone call suspends the context on some phones; only `suspended` may be resumed by a page.
  context.onstatechange = () => {
    if (context.state === 'suspended') void context.resume();
  };
  void context.resume();
  return context;
}
