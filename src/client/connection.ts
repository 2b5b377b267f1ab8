import type { Uplink } from './liveness.ts';

/** What a connection needs of a browser's WebSocket. */
export type Socket = Pick<
  WebSocket,
  'binaryType' | 'onopen' | 'onmessage' | 'onclose' | 'send' | 'close' | 'bufferedAmount'
>;

/** What a connection tells. */
export interface ConnectionListener {
  open(): void;
  /** A binary frame, or whatever else came. */
  frame(data: unknown): void;
  close(code: number): void;
}

/** One WebSocket, from the attempt to open it to its close. */
export class Connection {
  readonly #socket: Socket;
  #open = false;
  #sentBytes = 0;

  constructor(socket: Socket, listener: ConnectionListener) {
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      this.#open = true;
      listener.open();
    };
    socket.onmessage = ({ data }: MessageEvent<unknown>) => listener.frame(data);
    socket.onclose = ({ code }) => {
      this.#detach();
      listener.close(code);
    };
  }

  get isOpen(): boolean {
    return this.#open;
  }

  get uplink(): Uplink {
    return { sentBytes: this.#sentBytes, waitingBytes: this.#socket.bufferedAmount };
  }

  /** Sends nothing unless the socket is open. */
  send(bytes: Uint8Array): void {
    if (!this.#open) return;
    this.#sentBytes += bytes.byteLength;
    // The codec's buffers are never shared memory, which is all that the socket's type excludes.
    this.#socket.send(bytes as Uint8Array<ArrayBuffer>);
  }

  /** Frames sent before still go out; the listener hears no more. `code` is 1000 or from 3000 to 4999. */
  close(code: number): void {
    this.#detach();
    this.#socket.close(code);
  }

  #detach(): void {
    this.#open = false;
    this.#socket.onopen = null;
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
  }
}
