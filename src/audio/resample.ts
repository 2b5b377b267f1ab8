/** Zero crossings of the sinc on each side of its centre; with Kaiser beta 8 the stop band lies below -80 dB. */
const ZERO_CROSSINGS = 24;
const KAISER_BETA = 8;
/** The pass band ends at this share of the lower Nyquist frequency, so that the transition band ends near it. */
const PASS_SHARE = 0.92;
/** Ratios with more phases than this are interpolated between neighbouring phases. */
const MAX_PHASES = 512;

/**
 * Changes the sample rate of a mono stream. Band-limited and stateful: feeding a stream in chunks gives exactly the
 * samples that feeding it whole gives. The output is aligned with the input; its last few milliseconds come from
 * `flush`, which also makes the resampler ready for a new stream. Rates are positive integers in Hz; equal rates pass
 * the input through.
 */
export class Resampler {
  readonly #up: number;
  readonly #down: number;
  readonly #filter: Filter | undefined;
  #history: Float32Array;
  /** Where the next output sample lies, in 1/up input samples from the start of the history. */
  #position = 0;
  #received = 0;
  #produced = 0;

  constructor(fromHz: number, toHz: number) {
    for (const rate of [fromHz, toHz]) {
      if (!Number.isInteger(rate) || rate <= 0) {
        throw new RangeError(`sample rate: a positive integer in Hz is accepted, got ${rate}`);
      }
    }
    const divisor = greatestCommonDivisor(fromHz, toHz);
    this.#up = toHz / divisor;
    this.#down = fromHz / divisor;
    this.#filter = fromHz === toHz ? undefined : filterFor(this.#up, this.#down);
    this.#history = this.#silence();
  }

  process(input: Float32Array): Float32Array {
    const filter = this.#filter;
    if (filter === undefined) return input;
    this.#received += input.length;
    const samples = new Float32Array(this.#history.length + input.length);
    samples.set(this.#history);
    samples.set(input, this.#history.length);
    const room = Math.ceil((samples.length * this.#up) / this.#down) + 1;
    const output = new Float32Array(room);
    let count = 0;
    let start = Math.floor(this.#position / this.#up);
    while (start + filter.length <= samples.length) {
      output[count++] = filter.at(samples, start, (this.#position % this.#up) / this.#up);
      this.#position += this.#down;
      start = Math.floor(this.#position / this.#up);
    }
    const consumed = Math.min(start, samples.length);
    this.#history = samples.slice(consumed);
    this.#position -= consumed * this.#up;
    this.#produced += count;
    return output.subarray(0, count);
  }

  /** The rest of the stream, so that `n` samples in all become `ceil(n * to / from)`. */
  flush(): Float32Array {
    const filter = this.#filter;
    if (filter === undefined) return new Float32Array(0);
    const owed = Math.ceil((this.#received * this.#up) / this.#down) - this.#produced;
    const rest = this.process(new Float32Array(filter.length)).slice(0, owed);
    this.#history = this.#silence();
    this.#position = 0;
    this.#received = 0;
    this.#produced = 0;
    return rest;
  }

  #silence(): Float32Array {
    return new Float32Array(this.#filter === undefined ? 0 : this.#filter.length / 2 - 1);
  }
}

/** A windowed sinc sampled at evenly spaced fractions of an input sample. */
class Filter {
  readonly length: number;
  readonly #phases: readonly Float32Array[];
  readonly #exact: boolean;

  constructor(up: number, down: number) {
    const shrink = Math.min(1, up / down);
    const half = Math.ceil(ZERO_CROSSINGS / shrink);
    const count = Math.min(up, MAX_PHASES);
    this.length = 2 * half;
    this.#exact = up <= MAX_PHASES;
    this.#phases = Array.from({ length: count + 1 }, (_, p) =>
      phaseTaps(half, p / count, shrink * PASS_SHARE),
    );
  }

  /** One output sample: `fraction` (0..1) of an input sample behind the centre of the window that begins at `start`. */
  at(samples: Float32Array, start: number, fraction: number): number {
    const place = fraction * (this.#phases.length - 1);
    const phase = this.#exact ? Math.round(place) : Math.floor(place);
    const value = this.#dot(samples, start, phase);
    if (this.#exact) return value;
    return value + (place - phase) * (this.#dot(samples, start, phase + 1) - value);
  }

  #dot(samples: Float32Array, start: number, phase: number): number {
    const taps = this.#phases[phase] as Float32Array; // phase is within the table: fraction < 1
    let sum = 0;
    for (let k = 0; k < taps.length; k++) sum += (taps[k] as number) * (samples[start + k] as number);
    return sum;
  }
}

function phaseTaps(half: number, fraction: number, cutoff: number): Float32Array {
  const taps = new Float32Array(2 * half);
  let sum = 0;
  for (let i = 0; i < taps.length; i++) {
    const x = i - half + 1 - fraction;
    const sinc = x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x);
    const tap = sinc * kaiser(x / half);
    taps[i] = tap;
    sum += tap;
  }
  return taps.map((tap) => tap / sum);
}

function kaiser(x: number): number {
  if (Math.abs(x) >= 1) return 0;
  return besselI0(KAISER_BETA * Math.sqrt(1 - x * x)) / besselI0(KAISER_BETA);
}

function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; k < 25; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** Filters are shared between streams; a process meets few pairs of rates, a hostile one is kept from filling memory. */
const MAX_CACHED_FILTERS = 16;
const filters = new Map<string, Filter>();

function filterFor(up: number, down: number): Filter {
  const key = `${up}/${down}`;
  const cached = filters.get(key);
  if (cached !== undefined) return cached;
  if (filters.size >= MAX_CACHED_FILTERS) filters.clear();
  const filter = new Filter(up, down);
  filters.set(key, filter);
  return filter;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
