import { v7 as uuidv7 } from 'uuid';
import { encode } from '../protocol/codec.ts';
import type { Request } from '../protocol/requests.ts';
import { type Incoming, readIncoming } from './incoming.ts';

/** What the wire tells its call. */
export interface WireListener {
  /** The socket is open; what is sent now is honoured, although no session is known yet. */
  open(): void;
  receive(incoming: Incoming): void;
  /** A frame of the server made no sense; the socket stays open. */
  unreadable(error: unknown): void;
  /** `opened` is false if the server never accepted the connection. */
  close(closed: { readonly opened: boolean }): void;
}

/** More audio than this waiting to be sent (2 s) means that the uplink has stalled; what is said meanwhile is dropped. */
const MAX_BUFFERED_BYTES = 64_000;
const NORMAL_CLOSURE = 1000;

type Payloads = { [R in Request as R['eventType']]: Partial<R['payload']> };

/** The WebSocket of one call: MessagePack frames both ways, each with a new event id and the session's id once it is known. */
export class Wire {
  readonly #socket: WebSocket;
  #sessionId: string | undefined;
  #opened = false;

  constructor(url: URL, listener: WireListener) {
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.onopen = () => {
      this.#opened = true;
      listener.open();
    };
    this.#socket.onmessage = (event: MessageEvent<unknown>) => this.#receive(event.data, listener);
    this.#socket.onclose = () => listener.close({ opened: this.#opened });
  }

  send<E extends Request['eventType']>(eventType: E, payload: Payloads[E]): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const bytes = encode({ eventType, eventId: uuidv7(), sessionId: this.#sessionId, payload });
    // The codec's buffers are never shared memory, which is all that the socket's type excludes.
    this.#socket.send(bytes as Uint8Array<ArrayBuffer>);
  }

  /** Sends a piece of the caller's audio, unless the uplink has stalled. */
  sendAudio(audio: Uint8Array, isMuted: boolean): void {
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) return;
    this.send('voicechat.audio.chunk', isMuted ? { audio, isMuted } : { audio });
  }

  /** Hangs up; frames sent before still arrive, and the listener hears no more. */
  close(): void {
    this.#socket.onopen = null;
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    this.#socket.close(NORMAL_CLOSURE);
  }

  #receive(data: unknown, listener: WireListener): void {
    try {
      if (!(data instanceof ArrayBuffer)) throw new TypeError('a binary frame is accepted, got text');
      const incoming = readIncoming(new Uint8Array(data));
      if (incoming === undefined) return;
      if (incoming.eventType === 'connection.ack') this.#sessionId = incoming.sessionId;
      listener.receive(incoming);
    } catch (error) {
      listener.unreadable(error);
    }
  }
}
