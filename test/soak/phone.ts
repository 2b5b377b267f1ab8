import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Packr } from 'msgpackr';
import WebSocket from 'ws';
import { durationMs } from '../../src/audio/pcm.ts';
import { now } from '../../src/local/wire/clock.ts';
import { loud, quiet, type WireFrame } from '../support/client.ts';
import { Referee } from '../support/referee.ts';
import { Loudspeaker } from './loudspeaker.ts';
import { FRAME_MS } from './microphones.ts';
import type { Tally } from './tally.ts';

const START = { samplingRate: 16_000 };
const REPORT_EVERY_FRAMES = Math.round(200 / FRAME_MS);
const PROBE_EVERY_FRAMES = Math.round(5000 / FRAME_MS);
/** What is recorded while the connection is lost is kept and sent later, so many frames of it: 10 s. */
const HELD_FRAMES = Math.round(10_000 / FRAME_MS);
/** A lost connection is tried again after these pauses, and then after the last of them, in ms. */
const RETRIES_MS = [0, 250, 500, 1000, 2000];
const GRACE_MS = 60_000;
/** The status for a call that ended while its caller was away. */
const CALL_OVER = 410;

const LOUD = loud(FRAME_MS);
const QUIET = quiet(FRAME_MS);
const packr = new Packr({ useRecords: false });

/** One call from the caller's end, over as many connections as it takes. */
export class Phone {
  readonly speaker = new Loudspeaker();
  /** Whether the caller is speaking. */
  loud = false;
  /** When the last frame of speech was sent, on the clock of `now`. */
  spokeAt = 0;
  readonly #url: string;
  readonly #tally: Tally;
  readonly #referee = new Referee();
  #socket: WebSocket;
  #sessionId = '';
  #resumeToken = '';
  #lastEventId = '';
  #recorded = 0;
  #held: boolean[] = [];
  /** The connection is lost, and comes back. */
  #away = false;
  /** The caller has hung up, or let the connection go. */
  #leaving = false;
  #over = false;
  readonly #probes = new Map<string, number>();
  #waiting = new Set<() => void>();

  private constructor(url: string, tally: Tally) {
    this.#url = url;
    this.#tally = tally;
    this.#socket = this.#connect(url);
  }

  /** Calls; resolves when the call has begun, rejects when it cannot be reached. */
  static async dial(url: string, tally: Tally): Promise<Phone> {
    const phone = new Phone(url, tally);
    await phone.until(() => phone.#sessionId !== '' || phone.over, GRACE_MS);
    if (phone.#sessionId === '') throw new Error('a call did not begin');
    tally.sessions.push(phone.#sessionId);
    return phone;
  }

  get over(): boolean {
    return this.#over;
  }

  /** True as soon as `holds` does; false after `patienceMs`. It is looked at whenever something comes, and every 200 ms. */
  async until(holds: () => boolean, patienceMs: number): Promise<boolean> {
    const deadline = now() + patienceMs;
    while (!holds()) {
      if (now() >= deadline) return false;
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, deadline - now());
        this.#waiting.add(wake);
      });
    }
    return true;
  }

  /** Lets the call go on for `ms`, or to its end. */
  async wait(ms: number): Promise<void> {
    await this.until(() => this.over, ms);
  }

  /** Records a frame: sends it, or keeps it while the connection is lost. Every so often it also reports and probes. */
  record(): void {
    if (this.#over || this.#leaving || this.#sessionId === '') return;
    this.#recorded += 1;
    if (this.loud) this.spokeAt = now();
    if (this.#recorded % REPORT_EVERY_FRAMES === 0) this.#wake();
    if (this.#away) {
      this.#held.push(this.loud);
      if (this.#held.length > HELD_FRAMES) this.#held.shift();
      return;
    }
    this.#sendAudio(this.loud);
    if (this.#recorded % REPORT_EVERY_FRAMES === 0) this.#report();
    if (this.#recorded % PROBE_EVERY_FRAMES === 0)
      this.#probes.set(this.#ask('voicechat.audio.start', START), now());
  }

  type(text: string): void {
    if (!this.#away) this.#ask('voicechat.text.input', { text });
  }

  endTurn(): void {
    if (!this.#away) this.#ask('voicechat.audio.end');
  }

  /** Hangs up in one of the two ways. */
  hangUp(politely: boolean): void {
    if (this.#over) return;
    this.#leaving = true;
    if (this.#away) return this.vanish();
    if (politely) this.#ask('voicechat.call.end');
    else this.#socket.close(1000);
  }

  /** The connection is gone and nobody comes back. */
  vanish(): void {
    if (this.#over) return;
    this.#leaving = true;
    this.#tally.vanished += 1;
    if (this.#away) this.#end();
    else this.#socket.terminate();
  }

  /** The connection is lost for `ms`; without a token the call is over by that. */
  async lose(ms: number): Promise<void> {
    if (this.#over || this.#away) return;
    this.#tally.lost += 1;
    if (this.#resumeToken === '') {
      this.#leaving = true;
      return this.#socket.terminate();
    }
    this.#away = true;
    this.#socket.terminate();
    await sleep(ms);
    await this.#comeBack();
  }

  async #comeBack(): Promise<void> {
    const after = this.#lastEventId === '' ? '' : `&after=${this.#lastEventId}`;
    const url = `${this.#url}?session=${this.#sessionId}&resume=${this.#resumeToken}${after}`;
    for (let attempt = 0, began = now(); this.#away && !this.#over; attempt++) {
      if (now() - began > GRACE_MS) {
        this.#tally.problem('a lost connection did not come back within its grace period');
        return this.#end();
      }
      await sleep(RETRIES_MS[Math.min(attempt, RETRIES_MS.length - 1)]);
      this.#referee.reconnected();
      const socket = this.#connect(url);
      this.#socket = socket;
      await this.until(() => !this.#away || this.#over || socket.readyState === WebSocket.CLOSED, GRACE_MS);
    }
  }

  #connect(url: string): WebSocket {
    // Masking with zeros leaves the bytes as they are, which spares the load generator their copy.
    const socket = new WebSocket(url, {
      perMessageDeflate: false,
      generateMask: (mask) => void mask.fill(0),
    });
    socket.on('open', () => this.#opened());
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (socket === this.#socket) this.#receive(data, isBinary);
    });
    socket.on('unexpected-response', (_, response) => this.#refused(response.statusCode ?? 0));
    socket.on('error', () => this.#wake());
    socket.on('close', (code: number) => this.#closed(socket, code));
    return socket;
  }

  /** In the tick it opens: what was heard, the audio's parameters, and then the audio itself. */
  #opened(): void {
    const heard = this.speaker.heard();
    if (heard !== undefined) this.#send('voicechat.playback.progress', heard);
    this.#ask('voicechat.audio.start', START);
    for (const wasLoud of this.#held.splice(0)) this.#sendAudio(wasLoud);
  }

  #refused(status: number): void {
    if (status !== CALL_OVER) this.#tally.problem(`a connection was refused with ${status}`);
    this.#end();
  }

  #closed(socket: WebSocket, code: number): void {
    if (socket !== this.#socket || this.#over) return;
    if (this.#away) return this.#wake();
    this.#tally.count(this.#tally.closes, String(code));
    this.#referee.closed(code, this.#leaving);
    this.#end();
  }

  #end(): void {
    this.#over = true;
    this.#away = false;
    this.#socket.terminate();
    this.#tally.judge(this.#referee);
    this.#tally.holes.push(...this.speaker.holes);
    this.#wake();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#tally.frames += 1;
    const frame = this.#referee.frame(data, isBinary, now());
    if (frame === undefined) return;
    const asked = this.#probes.get(frame.eventId);
    if (asked !== undefined) this.#tally.acks.push(now() - asked);
    this.#probes.delete(frame.eventId);
    if (!('success' in frame.payload) || frame.eventType === 'connection.ack')
      this.#lastEventId = frame.eventId;
    this.#take(frame);
    this.#wake();
  }

  #take({ eventType, sessionId, payload }: WireFrame): void {
    switch (eventType) {
      case 'connection.ack':
        return this.#welcome(sessionId, payload);
      case 'voicechat.response.start':
        return this.speaker.begin(String(payload['utteranceId']));
      case 'voicechat.response.chunk':
        // The referee has seen whether it is audio with a rate.
        return this.#play(payload['audio'] as Uint8Array, Number(payload['sampleRate']));
      case 'voicechat.response.complete':
        return this.speaker.complete();
      case 'voicechat.response.pause':
        return this.speaker.pause();
      case 'voicechat.response.resume':
        return this.speaker.resume();
      case 'voicechat.response.interrupt':
      case 'voicechat.response.stop':
        this.speaker.stop();
        return this.#report();
      case 'voicechat.error':
        return this.#tally.count(this.#tally.troubles, String(payload['code']));
      case 'voicechat.call.ended':
        this.#leaving = true;
        return this.#tally.count(this.#tally.reasons, String(payload['reason']));
    }
  }

  #welcome(sessionId: string, { resumeToken, resumed }: Readonly<Record<string, unknown>>): void {
    this.#sessionId = sessionId;
    this.#resumeToken = typeof resumeToken === 'string' ? resumeToken : '';
    if (!this.#away) return;
    this.#away = false;
    if (resumed === true) this.#tally.resumed += 1;
    else this.#tally.problem('a connection with a resume token began another call');
  }

  #play(audio: Uint8Array, sampleRate: number): void {
    this.speaker.receive(durationMs(audio.byteLength, sampleRate));
  }

  #report(): void {
    const heard = this.speaker.report();
    if (heard !== undefined) this.#send('voicechat.playback.progress', heard);
  }

  #sendAudio(isLoud: boolean): void {
    this.#send('voicechat.audio.chunk', { audio: isLoud ? LOUD : QUIET });
  }

  /** Sends a request that is answered; returns its event id. */
  #ask(eventType: string, payload: object = {}): string {
    const eventId = this.#send(eventType, payload);
    this.#referee.asked(eventType, eventId);
    return eventId;
  }

  #send(eventType: string, payload: object): string {
    const eventId = randomUUID();
    if (this.#socket.readyState === WebSocket.OPEN)
      this.#socket.send(packr.pack({ eventType, eventId, sessionId: this.#sessionId, payload }));
    return eventId;
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
