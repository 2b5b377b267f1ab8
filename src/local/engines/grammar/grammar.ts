import { spokenUnits } from '../flite/spoken.ts';
import { type Corpus, callerCorpus, generalCorpus, generalWords } from './corpus.ts';
import { withRegularForms } from './inflection.ts';
import { addKnownLines } from './known-lines.ts';
import type { Lexicon } from './lexicon.ts';
import { EDGE, learnWordClasses, type WordClasses } from './word-classes.ts';
import { WordGraph } from './word-graph.ts';

/** What the recogniser can hear: a weighted word graph and the sounds of its words, both in Sphinx text form. */
export interface Grammar {
  readonly fsg: string;
  readonly dictionary: string;
  readonly words: ReadonlySet<string>;
}

/**
 * Compiles the grammar of a sales call: pairs of words from our own corpora, backed by word classes for pairs never
 * seen. `extraSentences` (the agent's lines, names of people and products, key terms) join the corpus; words that the
 * lexicon lacks are sounded out by their letters. Speech outside the vocabulary is forced onto its words.
 */
export function compileGrammar(lexicon: Lexicon, extraSentences: readonly string[]): Grammar {
  const extra = extraSentences.map(spokenWords).filter((sentence) => sentence.length > 0);
  const sources = [
    { corpus: callerCorpus(), weight: 1 },
    { corpus: generalCorpus(), weight: GENERAL_WEIGHT },
    { corpus: extra, weight: EXTRA_WEIGHT },
  ];
  const words = withRegularForms(generalWords(), (word) => lexicon.has(word));
  const known = new Map([...words].map(([name, list]) => [name, list.filter((word) => lexicon.has(word))]));
  const classes = learnWordClasses(known, sources);
  const graph = new WordGraph();
  const pairs = countPairs(sources);
  addPairs(graph, classes, pairs);
  addClasses(graph, classes, pairs);
  addKnownLines(graph, extra, { start: wordState(''), final: FINAL_STATE, after: wordState });
  return {
    fsg: graph.text(wordState(''), FINAL_STATE),
    dictionary: lexicon.excerpt(graph.words),
    words: graph.words,
  };
}

const GENERAL_WEIGHT = 0.3;
const EXTRA_WEIGHT = 3;
/** Share of each word's followers that is left to the classes: at least this, more after words seldom seen. */
const LEAST_OPENNESS = 0.05;
const DISCOUNT = 0.6;
const FINAL_STATE = '#final';

/** A sentence as it is said, as the lexicon writes it: numbers and addresses as words, lower case. */
function spokenWords(sentence: string): string[] {
  return spokenUnits(sentence).flatMap(({ words }) =>
    words.map((word) => word.replace(',', '').toLowerCase()),
  );
}

type Pairs = ReadonlyMap<string, ReadonlyMap<string, number>>;

function countPairs(sources: readonly { readonly corpus: Corpus; readonly weight: number }[]): Pairs {
  const pairs = new Map<string, Map<string, number>>();
  for (const { corpus, weight } of sources) {
    for (const sentence of corpus) {
      const edged = ['', ...sentence, ''];
      for (let i = 1; i < edged.length; i++) {
        const before = edged[i - 1] ?? '';
        const after = edged[i] ?? '';
        const row = pairs.get(before) ?? new Map<string, number>();
        pairs.set(before, row.set(after, (row.get(after) ?? 0) + weight));
      }
    }
  }
  return pairs;
}

const wordState = (word: string): string => `word ${word}`;
const afterState = (name: string): string => `after ${name}`;
const beforeState = (name: string): string => `before ${name}`;

/** Seen pairs, and from each seen word the way to what its classes allow. */
function addPairs(graph: WordGraph, classes: WordClasses, pairs: Pairs): void {
  for (const [before, row] of pairs) {
    let total = 0;
    for (const count of row.values()) total += count;
    const openness = Math.max(LEAST_OPENNESS, (DISCOUNT * row.size) / (total + row.size));
    let seen = 0;
    let seenByClass = 0;
    for (const [after, count] of row) {
      const byClass = classProbability(classes, before, after);
      const probability = ((1 - openness) * count) / total + openness * byClass;
      seen += probability;
      seenByClass += byClass;
      if (after === '') graph.add(wordState(before), FINAL_STATE, probability);
      else graph.add(wordState(before), wordState(after), probability, after);
    }
    const unseen = Math.max(0, 1 - seen) / Math.max(1e-3, 1 - seenByClass);
    for (const [name, share] of classes.classesOf(before)) {
      graph.add(wordState(before), afterState(name), unseen * share);
    }
  }
}

function classProbability(classes: WordClasses, before: string, after: string): number {
  let sum = 0;
  for (const [from, share] of classes.classesOf(before)) {
    for (const to of classes.classesOf(after).keys()) {
      const member = after === '' ? 1 : (classes.members(to).get(after) ?? 0);
      sum += share * classes.follows(from, to) * member;
    }
  }
  return sum;
}

function addClasses(graph: WordGraph, classes: WordClasses, pairs: Pairs): void {
  for (const from of [EDGE, ...classes.names]) {
    graph.add(afterState(from), FINAL_STATE, classes.follows(from, EDGE));
    for (const to of classes.names) graph.add(afterState(from), beforeState(to), classes.follows(from, to));
  }
  for (const name of classes.names) {
    for (const [word, probability] of classes.members(name)) {
      graph.add(beforeState(name), pairs.has(word) ? wordState(word) : afterState(name), probability, word);
    }
  }
}
