/** What can keep a call from starting or going on, by what the caller can do about it. */
export type ProblemKind =
  /** The page is not served over https (or from this machine): browsers then have no microphone. */
  | 'insecure-context'
  /** The browser lacks microphone access, WebSocket or AudioWorklet. */
  | 'unsupported'
  /** A file of the page itself could not be loaded. */
  | 'page-incomplete'
  | 'mic-denied'
  | 'mic-missing'
  | 'mic-busy'
  /** The server did not accept the connection; it may say why at /health. */
  | 'socket-refused'
  | 'socket-lost'
  /** The server reported trouble; the message is the server's. */
  | 'server';

/** Trouble with a call, with a message that can be shown to the caller. */
export class CallProblem extends Error {
  readonly kind: ProblemKind;

  constructor(kind: ProblemKind, detail?: string) {
    super(detail ?? words[kind]);
    this.name = 'CallProblem';
    this.kind = kind;
  }
}

/** The problem behind a rejected `getUserMedia`. */
export function microphoneProblem(error: unknown): CallProblem {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  return new CallProblem(kinds[name] ?? 'mic-busy');
}

/** The names `getUserMedia` rejects with (W3C Media Capture and Streams, 10.2). */
const kinds: Readonly<Record<string, ProblemKind>> = {
  NotAllowedError: 'mic-denied',
  SecurityError: 'mic-denied',
  NotFoundError: 'mic-missing',
  OverconstrainedError: 'mic-missing',
};

const words: Readonly<Record<ProblemKind, string>> = {
  'insecure-context':
    'Browsers only share the microphone with secure pages. Open this page over https, or from localhost.',
  unsupported:
    'This browser cannot hold a voice call. A current version of Chrome, Edge, Firefox or Safari can.',
  'page-incomplete': 'Part of this page could not be loaded. Reload it, then start again.',
  'mic-denied':
    'The microphone is blocked for this page. Allow it in the site settings beside the address bar, then start again.',
  'mic-missing': 'No microphone was found. Plug one in or switch it on, then start again.',
  'mic-busy':
    'The microphone could not be opened. Another program may be using it; close that one and start again.',
  'socket-refused': 'The server did not accept the call.',
  'socket-lost': 'The connection to the server was lost, and the call with it. You can start a new one.',
  server: 'The server reported a problem.',
};
