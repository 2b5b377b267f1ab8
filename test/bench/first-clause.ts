/** A clause mark counts once the piece has this many characters. */
const CLAUSE_CHARACTERS = 12;
/** Without a mark the first piece is cut at a word this long after its first token, in ms. */
const CUT_MS = 70;

/** Finds the first piece of a reply that can be spoken: up to a clause mark, or the words there are after 70 ms. */
export class FirstClause {
  readonly #say: (text: string) => void;
  #pending = '';
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = false;
  #said = false;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  push(token: string): void {
    this.#timer ??= setTimeout(() => {
      this.#due = true;
      this.#cut();
    }, CUT_MS);
    this.#pending += token;
    if (!this.#said) this.#cut();
  }

  /** What was not said when the text is over. */
  rest(): string {
    clearTimeout(this.#timer);
    this.#said = true;
    return this.#pending.trim();
  }

  #cut(): void {
    if (this.#said) return;
    const mark = this.#pending.slice(CLAUSE_CHARACTERS - 1).search(/[,;:.!?](?=\s)/);
    const end = mark >= 0 ? mark + CLAUSE_CHARACTERS : this.#due ? this.#pending.lastIndexOf(' ') : -1;
    if (end <= 0) return;
    this.#said = true;
    clearTimeout(this.#timer);
    this.#say(this.#pending.slice(0, end).trim());
    this.#pending = this.#pending.slice(end);
  }
}
