/** How often a reply may be begun before one turn is over. */
const MAX_TRIES = 3;

interface Segment {
  readonly text: string;
  /** Where its last word ends, in ms of call audio. */
  readonly endMs: number | undefined;
}

/** The caller's turn while it lasts: words that are settled, words that may still change, and when it will be over. */
export class CallerTurn {
  readonly id: string;
  /** Words of it that were answered too soon and are remembered already. */
  readonly #earlier: string;
  #segments: readonly Segment[] = [];
  #interim = '';
  /** When the last news of its words came, in ms. */
  heardAt: number;
  /** When the last of its words had been spoken, in ms. */
  speechEndAt: number | undefined;
  /** When it is taken to be over, in ms; undefined while the recogniser has not ended it. */
  endAt: number | undefined;
  /** Where the last of its settled words ends, in ms of call audio. */
  endMs = 0;
  /** Nothing but the silence told whether it was over. */
  complete = false;
  /** The caller paused in it so that it could have been over. */
  goesOn = false;
  /** Replies that were begun before it was over. */
  tries = 0;

  constructor(id: string, now: number, earlier = '') {
    this.id = id;
    this.heardAt = now;
    this.#earlier = earlier;
  }

  /** As plain data, a turn that is over and not answered yet. */
  get memory(): { readonly id: string; readonly words: string; readonly fresh: string } {
    return { id: this.id, words: this.words, fresh: this.fresh };
  }

  /** A turn that was over before its object died. */
  static remembered({ id, words, fresh }: CallerTurn['memory'], now: number): CallerTurn {
    const turn = new CallerTurn(id, now, words.slice(0, words.length - fresh.length).trim());
    turn.settle(fresh, undefined, undefined, now);
    return turn;
  }

  /** Everything the caller has said in it. */
  get words(): string {
    return joined([this.#earlier, this.fresh]);
  }

  /** What of it is not remembered yet. */
  get fresh(): string {
    return this.freshWith(this.#interim);
  }

  /** The same if its last words were these. */
  freshWith(text: string): string {
    return joined([...this.#segments.map((segment) => segment.text), text]);
  }

  get mayTry(): boolean {
    return this.tries < MAX_TRIES;
  }

  /** Takes words that may still change, in place of those before. */
  heard(text: string, now: number): void {
    this.#interim = text;
    this.heardAt = now;
    this.endAt = undefined;
  }

  /** Takes its words so far for good. */
  fix(): void {
    if (this.#interim !== '') this.#segments = [...this.#segments, { text: this.#interim, endMs: undefined }];
    this.#interim = '';
  }

  /**
   * Takes the first of its words that may still change for good; the last of them ends at `endMs`. False if it does not
   * begin with them.
   */
  keep(text: string, endMs: number): boolean {
    if (!this.#interim.startsWith(text)) return false;
    this.#segments = [...this.#segments, { text, endMs }];
    this.#interim = this.#interim.slice(text.length).trim();
    this.endMs = Math.max(this.endMs, endMs);
    return true;
  }

  /** Takes words that will not change any more. Recognisers may deliver them out of order. */
  settle(text: string, endMs: number | undefined, speechEndAt: number | undefined, now: number): void {
    this.#interim = '';
    this.heardAt = now;
    if (speechEndAt !== undefined) this.speechEndAt = Math.max(this.speechEndAt ?? speechEndAt, speechEndAt);
    this.endMs = Math.max(this.endMs, endMs ?? 0);
    const later = endMs === undefined ? -1 : this.#segments.findIndex((other) => (other.endMs ?? 0) > endMs);
    const at = later < 0 ? this.#segments.length : later;
    this.#segments = [...this.#segments.slice(0, at), { text, endMs }, ...this.#segments.slice(at)];
  }
}

/** True when two transcripts hold the same words, whatever their capitals and marks. */
export function sameWords(a: string, b: string): boolean {
  return bareWords(a) === bareWords(b);
}

/** A text in small letters, without marks. */
export function bareWords(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}
