/** The window of an envelope, in ms. */
const WINDOW_MS = 20;

/** Loudness per 20 ms of samples of -1..1 at `sampleRate` Hz. */
export function envelope(samples: Float32Array, sampleRate: number): number[] {
  const window = Math.round((sampleRate * WINDOW_MS) / 1000);
  return Array.from({ length: Math.floor(samples.length / window) }, (_, i) => {
    const part = samples.subarray(i * window, (i + 1) * window);
    return Math.sqrt(part.reduce((sum, sample) => sum + sample * sample, 0) / window);
  });
}

/** The correlation (-1..1) of an envelope with the part of another that resembles it most. */
export function bestCorrelation(said: readonly number[], heard: readonly number[]): number {
  let best = -1;
  for (let shift = -said.length / 4; shift <= heard.length - said.length / 2; shift++) {
    const from = Math.max(0, -Math.floor(shift));
    const to = Math.min(said.length, heard.length - Math.floor(shift));
    if (to - from < said.length / 2) continue;
    const offset = Math.floor(shift);
    best = Math.max(best, correlation(said.slice(from, to), heard.slice(from + offset, to + offset)));
  }
  return best;
}

/** How many windows lie between the first and the last loud one; loud is a tenth of the loudest. */
export function loudSpan(windows: readonly number[]): number {
  const loud = Math.max(...windows) / 10;
  return windows.findLastIndex((value) => value > loud) - windows.findIndex((value) => value > loud) + 1;
}

/**
 * A voice that says nothing: a buzz of 120 Hz through two moving formants, in syllables of different length and
 * loudness with pauses between them. Noise suppression lets it pass, and its envelope is unlike itself at any shift.
 * Half a second of silence comes before and after it; `seconds` is all of it.
 */
export function speechLike(sampleRate: number, seconds: number): Int16Array {
  const length = Math.round(sampleRate * seconds);
  const edge = Math.min(sampleRate / 2, length / 4);
  const syllables = syllableLoudness(sampleRate, length, edge);
  let phase = 0;
  return Int16Array.from({ length }, (_, i) => {
    const t = i / sampleRate;
    phase += (2 * Math.PI * (120 + 20 * Math.sin(2 * Math.PI * 0.7 * t))) / sampleRate;
    let sample = 0;
    for (let harmonic = 1; harmonic <= 24; harmonic++) {
      const hz = harmonic * 120;
      const first = 1 / (1 + ((hz - 500 - 200 * Math.sin(t * 9)) / 150) ** 2);
      const second = 0.6 / (1 + ((hz - 1500 - 400 * Math.sin(t * 5)) / 200) ** 2);
      sample += (first + second) * Math.sin(harmonic * phase);
    }
    return Math.round(6000 * sample * (syllables[i] ?? 0));
  });
}

function syllableLoudness(sampleRate: number, length: number, edge: number): Float32Array {
  const loudness = new Float32Array(length);
  let seed = 7;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  let at = edge;
  while (at < length - edge) {
    const duration = Math.min(length - edge - at, Math.round(sampleRate * (0.08 + 0.22 * random())));
    const peak = 0.35 + 0.65 * random();
    for (let i = 0; i < duration; i++) loudness[at + i] = peak * Math.sin((Math.PI * i) / duration) ** 0.5;
    at += duration + Math.round(sampleRate * (random() < 0.25 ? 0.25 : 0.03));
  }
  return loudness;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (x: readonly number[]) => x.reduce((sum, value) => sum + value, 0) / x.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [product, squareA, squareB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [da, db] = [(a[i] ?? 0) - meanA, (b[i] ?? 0) - meanB];
    product += da * db;
    squareA += da * da;
    squareB += db * db;
  }
  return squareA === 0 || squareB === 0 ? 0 : product / Math.sqrt(squareA * squareB);
}
