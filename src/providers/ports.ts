import type { CallEvent, Heard, Message, VoiceRoute } from '../conversation/events.ts';

/** The one way out: HTTP requests and, with an `Upgrade` header, WebSockets. */
export type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

/** What a provider is given by the shell of the call. */
export interface Surroundings {
  readonly fetch: Fetch;
  /** Ms since the epoch. */
  readonly now: () => number;
  /** Takes news of the provider; after `close` there is none. */
  readonly report: (event: CallEvent) => void;
}

/** A provider does what is due when it is told the time; between its deadlines it needs no timer of its own. */
interface Timed {
  /** When `tick` is wanted next, in ms since the epoch. */
  readonly deadline: number | undefined;
  tick(now: number): void;
  /** Leaves no socket, request or news behind. */
  close(): void;
}

/** A connection to a speech recogniser, for the whole call. Reports `recogniser.open` before any other news, and nothing after `recogniser.failed`. */
export interface Recogniser extends Timed {
  /**
   * Comes after `recogniser.open`, before the first audio, which lies at `offsetMs` of the caller's audio in the call.
   * What of it was `heard` is not told again.
   */
  begin(offsetMs: number, heard: Heard | undefined): void;
  /** 16-bit mono PCM at the rate it was opened with; not written to afterwards. What comes before `recogniser.open` is lost. */
  audio(pcm: Uint8Array): void;
  /** Asks for the final transcript of what was sent; the answer may be an empty `recogniser.final`, or none. */
  finalize(): void;
}

/** A language model. For every `ask` it reports `model.text` any number of times and `model.end-call` at most once, then one `model.done` or `model.failed`; after `cancel` nothing. News carries the number of its request. */
export interface Model extends Timed {
  /** Does beforehand what would delay the first `ask`. */
  prepare(): void;
  ask(ask: number, messages: readonly Message[]): void;
  cancel(ask: number): void;
}

/** A speech synthesiser. After `finish` it reports `voice.done` once all audio of the reply was reported; `voice.failed` ends a reply early; after `cancel` there is no news of it. */
export interface Voice extends Timed {
  /** Makes the connection ready before it is needed. */
  prepare(): void;
  /** Makes fixed lines ready in the background; reports `voice.ready` for each. A line that cannot be made ready is no news. */
  learn(texts: readonly string[]): void;
  /** By the route `phrase` the text is a whole fixed line; it sounds before other text of its reply that has not sounded yet. */
  say(reply: number, text: string, route: VoiceRoute): void;
  finish(reply: number): void;
  cancel(reply: number): void;
}
