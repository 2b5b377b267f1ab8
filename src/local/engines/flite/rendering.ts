import { readWav } from '../../../audio/wav.ts';
import type { Speech } from '../ports.ts';
import { readPhones, type Span, wordSpans } from './alignment.ts';
import { type SpokenUnit, spokenUnits } from './spoken.ts';
import type { CommandResult } from './wasi.ts';

/** Runs flite with these arguments. */
export type RunFlite = (args: readonly string[]) => CommandResult;

/** Renders speech with flite, sentence by sentence, and knows when each character of the text is heard. */
export interface Rendering {
  /** `speed` 1 is the voice's own; 2 speaks twice as fast. */
  render(request: { readonly text: string; readonly voice: string; readonly speed: number }): Speech;
}

/** The lexicon of words already looked up lives as long as the rendering. */
export function createRendering(run: RunFlite): Rendering {
  const pronounce = createLexicon(run);
  return {
    render({ text, voice, speed }) {
      const clips = sentences(spokenUnits(text)).map((units) =>
        renderSentence(run, pronounce, units, voice, speed),
      );
      return joined(text, clips);
    },
  };
}

/** Length of the silence that stands for text without any sound, in ms. */
const EMPTY_SPEECH_MS = 50;
const EMPTY_SAMPLE_RATE = 16_000;
/** flite opens with up to a quarter of a second of silence; a reply should not start with it. */
const LEAD_IN_S = 0.04;

interface Clip {
  readonly samples: Int16Array;
  readonly sampleRate: number;
  readonly units: readonly SpokenUnit[];
  /** When each unit is heard, in seconds of this clip. */
  readonly spans: readonly Span[];
}

function sentences(units: readonly SpokenUnit[]): SpokenUnit[][] {
  const found: SpokenUnit[][] = [];
  let open: SpokenUnit[] = [];
  for (const unit of units) {
    open.push(unit);
    if (!'.?!'.includes(unit.pause) || unit.pause === '') continue;
    found.push(open);
    open = [];
  }
  return open.length === 0 ? found : [...found, open];
}

function renderSentence(
  run: RunFlite,
  pronounce: (words: readonly string[]) => readonly (readonly string[])[],
  units: readonly SpokenUnit[],
  voice: string,
  speed: number,
): Clip {
  const phrase = units.map(({ words, pause }) => `${words.join(' ')}${pause}`).join(' ');
  const stretch = (1 / speed).toFixed(4);
  const { file, printed } = run([
    '-voice',
    voice,
    '--setf',
    `duration_stretch=${stretch}`,
    '-psdur',
    '-t',
    phrase,
    '-o',
    '/speech.wav',
  ]);
  const { samples, sampleRate } = readWav(file);
  const words = units.flatMap((unit) => unit.words.map((word) => word.replace(',', '')));
  const spans = wordSpans(pronounce(words), readPhones(printed));
  const cutS = Math.max(0, (spans[0]?.startS ?? 0) - LEAD_IN_S);
  let word = 0;
  const unitSpans = units.map((unit) => {
    const first = spans[word];
    word += unit.words.length;
    const last = spans[word - 1];
    return { startS: (first?.startS ?? cutS) - cutS, endS: (last?.endS ?? cutS) - cutS };
  });
  return { samples: samples.subarray(Math.round(cutS * sampleRate)), sampleRate, units, spans: unitSpans };
}

function joined(text: string, clips: readonly Clip[]): Speech {
  const sampleRate = clips[0]?.sampleRate ?? EMPTY_SAMPLE_RATE;
  const length = clips.reduce((sum, clip) => sum + clip.samples.length, 0);
  const samples = new Int16Array(clips.length === 0 ? (EMPTY_SPEECH_MS * sampleRate) / 1000 : length);
  const durationMs = (samples.length / sampleRate) * 1000;
  const timeline = new Timeline(text.length, durationMs);
  let at = 0;
  for (const clip of clips) {
    samples.set(clip.samples, at);
    const clipMs = (at / sampleRate) * 1000;
    clip.units.forEach((unit, i) => {
      const { startS = 0, endS = 0 } = clip.spans[i] ?? {};
      timeline.place(unit, clipMs + startS * 1000, clipMs + endS * 1000);
    });
    at += clip.samples.length;
  }
  return { samples, sampleRate, ...timeline.finish() };
}

/** Boundaries between the characters of a text, in ms; what lies between two placed stretches fills the gap. */
class Timeline {
  readonly #boundaries: number[] = [0];
  readonly #length: number;
  readonly #durationMs: number;

  constructor(length: number, durationMs: number) {
    this.#length = length;
    this.#durationMs = durationMs;
  }

  place({ from, to }: SpokenUnit, startMs: number, endMs: number): void {
    this.#reach(from, startMs);
    this.#reach(to, endMs);
  }

  finish(): Pick<Speech, 'startMs' | 'endMs'> {
    this.#reach(this.#length, this.#durationMs);
    // A last character with a sound takes the silence that follows it.
    this.#boundaries[this.#length] = this.#durationMs;
    return { startMs: this.#boundaries.slice(0, this.#length), endMs: this.#boundaries.slice(1) };
  }

  /** Spreads the characters up to `index` evenly over the time up to `ms`. */
  #reach(index: number, ms: number): void {
    const from = this.#boundaries.length - 1;
    const start = this.#boundaries[from] ?? 0;
    const end = Math.max(start, Math.min(ms, this.#durationMs));
    for (let i = from + 1; i <= index; i++) {
      this.#boundaries.push(i === index ? end : start + ((end - start) * (i - from)) / (index - from));
    }
  }
}

/** The quickest voice to render; the American voices share its lexicon. */
const LEXICON_VOICE = 'kal';
const LEXICON_MAX_WORDS = 5000;

/** Looks up the sounds of words by having flite say them apart, with a pause after each; remembers them. */
function createLexicon(run: RunFlite): (words: readonly string[]) => string[][] {
  const known = new Map<string, string[]>();
  return (words) => {
    const fresh = [...new Set(words)].filter((word) => !known.has(word));
    if (known.size + fresh.length > LEXICON_MAX_WORDS) known.clear();
    if (fresh.length > 0) {
      const phrase = fresh.map((word) => `${word},`).join(' ');
      const { printed } = run(['-voice', LEXICON_VOICE, '-ps', '-t', phrase, '-o', 'none']);
      const groups = printed
        .split('pau')
        .map((group) => group.trim().split(/\s+/))
        .filter((group) => group[0] !== '');
      // One group a word is the rule; when flite pauses elsewhere, the letters give a fair guess of the length.
      fresh.forEach((word, i) => {
        known.set(word, (groups.length === fresh.length ? groups[i] : undefined) ?? [...word]);
      });
    }
    return words.map((word) => known.get(word) ?? [...word]);
  };
}
