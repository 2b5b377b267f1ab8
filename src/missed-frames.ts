import type { KeptCall } from './kept-call.ts';
import type { Frame, ServerEvents } from './protocol/replies.ts';

/** How many frames are kept for a client that may have missed them. */
const MAX_MISSED_EVENTS = 128;
/** How many characters of text they may have together. */
const MAX_MISSED_CHARACTERS = 32_000;
/** How many answers to requests are remembered by their ids: a client may have got one of them last. */
const MAX_ANSWERS = 64;

/** Events that say what has happened; others tell what is, sound, or measure. */
const REPLAYED: ReadonlySet<string> = new Set<keyof ServerEvents>([
  'voicechat.transcript.final',
  'voicechat.response.start',
  'voicechat.response.text',
  'voicechat.response.complete',
  'voicechat.response.pause',
  'voicechat.response.resume',
  'voicechat.response.interrupt',
  'voicechat.call.warning',
  'voicechat.error',
]);

/** The newest frames of a call that a client has to get even if its connection was lost. The ids of the server's own events grow. */
export class MissedFrames {
  #frames: Frame[] = [];
  #characters = 0;
  #latestId = '';
  /** The latest id when the connection was lost; undefined while there is one. */
  #lostAfter: string | undefined;
  #answers: { readonly eventId: string; readonly after: string }[] = [];

  /** `kept`: what was kept by an object that died, whose client lost its connection then, if not before. */
  constructor(kept?: KeptCall['missed']) {
    for (const frame of kept?.frames ?? []) this.sent(frame);
    this.#lostAfter = kept?.after;
  }

  /** What another object has to know of them. */
  get kept(): KeptCall['missed'] {
    return { frames: [...this.#frames], after: this.#lostAfter ?? this.#latestId };
  }

  /** An event of the server's own is being sent, or would be if there were a connection. */
  sent(frame: Frame): void {
    this.#latestId = frame.eventId;
    if (!REPLAYED.has(frame.eventType)) return;
    this.#frames.push(frame);
    this.#characters += charactersOf(frame);
    while (this.#frames.length > MAX_MISSED_EVENTS || this.#characters > MAX_MISSED_CHARACTERS) {
      const oldest = this.#frames.shift();
      this.#characters -= oldest === undefined ? this.#characters : charactersOf(oldest);
    }
  }

  /** A request was answered, under the client's own id. */
  answered(eventId: string): void {
    this.#answers.push({ eventId, after: this.#latestId });
    if (this.#answers.length > MAX_ANSWERS) this.#answers.shift();
  }

  /** The connection is gone. */
  lost(): void {
    this.#lostAfter ??= this.#latestId;
  }

  /** The client has a connection again, and got what it missed. */
  found(): void {
    this.#lostAfter = undefined;
  }

  /**
   * What a client has to get that got the frame `after` last; without it, what it had to get since the loss. Of the
   * utterance `unfinished` the end is left out, because audio of it follows.
   */
  since(after: string | undefined, unfinished: string | undefined): readonly Frame[] {
    const answered = this.#answers.findLast(({ eventId }) => eventId === after)?.after;
    const mark = answered ?? after ?? this.#lostAfter ?? this.#latestId;
    return this.#frames.filter(
      ({ eventId, eventType, payload }) =>
        eventId > mark &&
        (eventType !== 'voicechat.response.complete' || payload['utteranceId'] !== unfinished),
    );
  }
}

function charactersOf({ payload }: Frame): number {
  return Object.values(payload).reduce<number>(
    (sum, value) => sum + (typeof value === 'string' ? value.length : 0),
    0,
  );
}
