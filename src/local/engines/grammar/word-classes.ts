import type { Corpus } from './corpus.ts';

/** The class of a sentence's edges. */
export const EDGE = 'edge';
/** The class of words that no list names: product names, trade words. */
const UNLISTED = 'noun';

/** How likely a word follows a word of another class, for pairs of words that were never seen together. */
export interface WordClasses {
  readonly names: readonly string[];
  /** The classes of a word with the share of each; the shares add up to 1. */
  classesOf(word: string): ReadonlyMap<string, number>;
  /** The words of a class with their probabilities. */
  members(name: string): ReadonlyMap<string, number>;
  /** The probability that a word of class `to` follows one of class `from`; `EDGE` stands for start and end. */
  follows(from: string, to: string): number;
}

/** Learns from listed words (most frequent of a class first) and from sentences with a weight each. */
export function learnWordClasses(
  lists: ReadonlyMap<string, readonly string[]>,
  sentences: readonly { readonly corpus: Corpus; readonly weight: number }[],
): WordClasses {
  const classes = classesByWord(
    lists,
    sentences.flatMap(({ corpus }) => corpus),
  );
  const edge = new Map([[EDGE, 1]]);
  const classesOf = (word: string): ReadonlyMap<string, number> => classes.get(word) ?? edge;
  const seen = new Map<string, Map<string, number>>();
  const pairs = new Map<string, Map<string, number>>();
  for (const { corpus, weight } of sentences) {
    for (const sentence of corpus) countSentence(sentence, weight, classesOf, seen, pairs);
  }
  const names = [...lists.keys()];
  const members = new Map(
    names.map((name) => [name, memberProbabilities(lists.get(name) ?? [], seen.get(name))]),
  );
  const following = new Map(
    [EDGE, ...names].map((name) => [name, smoothed(pairs.get(name), [EDGE, ...names])]),
  );
  return {
    names,
    classesOf,
    members: (name) => members.get(name) ?? new Map(),
    follows: (from, to) => following.get(from)?.get(to) ?? 0,
  };
}

/** Share of a class's probability that goes by the lists' order instead of by counts. */
const LISTED_SHARE = 0.5;
/** The list's share falls with the place as 1 / (place + this). */
const RANK_OFFSET = 60;
const SMOOTHING_SHARE = 0.05;

function classesByWord(
  lists: ReadonlyMap<string, readonly string[]>,
  corpus: Corpus,
): Map<string, Map<string, number>> {
  const weights = new Map<string, Map<string, number>>();
  const add = (word: string, name: string, weight: number): void => {
    const own = weights.get(word) ?? new Map<string, number>();
    weights.set(word, own.set(name, weight));
  };
  for (const [name, words] of lists) {
    for (const [place, word] of words.entries()) add(word, name, 1 / (place + RANK_OFFSET));
  }
  for (const word of new Set(corpus.flat())) if (!weights.has(word)) add(word, UNLISTED, 1);
  for (const own of weights.values()) normalise(own);
  return weights;
}

function countSentence(
  sentence: readonly string[],
  weight: number,
  classesOf: (word: string) => ReadonlyMap<string, number>,
  seen: Map<string, Map<string, number>>,
  pairs: Map<string, Map<string, number>>,
): void {
  const edged = ['', ...sentence, ''];
  for (let i = 1; i < edged.length; i++) {
    const word = edged[i] ?? '';
    for (const [to, share] of classesOf(word)) {
      if (word !== '') increase(seen, to, word, weight * share);
      for (const [from, part] of classesOf(edged[i - 1] ?? ''))
        increase(pairs, from, to, weight * share * part);
    }
  }
}

function memberProbabilities(
  listed: readonly string[],
  counts: ReadonlyMap<string, number> = new Map(),
): Map<string, number> {
  const ranks = normalise(new Map(listed.map((word, place) => [word, 1 / (place + RANK_OFFSET)])));
  const counted = normalise(new Map(counts));
  const words = new Set([...ranks.keys(), ...counted.keys()]);
  const mixed = [...words].map(
    (word) =>
      [word, LISTED_SHARE * (ranks.get(word) ?? 0) + (1 - LISTED_SHARE) * (counted.get(word) ?? 0)] as const,
  );
  return normalise(new Map(mixed));
}

function smoothed(
  counts: ReadonlyMap<string, number> = new Map(),
  names: readonly string[],
): Map<string, number> {
  const observed = normalise(new Map(counts));
  const even = SMOOTHING_SHARE / names.length;
  return new Map(names.map((name) => [name, even + (1 - SMOOTHING_SHARE) * (observed.get(name) ?? 0)]));
}

function increase(table: Map<string, Map<string, number>>, row: string, column: string, by: number): void {
  const cells = table.get(row) ?? new Map<string, number>();
  table.set(row, cells.set(column, (cells.get(column) ?? 0) + by));
}

function normalise(weights: Map<string, number>): Map<string, number> {
  let sum = 0;
  for (const weight of weights.values()) sum += weight;
  for (const [key, weight] of weights) weights.set(key, weight / sum);
  return weights;
}
