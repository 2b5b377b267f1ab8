import { WebSocket } from 'ws';
import type { Fault, ProviderName } from '../faults.ts';
import { readJson } from '../parse.ts';
import { Gate } from './gate.ts';
import type { WireLog } from './log.ts';

/** What a vendor does with the frames of one socket. */
export interface Ears {
  text(text: string): void;
  binary(bytes: Uint8Array): void;
  /** The client's WebSocket ping. */
  ping?(): void;
  /** The socket is gone; called exactly once. */
  gone(): void;
}

/** The vendor's own way to tell an error on its socket, close included. */
export type TellError = (send: (message: object) => void, code: string, message: string) => CloseFrame;
export interface CloseFrame {
  readonly code: number | undefined;
  readonly reason: string;
}

const LONGEST_REASON_BYTES = 123;

/** One accepted WebSocket: what a vendor sends through it meets the faults, what the client sends is recorded. */
export class Link {
  readonly connection: number;
  readonly #provider: ProviderName;
  readonly #socket: WebSocket;
  readonly #log: WireLog;
  readonly #gate: Gate;
  #ears: Ears | undefined;

  constructor(
    socket: WebSocket,
    provider: ProviderName,
    connection: number,
    log: WireLog,
    tellError: TellError,
  ) {
    this.#socket = socket;
    this.#provider = provider;
    this.connection = connection;
    this.#log = log;
    this.#gate = new Gate({
      close: (code, reason) => socket.close(code, reason),
      drop: () => socket.terminate(),
      truncate: () => socket.close(1000),
      garbage: () => socket.send('{"type": \u0000 this is not JSON'),
      error: (code, message) => {
        const frame = tellError((told) => socket.send(JSON.stringify(told)), code, message);
        this.#close(frame);
      },
    });
    this.#receive();
  }

  /** Sets who gets the frames, and lets the faults of this connection begin. */
  open(ears: Ears, faults: readonly Fault[]): void {
    this.#ears = ears;
    this.#gate.arm(faults);
  }

  send(message: object): void {
    this.#gate.send(() => this.#sendText(JSON.stringify(message)));
  }

  /** Closes; without a code the client sees 1005. A reason is cut to the 123 bytes a close frame can hold. */
  close(code?: number, reason = ''): void {
    this.#gate.send(() => this.#close({ code, reason }));
  }

  /** The TCP connection just goes away. */
  drop(): void {
    this.#gate.shut();
    this.#socket.terminate();
  }

  strike(fault: Fault): void {
    this.#gate.arm([fault]);
  }

  /** Records that the client's last message breaks the schema. */
  complain(problem: string): void {
    this.#log.record(this.#provider, this.connection, { kind: 'invalid', problem });
  }

  #receive(): void {
    this.#socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.#log.recordAudio(this.#provider, this.connection, data.byteLength);
      else this.#recordText(data.toString());
      if (isBinary) this.#ears?.binary(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      else this.#ears?.text(data.toString());
      this.#gate.receive();
    });
    this.#socket.on('ping', () => this.#ears?.ping?.());
    this.#socket.on('error', (problem) => this.complain(problem.message));
    this.#socket.on('close', (code, reason) => {
      this.#gate.shut();
      this.#log.record(this.#provider, this.connection, { kind: 'close', code, reason: reason.toString() });
      this.#ears?.gone();
    });
  }

  #recordText(text: string): void {
    const frame = readJson(text) ?? text;
    this.#log.record(this.#provider, this.connection, { kind: 'text', frame });
  }

  #sendText(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  #close({ code, reason }: CloseFrame): void {
    if (code === undefined) this.#socket.close();
    else this.#socket.close(code, cutToBytes(reason, LONGEST_REASON_BYTES));
  }
}

function cutToBytes(text: string, limit: number): string {
  let cut = text;
  while (Buffer.byteLength(cut) > limit) cut = cut.slice(0, -1);
  return cut;
}
