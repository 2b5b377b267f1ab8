interface Node {
  readonly next: Map<string, Node>;
  ends: boolean;
}

/**
 * Phrases looked up word by word, in time that does not depend on how many there are. A pattern is a row of words; `a|b`
 * stands for either word and `a?` (also `a|b?`) for one that may be absent.
 */
export class PhraseSet {
  readonly #root: Node = { next: new Map(), ends: false };

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
      if (covered[from] && this.#walk(words, from) !== undefined) return words.length - from;
    }
    return undefined;
  }

  /** True when a phrase occurs anywhere. */
  within(words: readonly string[]): boolean {
    return words.some((_, from) => this.longest(words, from) > from);
  }

  /** Where the longest phrase that ends with the last word begins; undefined when there is none. */
  tail(words: readonly string[]): number | undefined {
    const from = words.findIndex((_, at) => this.#walk(words, at)?.ends);
    return from < 0 ? undefined : from;
  }

  #add(pattern: string): void {
    let reached = new Set([this.#root]);
    for (const slot of pattern.split(' ')) {
      const optional = slot.endsWith('?');
      const choices = (optional ? slot.slice(0, -1) : slot).split('|');
      const further = [...reached].flatMap((node) => choices.map((word) => child(node, word)));
      reached = new Set(optional ? [...reached, ...further] : further);
    }
    for (const node of reached) node.ends = true;
  }

  /** Which places in the words are reached by whole phrases from the start. */
  #covered(words: readonly string[]): readonly boolean[] {
    const covered = [true, ...words.map(() => false)];
    for (let from = 0; from < words.length; from++) {
      if (covered[from]) for (const end of this.#ends(words, from)) covered[end] = true;
    }
    return covered;
  }

  #ends(words: readonly string[], from: number): readonly number[] {
    const ends: number[] = [];
    let node = this.#root;
    for (let at = from; at < words.length; at++) {
      const next = node.next.get(words[at] ?? '');
      if (next === undefined) break;
      node = next;
      if (node.ends) ends.push(at + 1);
    }
    return ends;
  }

  /** The place in the tree after all the words from `from` on. */
  #walk(words: readonly string[], from: number): Node | undefined {
    let node: Node | undefined = this.#root;
    for (let at = from; at < words.length && node !== undefined; at++) node = node.next.get(words[at] ?? '');
    return node;
  }
}

function child(node: Node, word: string): Node {
  const known = node.next.get(word);
  if (known !== undefined) return known;
  const fresh: Node = { next: new Map(), ends: false };
  node.next.set(word, fresh);
  return fresh;
}
