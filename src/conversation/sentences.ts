/** The first piece may be cut at a clause mark once it has this many characters, so that speech starts early. */
const FIRST_CLAUSE_CHARACTERS = 12;
/** Shorter sentences are spoken together with the next one. */
const SENTENCE_CHARACTERS = 20;
/** Text without any mark is cut at a space after this many characters. */
const LONGEST_PIECE_CHARACTERS = 200;

/**
 * Cuts a stream of model text into pieces to be spoken: the first as short as a clause, the others whole sentences.
 * Abbreviations, initials, decimals and e-mail addresses are not sentence ends. Joined with spaces the pieces are the
 * text, its white space folded.
 */
export class Sentences {
  #pending = '';
  #first = true;

  /** Takes the next text; returns the pieces it completes. */
  push(text: string): readonly string[] {
    this.#pending += text;
    const pieces: string[] = [];
    for (let end = this.#cut(); end !== undefined; end = this.#cut()) {
      const piece = folded(this.#pending.slice(0, end));
      this.#pending = this.#pending.slice(end);
      if (piece === '') continue;
      this.#first = false;
      pieces.push(piece);
    }
    return pieces;
  }

  /** The rest, when the text is over. */
  flush(): readonly string[] {
    const rest = folded(this.#pending);
    this.#pending = '';
    return rest === '' ? [] : [rest];
  }

  /** Forgets text that was not yet cut, because it will never be completed. */
  discard(): void {
    this.#pending = '';
  }

  #cut(): number | undefined {
    const text = this.#pending;
    for (let i = 0; i < text.length; i++) {
      const after = i + 1;
      if (isSentenceEnd(text, i) && (this.#first || after >= SENTENCE_CHARACTERS))
        return withQuotes(text, after);
      if (this.#first && after >= FIRST_CLAUSE_CHARACTERS && isClauseEnd(text, i)) return after;
    }
    if (text.length <= LONGEST_PIECE_CHARACTERS) return undefined;
    const space = text.lastIndexOf(' ', LONGEST_PIECE_CHARACTERS);
    return space > 0 ? space : LONGEST_PIECE_CHARACTERS;
  }
}

const ABBREVIATIONS = new Set(
  'dr mr mrs ms prof sr jr st vs etc inc ltd co corp dept est approx e.g i.e a.m p.m u.s u.k'.split(' '),
);

/** A mark ends a sentence only when what follows it is known to be white space or a closing quote. */
function isSentenceEnd(text: string, i: number): boolean {
  const mark = text[i];
  if (mark === '\n') return true;
  if (mark !== '.' && mark !== '!' && mark !== '?' && mark !== '…') return false;
  const next = text[i + 1];
  if (next === undefined) return mark === '!' || mark === '?';
  if (!/[\s"'”’)]/.test(next)) return false;
  return mark !== '.' || !isAbbreviation(text.slice(0, i));
}

function isAbbreviation(before: string): boolean {
  const word = /[\p{L}.]+$/u.exec(before)?.[0] ?? '';
  return /^\p{Lu}$/u.test(word) || ABBREVIATIONS.has(word.toLowerCase());
}

function isClauseEnd(text: string, i: number): boolean {
  const mark = text[i] ?? '';
  const next = text[i + 1];
  return next !== undefined && /\s/.test(next) && /[,;:–—]/.test(mark);
}

function withQuotes(text: string, end: number): number {
  let after = end;
  while (/["'”’)]/.test(text[after] ?? '')) after++;
  return after;
}

function folded(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
