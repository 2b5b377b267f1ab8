interface Slot {
  readonly choices: readonly string[];
  readonly optional: boolean;
}

/** A pattern, and which of its slots the next word has to fill. */
interface State {
  readonly slots: readonly Slot[];
  readonly next: number;
}

/**
 * Phrases looked up word by word. A pattern is a row of words; `a|b` stands for either word and `a?` (also `a|b?`) for
 * one that may be absent. Patterns are followed, not written out, because a few of them stand for ten thousand phrases.
 */
export class PhraseSet {
  /** The patterns that a word may begin. */
  readonly #byFirst = new Map<string, (readonly Slot[])[]>();

  constructor(...lists: readonly (readonly string[])[]) {
    for (const pattern of lists.flat()) this.#add(pattern);
  }

  /** Where the longest phrase that begins at `from` ends; `from` itself when there is none. */
  longest(words: readonly string[], from: number): number {
    return this.#ends(words, from).at(-1) ?? from;
  }

  /** True when one phrase after the other makes up all the words, of which there is at least one. */
  covers(words: readonly string[]): boolean {
    return words.length > 0 && this.#covered(words)[words.length] === true;
  }

  /** How many words at the end are the beginning of a phrase, after none or more whole ones; undefined when they are not. */
  begun(words: readonly string[]): number | undefined {
    const covered = this.#covered(words);
    for (let from = words.length - 1; from >= 0; from--) {
      if (covered[from] && this.#reach(words, from).length > 0) return words.length - from;
    }
    return undefined;
  }

  /** True when a phrase occurs anywhere. */
  within(words: readonly string[]): boolean {
    return words.some((_, from) => this.longest(words, from) > from);
  }

  /** Where the longest phrase that ends with the last word begins; undefined when there is none. */
  tail(words: readonly string[]): number | undefined {
    const from = words.findIndex((_, at) => this.#reach(words, at).some(isWhole));
    return from < 0 ? undefined : from;
  }

  #add(pattern: string): void {
    const slots = pattern.split(' ').map(slotOf);
    for (const word of new Set(firstWords(slots))) {
      const known = this.#byFirst.get(word);
      if (known === undefined) this.#byFirst.set(word, [slots]);
      else known.push(slots);
    }
  }

  /** Which places in the words are reached by whole phrases from the start. */
  #covered(words: readonly string[]): readonly boolean[] {
    const covered = [true, ...words.map(() => false)];
    for (let from = 0; from < words.length; from++) {
      if (covered[from]) for (const end of this.#ends(words, from)) covered[end] = true;
    }
    return covered;
  }

  /** Where phrases end that begin at `from`, the nearest first. */
  #ends(words: readonly string[], from: number): readonly number[] {
    const ends: number[] = [];
    let states = this.#start(words[from]);
    for (let at = from; at < words.length && states.length > 0; at++) {
      states = step(states, words[at] ?? '');
      if (states.some(isWhole)) ends.push(at + 1);
    }
    return ends;
  }

  /** How far patterns have come after all the words from `from` on. */
  #reach(words: readonly string[], from: number): readonly State[] {
    let states = this.#start(words[from]);
    for (let at = from; at < words.length && states.length > 0; at++) states = step(states, words[at] ?? '');
    return states;
  }

  #start(word: string | undefined): readonly State[] {
    return (this.#byFirst.get(word ?? '') ?? []).map((slots) => ({ slots, next: 0 }));
  }
}

function slotOf(text: string): Slot {
  const optional = text.endsWith('?');
  return { choices: (optional ? text.slice(0, -1) : text).split('|'), optional };
}

function firstWords(slots: readonly Slot[]): readonly string[] {
  const required = slots.findIndex(({ optional }) => !optional);
  return slots.slice(0, required < 0 ? slots.length : required + 1).flatMap(({ choices }) => choices);
}

function step(states: readonly State[], word: string): readonly State[] {
  return states.flatMap(({ slots, next }) => {
    const reached: State[] = [];
    for (let at = next; at < slots.length; at++) {
      if (slots[at]?.choices.includes(word)) reached.push({ slots, next: at + 1 });
      if (!slots[at]?.optional) break;
    }
    return reached;
  });
}

/** Nothing that is still missing has to come. */
function isWhole({ slots, next }: State): boolean {
  return slots.slice(next).every(({ optional }) => optional);
}
