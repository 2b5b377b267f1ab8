/**
 * A guess at how an unknown English word or name sounds, from its letters: ARPAbet phones without stress, never empty.
 * Digits and other characters are silent. Good for names; no replacement for a dictionary.
 */
export function soundOut(word: string): string[] {
  const letters = word.toLowerCase().replace(/[^a-z]/g, '');
  const phones: string[] = [];
  let at = 0;
  while (at < letters.length) {
    const rule = RULES.find(([pattern]) => {
      pattern.lastIndex = at;
      return pattern.test(letters);
    });
    if (rule === undefined) break;
    const [pattern, sound] = rule;
    at = pattern.lastIndex;
    phones.push(...sound.split(' ').filter((phone) => phone !== ''));
  }
  return phones.length === 0 ? ['AH'] : phones;
}

/** Spellings before single letters; the first that fits at a place is used. */
const RULES: readonly (readonly [RegExp, string])[] = Object.entries({
  '(?<=^)kn': 'N',
  '(?<=^)wr': 'R',
  '(?<=^)ps': 'S',
  '(?<=^)x': 'Z',
  '(?<=^)y': 'Y',
  tion: 'SH AH N',
  sion: 'ZH AH N',
  cious: 'SH AH S',
  ough: 'AO',
  augh: 'AO',
  igh: 'AY',
  tch: 'CH',
  sch: 'S K',
  dge: 'JH',
  sh: 'SH',
  ch: 'CH',
  ph: 'F',
  th: 'TH',
  wh: 'W',
  gh: 'G',
  ck: 'K',
  qu: 'K W',
  ng: 'NG',
  nk: 'NG K',
  mb$: 'M',
  'ee|ea|ie': 'IY',
  'oo|ou(?=p)': 'UW',
  'oa|oe': 'OW',
  'ai|ay|ey|ei': 'EY',
  'oi|oy': 'OY',
  'ou|ow(?!$)': 'AW',
  ow$: 'OW',
  'au|aw': 'AO',
  'ew|ue': 'UW',
  'ar(?![aeiouy])': 'AA R',
  'or(?![aeiouy])': 'AO R',
  '(?:er|ir|ur)(?![aeiouy])': 'ER',
  ia$: 'IY AH',
  a$: 'AH',
  o$: 'OW',
  y$: 'IY',
  i$: 'IY',
  '(?<=[^aeiouy][^e]*)es$': 'Z',
  e$: '',
  'a(?=[^aeiouy]e)': 'EY',
  'i(?=[^aeiouy]e)': 'AY',
  'o(?=[^aeiouy]e)': 'OW',
  'u(?=[^aeiouy]e)': 'UW',
  'c(?=[eiy])': 'S',
  'g(?=[eiy])': 'JH',
  'bb?': 'B',
  'cc?': 'K',
  'dd?': 'D',
  'ff?': 'F',
  'gg?': 'G',
  'll?': 'L',
  'mm?': 'M',
  'nn?': 'N',
  'pp?': 'P',
  'rr?': 'R',
  'ss?': 'S',
  'tt?': 'T',
  'zz?': 'Z',
  vv: 'V',
  h: 'HH',
  j: 'JH',
  k: 'K',
  q: 'K',
  v: 'V',
  w: 'W',
  x: 'K S',
  y: 'IH',
  a: 'AE',
  e: 'EH',
  i: 'IH',
  o: 'AA',
  u: 'AH',
}).map(([pattern, sound]) => [new RegExp(pattern, 'y'), sound] as const);
