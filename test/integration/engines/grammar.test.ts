import { beforeAll, describe, expect, it } from 'vitest';
import { callerCorpus, generalCorpus, generalWords } from '../../../src/local/engines/grammar/corpus.ts';
import { compileGrammar, type Grammar } from '../../../src/local/engines/grammar/grammar.ts';
import { Lexicon } from '../../../src/local/engines/grammar/lexicon.ts';
import { soundOut } from '../../../src/local/engines/grammar/sounding.ts';
import { loadAcousticModel } from '../../../src/local/engines/soundswallower/native.ts';
import { readSentences } from './hearing.ts';

let lexicon: Lexicon;
let grammar: Grammar;
let phones: ReadonlySet<string>;
beforeAll(async () => {
  const { dictionary } = await loadAcousticModel();
  lexicon = new Lexicon(dictionary);
  grammar = compileGrammar(lexicon, ['Hello Zyxandra, welcome to Blorptech.']);
  phones = new Set(dictionary.split('\n').flatMap((line) => line.split(' ').slice(1)));
});

describe('the corpus', () => {
  it.each(['shared-sentences.tsv', 'held-out.tsv'])('holds no sentence of %s', (name) => {
    const corpus = new Set([...callerCorpus(), ...generalCorpus()].map((sentence) => sentence.join(' ')));
    expect(readSentences(name).filter((sentence) => corpus.has(sentence))).toEqual([]);
  });

  it('is wide and always the same', () => {
    const corpus = callerCorpus();
    expect(corpus.length).toBeGreaterThan(10_000);
    expect(callerCorpus()).toEqual(corpus);
  });

  it('leaves no template unresolved', () => {
    const odd = callerCorpus()
      .flat()
      .filter((word) => !/^[a-z]+(?:'[a-z]+)?$/.test(word));
    expect(odd).toEqual([]);
  });

  it('knows thousands of common words', () => {
    expect(new Set([...generalWords().values()].flat()).size).toBeGreaterThan(2500);
  });
});

interface Transition {
  readonly from: number;
  readonly to: number;
  readonly probability: number;
  readonly word: string | undefined;
}

function transitions(fsg: string): Transition[] {
  return fsg.split('\n').flatMap((line) => {
    const [kind, from, to, probability, word] = line.split(' ');
    if (kind !== 'TRANSITION') return [];
    return [{ from: Number(from), to: Number(to), probability: Number(probability), word }];
  });
}

function header(fsg: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(fsg)?.[1]);
}

describe('the grammar', () => {
  it('is a well-formed graph with probabilities of 0..1', () => {
    const states = header(grammar.fsg, 'NUM_STATES');
    const steps = transitions(grammar.fsg);
    expect(steps.length).toBeGreaterThan(5000);
    for (const { from, to, probability } of steps) {
      expect(from).toBeLessThan(states);
      expect(to).toBeLessThan(states);
      expect(probability).toBeGreaterThan(0);
      expect(probability).toBeLessThanOrEqual(1);
    }
  });

  it('gives no state much more than all of its probability', () => {
    const sums = new Map<number, number>();
    for (const { from, probability } of transitions(grammar.fsg)) {
      sums.set(from, (sums.get(from) ?? 0) + probability);
    }
    // The way back to the classes is weighted for the words that have no step of their own, but is open to all.
    expect(Math.max(...sums.values())).toBeLessThan(1.4);
  });

  it('can reach every state from the start and the end from every state', () => {
    const steps = transitions(grammar.fsg);
    const states = header(grammar.fsg, 'NUM_STATES');
    const forward = steps.map(({ from, to }) => [from, to] as const);
    const backward = steps.map(({ from, to }) => [to, from] as const);
    expect(reach(header(grammar.fsg, 'START_STATE'), forward).size).toBe(states);
    expect(reach(header(grammar.fsg, 'FINAL_STATE'), backward).size).toBe(states);
  });

  it('has a sound for each of its words, made of phones the model knows', () => {
    const sounds = new Map(
      grammar.dictionary
        .trim()
        .split('\n')
        .map((line) => [line.split(/[ (]/)[0], line]),
    );
    for (const word of grammar.words) {
      const line = sounds.get(word);
      const unknown = line
        ?.split(' ')
        .slice(1)
        .filter((phone) => !phones.has(phone));
      expect([word, unknown]).toEqual([word, []]);
    }
  });

  it('takes up extra sentences with words no dictionary has', () => {
    expect([...grammar.words]).toEqual(expect.arrayContaining(['zyxandra', 'blorptech']));
    expect(lexicon.has('blorptech')).toBe(false);
  });

  it('is compiled in well under the time of a start', () => {
    const startMs = performance.now();
    compileGrammar(lexicon, []);
    expect(performance.now() - startMs).toBeLessThan(1500);
  });
});

describe('sounding out', () => {
  it.each([
    ['vantum', 'V AE N T AH M'],
    ['blorp', 'B L AO R P'],
    ['knight', 'N AY T'],
    ['jake', 'JH EY K'],
    ['phoenixy', 'F OW N IH K S IY'],
  ])('says %s as %s', (word, sounds) => expect(soundOut(word).join(' ')).toBe(sounds));

  it('always gives a sound the model knows', () => {
    for (const word of ['', '42', 'b', 'e', 'qqq', "o'neil", 'xyz']) {
      const sounds = soundOut(word);
      expect(sounds.length).toBeGreaterThan(0);
      expect(sounds.filter((sound) => !phones.has(sound))).toEqual([]);
    }
  });
});

function reach(start: number, steps: readonly (readonly [number, number])[]): Set<number> {
  const next = new Map<number, number[]>();
  for (const [from, to] of steps) next.set(from, [...(next.get(from) ?? []), to]);
  const reached = new Set([start]);
  for (const state of reached) for (const to of next.get(state) ?? []) reached.add(to);
  return reached;
}
