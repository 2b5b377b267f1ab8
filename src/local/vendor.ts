import type { Fault, Refusal } from './faults.ts';
import type { Exchange, Headers } from './wire/exchange.ts';
import type { Handshake } from './wire/handshake.ts';
import type { Link, TellError } from './wire/link.ts';

/** An HTTP error in a vendor's own shape. */
export interface HttpError {
  readonly status: number;
  readonly body: object;
  readonly headers?: Headers;
}

/** How a handshake is answered: refused, or switched to a socket that `serve` takes over. */
export type Answer =
  | { readonly refused: HttpError }
  | {
      readonly headers: Headers;
      readonly protocol?: string;
      /** Speaks the vendor's protocol on the open socket; the faults begin when it calls `link.open`. */
      readonly serve: (link: Link, faults: readonly Fault[]) => void;
    };

/** One vendor's side of the wire. */
export interface Vendor {
  readonly sockets: (handshake: Handshake) => Answer;
  readonly requests: (exchange: Exchange) => Promise<void>;
  /** The HTTP error this vendor sends for a refusal fault. */
  readonly refusal: (fault: Refusal) => HttpError;
  readonly tellError: TellError;
  readonly errorChunk: (code: string, message: string) => string;
}

/** What is wrong with a key: every key is fine here but none at all and those that start with `bad`. */
export function keyProblem(key: string | undefined): 'missing' | 'wrong' | undefined {
  if (key === undefined || key.trim() === '') return 'missing';
  return key.startsWith('bad') ? 'wrong' : undefined;
}
