import { v7 as uuidv7 } from 'uuid';
import { durationMs } from '../../../src/audio/pcm.ts';
import { WireClient, type WireFrame } from '../../support/client.ts';
import type { RunningWorker } from '../../support/worker.ts';
import { Microphone } from './microphone.ts';

const LISTENING_HZ = 16_000;
/** How long a call waits for what must come, in ms; several watchdogs in a row stay far below. */
const PATIENCE_MS = 30_000;

/** One whole turn of the agent, as the client got it. */
export interface Utterance {
  readonly id: string;
  readonly text: string;
  /** How many pieces it came in. */
  readonly pieces: number;
  readonly audioMs: number;
  readonly complete: boolean;
}

/** What an object holds: sockets of callers, and the timers of its isolate, each by the place where it was armed. */
export interface Left {
  readonly sockets: number;
  readonly timers: readonly string[];
}

/** Asks the object of a session what it holds. */
export async function leftIn(worker: RunningWorker, sessionId: string): Promise<Left> {
  const response = await fetch(`${worker.url}/left?session=${sessionId}`);
  return (await response.json()) as Left; // as `worker.ts` answers
}

/** A call as its client sees it, with a microphone that is on all the time. */
export class ClientCall {
  readonly microphone: Microphone;
  readonly #client: WireClient;
  readonly #worker: RunningWorker;
  readonly #sessionId: string;
  #look: () => void = () => {};

  private constructor(client: WireClient, worker: RunningWorker, sessionId: string) {
    this.#client = client;
    this.#worker = worker;
    this.#sessionId = sessionId;
    this.microphone = new Microphone((audio) => client.send('voicechat.audio.chunk', { audio }));
    client.socket.on('message', () => this.#look());
    client.socket.on('close', () => this.#look());
  }

  /** Joins an object of `worker.ts` that reads its configuration from `variables`. */
  static async join(worker: RunningWorker, variables: Readonly<Record<string, string>>): Promise<ClientCall> {
    const session = uuidv7();
    const query = new URLSearchParams({ session, variables: JSON.stringify(variables) });
    const client = await WireClient.open(`${worker.socketUrl}/ws?${query}`);
    return new ClientCall(client, worker, session);
  }

  begin(): void {
    this.#client.send('voicechat.audio.start', { samplingRate: LISTENING_HZ });
    this.microphone.begin();
  }

  type(text: string): void {
    this.#client.send('voicechat.text.input', { text });
  }

  get frames(): readonly WireFrame[] {
    return this.#client.frames;
  }

  get closeCode(): number | undefined {
    return this.#client.closed?.code;
  }

  /** Waits until `look` finds something. */
  async until<T>(what: string, look: () => T | undefined): Promise<T> {
    const overdue = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (overdue.aborted || this.closeCode !== undefined)
        throw new Error(`no ${what}; came: ${this.#came()}`);
      await new Promise<void>((resolve) => {
        this.#look = resolve;
        overdue.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  frame(what: string, fits: (frame: WireFrame) => boolean, from = 0): Promise<WireFrame> {
    return this.until(what, () => this.frames.slice(from).find(fits));
  }

  /** The turns of the agent so far, in order. */
  get utterances(): readonly Utterance[] {
    return this.#all('response.start').map(({ payload }) => this.#utterance(String(payload['utteranceId'])));
  }

  /** The last final transcript of each of the caller's turns, in order. */
  get transcripts(): readonly string[] {
    const turns = new Map<unknown, string>();
    for (const { payload } of this.#all('transcript.final'))
      turns.set(payload['turnId'], String(payload['text']));
    return [...turns.values()];
  }

  get troubles(): readonly { readonly code: string; readonly retryable: boolean }[] {
    return this.#all('error').map(({ payload }) => ({
      code: String(payload['code']),
      retryable: payload['retryable'] === true,
    }));
  }

  /** Waits for the end of the agent's turn number `count` and tells the server that it was heard whole. */
  heardOut(count: number): Promise<Utterance> {
    return this.#hear(`utterance ${count}`, () => this.utterances[count - 1]);
  }

  /** The same for the turn that fits, whichever it is. */
  heardOutThe(what: string, fits: (utterance: Utterance) => boolean): Promise<Utterance> {
    return this.#hear(what, () => this.utterances.find(fits));
  }

  /** Hangs up; resolves when the socket is closed. */
  async hangUp(): Promise<WireFrame> {
    this.#client.send('voicechat.call.end');
    const ended = await this.frame('call.ended', ({ eventType }) => eventType === 'voicechat.call.ended');
    this.microphone.end();
    await this.#client.end();
    return ended;
  }

  left(): Promise<Left> {
    return leftIn(this.#worker, this.#sessionId);
  }

  /** Ends a call that a failed test has left behind. */
  drop(): void {
    this.microphone.end();
    this.#client.close();
  }

  async #hear(what: string, look: () => Utterance | undefined): Promise<Utterance> {
    const utterance = await this.until(what, () => {
      const found = look();
      return found?.complete ? found : undefined;
    });
    this.#client.send('voicechat.playback.progress', {
      utteranceId: utterance.id,
      playedMs: 86_400_000,
      ended: true,
    });
    await this.until('listening', () => (this.#state === 'listening' ? true : undefined));
    return utterance;
  }

  get #state(): unknown {
    return this.#all('state').at(-1)?.payload['state'];
  }

  #utterance(id: string): Utterance {
    const own = this.frames.filter(({ payload }) => payload['utteranceId'] === id);
    const of = (event: string) => own.filter(({ eventType }) => eventType === `voicechat.response.${event}`);
    const audio = of('chunk').map(({ payload }) => {
      const { byteLength } = payload['audio'] as Uint8Array; // the protocol says so
      return durationMs(byteLength, Number(payload['sampleRate']));
    });
    const texts = of('text').map(({ payload }) => payload['text']);
    return {
      id,
      text: texts.join(' '),
      pieces: texts.length,
      audioMs: audio.reduce((sum, ms) => sum + ms, 0),
      complete: of('complete').length === 1 && of('interrupt').length === 0,
    };
  }

  #all(event: string): readonly WireFrame[] {
    return this.frames.filter(({ eventType }) => eventType === `voicechat.${event}`);
  }

  #came(): string {
    const shown = [
      'transcript.final',
      'response.start',
      'response.text',
      'response.complete',
      'error',
      'state',
    ];
    return this.frames
      .filter(({ eventType }) => shown.some((event) => eventType.endsWith(event)))
      .map(
        ({ eventType, payload }) =>
          `${eventType.slice(10)}(${payload['text'] ?? payload['code'] ?? payload['state'] ?? ''})`,
      )
      .join(' ');
  }
}
