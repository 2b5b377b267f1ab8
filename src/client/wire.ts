import { v7 as uuidv7 } from 'uuid';
import { encode } from '../protocol/codec.ts';
import type { Request } from '../protocol/requests.ts';
import { Seen } from '../protocol/seen.ts';
import { Connection } from './connection.ts';
import { type Incoming, readIncoming } from './incoming.ts';
import { Liveness, LOOK_EVERY_MS } from './liveness.ts';
import { Outbox, type TypedTurn } from './outbox.ts';
import { mayReturn, Reconnection, refusesForGood } from './reconnection.ts';
import type { Surroundings } from './surroundings.ts';

/** What the wire tells its call. */
export interface WireListener {
  /**
   * A socket is open; what is sent now is honoured, although the server has not answered yet. `returning`: over it the
   * call is to go on.
   */
  open(returning: boolean): void;
  receive(incoming: Incoming): void;
  /** A frame of the server made no sense; the socket stays open. */
  unreadable(error: unknown): void;
  /** The connection was lost, and the wire tries to restore it: `resumed` or `close` follows within about a minute. */
  lost(): void;
  resumed(): void;
  /** The server has been silent for long: something that it answers is to be sent. */
  ask(): void;
  /** The end; not told if the call itself hung up. */
  close(why: WireEnd): void;
}

/** The server never accepted the call; the connection was lost for good; another client goes on with the call. */
export type WireEnd = 'refused' | 'lost' | 'taken-over';

/** With what a client returns to its call. */
export interface WayBack {
  readonly session: string;
  readonly resume: string;
  /** The id of the last event that was received; what came after it is sent again. */
  readonly after?: string;
}

/** More audio than this waiting to be sent (2 s) means that the uplink has stalled; what is said meanwhile is kept. */
const MAX_BUFFERED_BYTES = 64_000;
/** Far more events than the server has to tell again after a minute. */
const MAX_SEEN_IDS = 512;
const NORMAL_CLOSURE = 1000;
/** Says that we think the connection lost: 1000 would hang up. */
const GIVEN_UP = 4000;
const TAKEN_OVER = 4001;

type Payloads = { [R in Request as R['eventType']]: Partial<R['payload']> };
type Ack = Extract<Incoming, { eventType: 'connection.ack' }>;

/**
 * The line of one call: MessagePack frames both ways, each with a new event id and the session's id once it is known.
 * It outlives its sockets: when one is lost it returns to the call over another one, sends what was said meanwhile, and
 * tells what it missed once. A server that gives no resume token has calls that end with their socket.
 */
export class Wire {
  readonly #address: (back: WayBack | undefined) => URL;
  readonly #listener: WireListener;
  readonly #around: Surroundings;
  readonly #stopWatching: () => void;
  readonly #reconnection = new Reconnection();
  readonly #seen = new Seen(MAX_SEEN_IDS);
  readonly #outbox = new Outbox();
  #connection: Connection;
  #session: { readonly id: string; readonly resumeToken: string } | undefined;
  #lastEventId: string | undefined;
  #liveness: Liveness | undefined;
  #opened = false;
  /** From the loss of a connection until the server has answered on another one. */
  #gone = false;
  #over = false;
  #asking = false;
  #stopTimer: (() => void) | undefined;

  /** `address` gives the URL of the call, and that of the way back to it. */
  constructor(address: (back: WayBack | undefined) => URL, listener: WireListener, around: Surroundings) {
    this.#address = address;
    this.#listener = listener;
    this.#around = around;
    this.#connection = this.#connect();
    this.#stopWatching = around.watch(() => {
      this.#reconnection.woken(around.now());
      this.#liveness?.doubt(around.now());
      this.#arm();
    });
  }

  /** Sends a request, unless there is no socket to send it over. */
  send<E extends Request['eventType']>(eventType: E, payload: Payloads[E], eventId = uuidv7()): void {
    const sessionId = this.#session?.id;
    this.#connection.send(encode({ eventType, eventId, sessionId, payload }));
  }

  /** Sends a typed turn, after the return if the connection is lost; the newest 16 that were not answered are kept. */
  say(text: string): void {
    const turn = { id: uuidv7(), text };
    this.#outbox.keepTyped(turn);
    if (!this.#gone) this.#type(turn, false);
  }

  /** Sends a piece of the caller's audio. While that cannot be, the newest 10 s of what is not muted are kept. */
  sendAudio(audio: Uint8Array, isMuted: boolean): void {
    const doubtful = this.#liveness?.asks || this.#connection.uplink.waitingBytes > 0;
    if (!doubtful) this.#outbox.trust();
    if (!this.#sendKept()) {
      if (this.#opened && !isMuted) this.#outbox.keep(audio);
      return;
    }
    this.send('voicechat.audio.chunk', isMuted ? { audio, isMuted } : { audio });
    if (doubtful && !isMuted) this.#outbox.doubt(audio);
  }

  /** Hangs up; frames sent before still arrive, and the listener hears no more. */
  close(): void {
    this.#over = true;
    this.#stopTimer?.();
    this.#stopWatching();
    this.#connection.close(NORMAL_CLOSURE);
  }

  #connect(): Connection {
    return new Connection(this.#around.connect(this.#address(this.#wayBack)), {
      open: () => {
        this.#opened = true;
        this.#listener.open(this.#gone);
      },
      frame: (data) => this.#receive(data),
      close: (code) => this.#lose(code),
    });
  }

  get #wayBack(): WayBack | undefined {
    if (this.#session === undefined) return undefined;
    const after = this.#lastEventId === undefined ? {} : { after: this.#lastEventId };
    return { session: this.#session.id, resume: this.#session.resumeToken, ...after };
  }

  /** `again`: it may have arrived before. */
  #type({ id, text }: TypedTurn, again: boolean): void {
    this.send('voicechat.text.input', again ? { text, again } : { text }, id);
  }

  #receive(data: unknown): void {
    this.#liveness?.heard(this.#around.now());
    try {
      if (!(data instanceof ArrayBuffer)) throw new TypeError('a binary frame is accepted, got text');
      const incoming = readIncoming(new Uint8Array(data));
      if (incoming === undefined) return;
      this.#outbox.answered(incoming.eventId);
      if (incoming.eventType === 'voicechat.text.input') return;
      if (incoming.eventType === 'connection.ack' && this.#gone) return this.#return(incoming);
      if (!this.#isNew(incoming)) return;
      if (incoming.eventType === 'connection.ack') this.#begin(incoming);
      this.#listener.receive(incoming);
    } catch (error) {
      this.#listener.unreadable(error);
    }
  }

  /** False for what is told again after a return. Refusals have the ids of our requests; audio is never told again. */
  #isNew({ eventType, eventId }: Incoming): boolean {
    if (eventType === 'refusal' || eventId === '') return true;
    const isNew = eventType === 'voicechat.response.chunk' || this.#seen.take(eventId);
    if (isNew) this.#lastEventId = eventId;
    return isNew;
  }

  #begin({ sessionId, payload: { resumeToken = '' } }: Ack): void {
    this.#session = { id: sessionId, resumeToken };
    // Without a way back nothing is gained by knowing that the connection is dead.
    if (resumeToken !== '') this.#liveness = new Liveness(this.#around.now());
    this.#arm();
  }

  /** The server has answered the return. Its ack is no event to go on after: what was missed only follows it. */
  #return({ sessionId, payload: { resumed = false } }: Ack): void {
    if (!resumed || sessionId !== this.#session?.id) return this.#end('lost');
    const now = this.#around.now();
    this.#gone = false;
    this.#reconnection.connected(now);
    this.#liveness = new Liveness(now);
    this.#arm();
    for (const turn of this.#outbox.typed) this.#type(turn, true);
    this.#sendKept();
    this.#listener.resumed();
  }

  /** Sends the audio that was kept if it can be sent now; false if not. The burst of a return goes out in one piece. */
  #sendKept(): boolean {
    const { isOpen, uplink } = this.#connection;
    if (this.#gone || !isOpen || uplink.waitingBytes > MAX_BUFFERED_BYTES) return false;
    for (const audio of this.#outbox.takeAudio()) this.send('voicechat.audio.chunk', { audio });
    return true;
  }

  #lose(code: number): void {
    this.#liveness = undefined;
    if (code === TAKEN_OVER) return this.#end('taken-over');
    const resumeToken = this.#session?.resumeToken ?? '';
    if (resumeToken === '' || !mayReturn(code)) return this.#end(this.#opened ? 'lost' : 'refused');
    if (this.#gone) return this.#fail();
    this.#gone = true;
    this.#outbox.recall();
    this.#reconnection.lost(this.#around.now());
    this.#arm();
    this.#listener.lost();
  }

  /** An attempt has failed. A browser does not say why, so the server is asked; the next attempt does not wait for that. */
  #fail(): void {
    this.#reconnection.failed(this.#around.now());
    this.#arm();
    if (!this.#asking) void this.#askWhy();
  }

  async #askWhy(): Promise<void> {
    this.#asking = true;
    const status = await this.#around.status(this.#address(this.#wayBack));
    this.#asking = false;
    if (this.#over || !this.#gone || status === undefined) return;
    if (refusesForGood(status)) this.#end('lost');
  }

  #arm(): void {
    this.#stopTimer?.();
    const now = this.#around.now();
    const liveUntil = this.#liveness === undefined ? undefined : now + LOOK_EVERY_MS;
    const at = this.#gone ? this.#reconnection.deadline : liveUntil;
    if (at === undefined || this.#over) return;
    this.#stopTimer = this.#around.wait(Math.max(0, at - now), () => {
      if (this.#gone) this.#try();
      else this.#look();
      this.#arm();
    });
  }

  #look(): void {
    this.#sendKept();
    const verdict = this.#liveness?.look(this.#around.now(), this.#connection.uplink);
    if (verdict === 'ask') this.#listener.ask();
    if (verdict !== 'dead') return;
    this.#connection.close(GIVEN_UP);
    this.#lose(GIVEN_UP);
  }

  #try(): void {
    const move = this.#reconnection.due(this.#around.now());
    switch (move) {
      case 'connect':
        this.#connection = this.#connect();
        break;
      case 'drop':
        this.#connection.close(GIVEN_UP);
        this.#fail();
        break;
      case 'give-up':
        this.#end('lost');
        break;
      case undefined:
        break;
      default:
        move satisfies never;
    }
  }

  #end(why: WireEnd): void {
    this.close();
    this.#listener.close(why);
  }
}
