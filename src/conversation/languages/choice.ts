import { german } from './de.ts';
import { english } from './en.ts';
import { spanish } from './es.ts';
import { french } from './fr.ts';
import { italian } from './it.ts';
import { dutch } from './nl.ts';
import type { Phrases } from './phrases.ts';
import { portuguese } from './pt.ts';

/** The languages there are lists for, by the primary subtag of a BCP-47 tag. */
export const languages: ReadonlyMap<string, Phrases> = new Map([
  ['en', english],
  ['de', german],
  ['fr', french],
  ['es', spanish],
  ['it', italian],
  ['nl', dutch],
  ['pt', portuguese],
]);

/** The lists for a BCP-47 tag. For a language without lists only wordless sounds are known, so that every word counts. */
export function phrasesFor(tag: string): Phrases {
  return languages.get(tag.split(SUBTAG, 1)[0]?.toLowerCase() ?? '') ?? UNKNOWN;
}

const SUBTAG = /[-_]/;

const UNKNOWN: Phrases = {
  sounds: ['mm|mhm|mmhm|mmhmm|hm|hmm|m', 'mm|m hm|hmm', 'uh huh', 'uhhuh', 'ha ha', 'haha', 'hahaha'],
  hesitations: ['uh|um|er|erm|eh|ah'],
  listening: [],
  hellos: [],
  closings: [],
  openers: [],
  commands: [],
  innocent: [],
  holds: [],
  afterthoughts: [],
  courtesies: [],
  unfinished: [],
  stranded: [],
  questionWords: [],
  finished: [],
  numbers: {},
  repeats: {},
  magnitudes: {},
  days: [],
  times: [],
  asks: { phone: [], email: [], day: [] },
  dictating: [],
  dots: [],
  refusals: [],
  or: [],
};
