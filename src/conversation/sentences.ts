/** A piece may be cut before its sentence ends once it has this many characters: the first at a clause mark, any in a hurry. */
const CLAUSE_CHARACTERS = 12;
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

  /** Whether `hurry` would yield something. */
  get canHurry(): boolean {
    return this.#wordEnd() !== undefined;
  }

  /** Cuts the unfinished sentence after the last word that can stand at the end of a piece, because speech must not wait for more. */
  hurry(): readonly string[] {
    const end = this.#wordEnd();
    if (end === undefined) return [];
    const piece = folded(this.#pending.slice(0, end));
    this.#pending = this.#pending.slice(end);
    this.#first = false;
    return [piece];
  }

  /** The whole sentences that were not cut yet, when the text breaks off; what is left is dropped. */
  breakOff(): readonly string[] {
    const end = /^[\s\S]*[.!?…]["'”’)]*(?=\s|$)/u.exec(this.#pending)?.[0] ?? '';
    this.#pending = '';
    return end === '' ? [] : [folded(end)];
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

  /** The last word may still grow, and words that lead to the next one are left to it. */
  #wordEnd(): number | undefined {
    const text = this.#pending.trimEnd() === this.#pending ? this.#pending : `${this.#pending.trimEnd()} `;
    for (let end = text.lastIndexOf(' '); end > 0; end = text.lastIndexOf(' ', end - 1)) {
      const piece = text.slice(0, end).trim();
      if (piece.length < CLAUSE_CHARACTERS) return undefined;
      if (!leadsOn(/\S+$/.exec(piece)?.[0] ?? '')) return end;
    }
    return undefined;
  }

  #cut(): number | undefined {
    const text = this.#pending;
    for (let i = 0; i < text.length; i++) {
      const after = i + 1;
      const end = sentenceEnd(text, i);
      if (end !== undefined && (this.#first || end >= SENTENCE_CHARACTERS)) return end;
      if (this.#first && after >= CLAUSE_CHARACTERS && isClauseEnd(text, i)) return after;
    }
    if (text.length <= LONGEST_PIECE_CHARACTERS) return undefined;
    const space = text.lastIndexOf(' ', LONGEST_PIECE_CHARACTERS);
    return space > 0 ? space : LONGEST_PIECE_CHARACTERS;
  }
}

/** After these a speaker does not pause. */
const LEADING_WORDS = new Set(
  'a an the this that these those my your our their his her its of for to from in on at by with about as into over and or but nor so if because that which who whose when while than i you we they he she it is are was were am be been has have had do does did can could will would may might must shall should not no very more most too dr. mr. mrs. ms. prof. st. vs. e.g. i.e.'.split(
    ' ',
  ),
);

function leadsOn(word: string): boolean {
  const bare = word.replace(/^["'“‘(]+/, '');
  return LEADING_WORDS.has(bare.toLowerCase()) || /^\p{Lu}\.$/u.test(bare);
}

const ABBREVIATIONS = new Set(
  'dr mr mrs ms prof sr jr st vs etc inc ltd co corp dept est approx e.g i.e a.m p.m u.s u.k'.split(' '),
);

/** Where a sentence ends whose mark is at `i`: behind further marks and closing quotes, if white space is known to follow. */
function sentenceEnd(text: string, i: number): number | undefined {
  const mark = text[i] ?? '';
  if (mark === '\n') return i + 1;
  if (!/[.!?…]/.test(mark) || (mark === '.' && isAbbreviation(text.slice(0, i)))) return undefined;
  let end = i + 1;
  while (/[.!?…]/.test(text[end] ?? '')) end++;
  while (/["'”’)]/.test(text[end] ?? '')) end++;
  return /\s/.test(text[end] ?? '') ? end : undefined;
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

function folded(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
