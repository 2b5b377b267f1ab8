/** A speech sound and when it ends, in seconds from the start of the rendering. */
export interface Phone {
  readonly name: string;
  readonly endS: number;
}

/** When something is heard, in seconds from the start of the rendering. */
export interface Span {
  readonly startS: number;
  readonly endS: number;
}

const PAUSE = 'pau';

/** Reads flite's `-psdur` line: `pau:0.162 hh:0.275 …`. Throws when a part has another shape. */
export function readPhones(printed: string): Phone[] {
  return printed.split(/\s+/).flatMap((part) => {
    if (part === '') return [];
    const match = /^([a-z]+):(\d+\.\d+)$/.exec(part);
    if (match === null) throw new Error(`flite -psdur: "phone:seconds" is expected, got "${part}"`);
    return [{ name: match[1] ?? '', endS: Number(match[2]) }];
  });
}

/**
 * When each word is heard: finds the cheapest match between the sounds the words have on their own
 * (`pronunciations`, one list for each word) and the sounds that were rendered, which differ a little because
 * neighbours change each other. A word that lost all its sounds gets an empty span where it would be.
 */
export function wordSpans(pronunciations: readonly (readonly string[])[], phones: readonly Phone[]): Span[] {
  const expected = pronunciations.flatMap((sounds, word) => sounds.map((name) => ({ name, word })));
  const heard = phones
    .map(({ name, endS }, i) => ({ name, endS, startS: phones[i - 1]?.endS ?? 0 }))
    .filter(({ name }) => name !== PAUSE);
  const owners = matchSounds(
    expected.map((sound) => sound.name),
    heard.map((sound) => sound.name),
  ).map((index) => expected[index]?.word ?? 0);
  const spans: Span[] = [];
  let last = heard[0]?.startS ?? 0;
  for (let word = 0; word < pronunciations.length; word++) {
    const first = heard[owners.indexOf(word)];
    const final = heard[owners.lastIndexOf(word)];
    spans.push({ startS: first?.startS ?? last, endS: final?.endS ?? last });
    last = final?.endS ?? last;
  }
  return spans;
}

/** For each heard sound the index of the expected sound it stands for, by edit distance; indices never fall. */
function matchSounds(expected: readonly string[], heard: readonly string[]): number[] {
  const width = heard.length + 1;
  const cost = new Uint32Array((expected.length + 1) * width);
  const at = (e: number, h: number): number => cost[e * width + h] ?? 0;
  const differs = (e: number, h: number): number => (expected[e - 1] === heard[h - 1] ? 0 : 1);
  for (let e = 0; e <= expected.length; e++) {
    for (let h = 0; h < width; h++) {
      const edge = e === 0 || h === 0;
      cost[e * width + h] = edge
        ? e + h
        : Math.min(at(e - 1, h) + 1, at(e, h - 1) + 1, at(e - 1, h - 1) + differs(e, h));
    }
  }
  const matches: number[] = new Array(heard.length).fill(0);
  let e = expected.length;
  let h = heard.length;
  while (h > 0) {
    if (e > 0 && at(e, h) === at(e - 1, h - 1) + differs(e, h)) matches[--h] = --e;
    else if (e > 0 && at(e, h) === at(e - 1, h) + 1) e--;
    else matches[--h] = Math.max(0, e - 1);
  }
  return matches;
}
