import { readFileSync } from 'node:fs';

/** Sentences as lists of lower-case words. */
export type Corpus = readonly (readonly string[])[];

/**
 * What callers say in a sales call, written out from the templates of `caller-sentences.txt`. Long lists of variants
 * are sampled with a fixed seed, so that the corpus is the same every time.
 */
export function callerCorpus(): Corpus {
  const { slots, templates } = readTemplates(readText('caller-sentences.txt'));
  const random = createRandom(SEED);
  return templates.flatMap((template) => {
    const copies = Math.min(MAX_SAMPLES, SAMPLES_PER_VARIANT * variants(template, slots));
    return Array.from({ length: copies }, () => words(fill(template, slots, random)));
  });
}

/** Everyday sentences, from `general-sentences.txt`. */
export function generalCorpus(): Corpus {
  return contentLines(readText('general-sentences.txt')).map(words);
}

/** Common words by class, the most frequent of a class first, from `general-words.txt`. */
export function generalWords(): ReadonlyMap<string, readonly string[]> {
  return new Map(
    contentLines(readText('general-words.txt')).map((line) => {
      const [name = '', ...members] = words(line);
      return [name.slice(1), members] as const;
    }),
  );
}

const SEED = 20;
const MAX_SAMPLES = 150;
const SAMPLES_PER_VARIANT = 2;

type Slots = ReadonlyMap<string, readonly string[]>;

function readText(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

function contentLines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

function words(line: string): string[] {
  return line.split(/\s+/).filter((word) => word !== '');
}

function readTemplates(text: string): { readonly slots: Slots; readonly templates: readonly string[] } {
  const lines = contentLines(text);
  const definitions = lines.filter((line) => line.startsWith('@'));
  const slots = definitions.map((line) => {
    const [, name = '', fillings = ''] = /^@(\w+) (.*)$/.exec(line) ?? [];
    return [name, fillings.split('|').map((filling) => filling.trim())] as const;
  });
  return { slots: new Map(slots), templates: lines.filter((line) => !line.startsWith('@')) };
}

/** A `[slot]` or a group of alternatives without a group inside. */
const CHOICE = /\[(\w+)\]|\(([^()]*)\)/;

function choices(match: RegExpExecArray, slots: Slots): readonly string[] {
  const [whole, slot, group] = match;
  if (slot === undefined) return (group ?? '').split('|');
  const fillings = slots.get(slot);
  if (fillings === undefined) throw new Error(`caller-sentences.txt: ${whole} is not defined`);
  return fillings;
}

/** How many sentences the template's own choices give; choices inside a choice are not counted. */
function variants(template: string, slots: Slots): number {
  const all = new RegExp(CHOICE, 'g');
  let product = 1;
  for (let match = all.exec(template); match !== null; match = all.exec(template)) {
    product *= choices(match, slots).length;
  }
  return product;
}

function fill(template: string, slots: Slots, random: () => number): string {
  let text = template;
  for (let match = CHOICE.exec(text); match !== null; match = CHOICE.exec(text)) {
    const options = choices(match, slots);
    const choice = options[Math.floor(random() * options.length)] ?? '';
    text = text.slice(0, match.index) + choice + text.slice(match.index + match[0].length);
  }
  return text;
}

/** The mulberry32 generator: numbers of 0..1 that depend on the seed alone. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
