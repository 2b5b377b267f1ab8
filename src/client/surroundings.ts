import type { Socket } from './connection.ts';

/** What the line of a call needs of the world around it: sockets, time, and news of the network. */
export interface Surroundings {
  connect(url: URL): Socket;
  /** The HTTP status that a plain GET of a socket's URL has; `undefined` if there is no telling. */
  status(url: URL): Promise<number | undefined>;
  /** Ms of a steady clock. */
  now(): number;
  /** Calls `then` after `ms`; the answer calls that off. */
  wait(ms: number, then: () => void): () => void;
  /** Calls `woken` whenever the network comes back, or the page into view; the answer ends that. */
  watch(woken: () => void): () => void;
}
