import { Buffer } from 'node:buffer';
import type { Alignment } from '../../conversation/events.ts';
import type { Phrase } from '../phrase-shelf.ts';
import type { TimedAudio } from './frames.ts';

/** Bytes of one mono 16-bit sample. */
const SAMPLE_BYTES = 2;
/** The longest piece in which a phrase is passed on, in ms. */
const PIECE_MS = 1000;
/** The share of the text's characters, and of the time they take, that a phrase must have: normalised ones may go uncounted. */
const NEARLY = 0.9;

/** A piece of a phrase; its alignment counts from its own start. */
export interface Sound {
  readonly pcm: Uint8Array;
  readonly alignment: Alignment | undefined;
}

/** Cuts a phrase into pieces of at most a second; every character is with the piece in which it begins, or with the last. */
export function soundsOf({ pcm, alignment }: Phrase, sampleRate: number): readonly Sound[] {
  const pieceBytes = Math.round((PIECE_MS * sampleRate) / 1000) * SAMPLE_BYTES;
  const count = Math.ceil(pcm.byteLength / pieceBytes);
  const pieces = alignment.startMs.map((ms) => Math.max(0, Math.min(count - 1, Math.floor(ms / PIECE_MS))));
  return Array.from({ length: count }, (_, piece) => ({
    pcm: pcm.subarray(piece * pieceBytes, (piece + 1) * pieceBytes),
    alignment: part(alignment, -piece * PIECE_MS, (i) => pieces[i] === piece),
  }));
}

/** A phrase while it comes in: pieces to pass on, and in the end the whole. */
export class IncomingPhrase {
  readonly #sampleRate: number;
  readonly #audio: Uint8Array[] = [];
  readonly #alignments: Alignment[] = [];
  /** What came and was not passed on: less than a sample, and the characters that came without sound. */
  #rest: { bytes: Uint8Array; alignments: readonly Alignment[] } = {
    bytes: new Uint8Array(0),
    alignments: [],
  };
  #passedBytes = 0;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  /** Takes what came; returns its whole samples. A piece may end in the middle of a sample. */
  take({ audio, alignment }: TimedAudio): readonly Sound[] {
    const told = alignment === undefined ? [] : [alignment];
    this.#alignments.push(...told);
    const bytes = Buffer.concat([this.#rest.bytes, audio]);
    const alignments = [...this.#rest.alignments, ...told];
    const whole = bytes.byteLength - (bytes.byteLength % SAMPLE_BYTES);
    this.#rest = { bytes: bytes.subarray(whole), alignments: whole > 0 ? [] : alignments };
    if (whole === 0) return [];
    const pcm = bytes.subarray(0, whole);
    const startMs = durationMs(this.#passedBytes, this.#sampleRate);
    this.#audio.push(pcm);
    this.#passedBytes += whole;
    return soundsOf({ pcm, alignment: shifted(merged(alignments), -startMs) }, this.#sampleRate);
  }

  /** Any character was told of. */
  get aligned(): boolean {
    return this.#alignments.length > 0;
  }

  /** The phrase, or undefined when it lacks a part of the text or of the sound. */
  whole(text: string): Phrase | undefined {
    const phrase = { pcm: Buffer.concat(this.#audio), alignment: merged(this.#alignments) };
    const { characters, endMs } = phrase.alignment;
    const told = dense(characters.join('')) >= dense(text) * NEARLY;
    const endsMs = endMs.reduce((latest, ms) => Math.max(latest, ms), 0);
    const sounded =
      this.#passedBytes > 0 && durationMs(this.#passedBytes, this.#sampleRate) >= endsMs * NEARLY;
    return told && sounded ? phrase : undefined;
  }
}

/** How long so many bytes of mono 16-bit audio sound, in ms; `sampleRate` in Hz. */
export function durationMs(bytes: number, sampleRate: number): number {
  return (bytes / SAMPLE_BYTES / sampleRate) * 1000;
}

function merged(alignments: readonly Alignment[]): Alignment {
  return {
    characters: alignments.flatMap(({ characters }) => characters),
    startMs: alignments.flatMap(({ startMs }) => startMs),
    endMs: alignments.flatMap(({ endMs }) => endMs),
  };
}

function shifted({ characters, startMs, endMs }: Alignment, byMs: number): Alignment {
  return { characters, startMs: startMs.map((ms) => ms + byMs), endMs: endMs.map((ms) => ms + byMs) };
}

/** The characters that are wanted, with their times moved; undefined when there are none. */
function part(alignment: Alignment, byMs: number, wanted: (index: number) => boolean): Alignment | undefined {
  const { characters, startMs, endMs } = shifted(alignment, byMs);
  const own = characters.filter((_, i) => wanted(i));
  if (own.length === 0) return undefined;
  return {
    characters: own,
    startMs: startMs.filter((_, i) => wanted(i)),
    endMs: endMs.filter((_, i) => wanted(i)),
  };
}

function dense(text: string): number {
  return text.replace(/\s+/g, '').length;
}
