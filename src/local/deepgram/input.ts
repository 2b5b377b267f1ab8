import { floatFromInt16, int16FromBytes, int16FromFloat } from '../../audio/pcm.ts';
import { Resampler } from '../../audio/resample.ts';
import { decodeG711 } from '../g711.ts';
import { readJson } from '../parse.ts';

/** The rate the recognisers listen at. */
const LISTENING_HZ = 16_000;

/** How a client's binary frames are to be read; without `encoding` they must begin with a WAV header. */
export interface AudioShape {
  readonly encoding: 'linear16' | 'mulaw' | 'alaw' | undefined;
  readonly sampleRate: number;
  readonly channels: number;
}

/** The client's bytes are not audio in the declared encoding. */
export class Undecodable extends Error {}

/** Turns the binary frames of one connection into 16 kHz mono samples and keeps its clock. */
export class AudioInput {
  #shape: AudioShape;
  #resampler: Resampler | undefined;
  #rest: Uint8Array = new Uint8Array(0);
  #bytes = 0;

  constructor(shape: AudioShape) {
    this.#shape = shape;
    this.#tune(shape.sampleRate);
  }

  /** Milliseconds of audio received. */
  get ms(): number {
    return (this.#bytes / (this.#frameBytes * this.#shape.sampleRate)) * 1000;
  }

  get channels(): number {
    return this.#shape.channels;
  }

  /** One frame, at 16 kHz; a sample split between two frames is carried. Throws `Undecodable`. */
  write(frame: Uint8Array): Int16Array {
    if (isJson(frame)) throw new Undecodable('JSON came in a binary frame.');
    const audio = this.#shape.encoding === undefined ? this.#openContainer(frame) : frame;
    this.#bytes += audio.byteLength;
    const bytes = joined(this.#rest, audio);
    const whole = bytes.byteLength - (bytes.byteLength % this.#frameBytes);
    this.#rest = bytes.slice(whole);
    const samples = mono(this.#decode(bytes.subarray(0, whole)), this.#shape.channels);
    return this.#resampler ? int16FromFloat(this.#resampler.process(floatFromInt16(samples))) : samples;
  }

  get #frameBytes(): number {
    return (
      this.#shape.channels * (this.#shape.encoding === 'mulaw' || this.#shape.encoding === 'alaw' ? 1 : 2)
    );
  }

  #decode(bytes: Uint8Array): Int16Array {
    const { encoding } = this.#shape;
    return encoding === 'mulaw' || encoding === 'alaw' ? decodeG711(bytes, encoding) : int16FromBytes(bytes);
  }

  #openContainer(frame: Uint8Array): Uint8Array {
    const { shape, dataAt } = readWavHeader(frame);
    this.#shape = shape;
    this.#tune(shape.sampleRate);
    return frame.subarray(dataAt);
  }

  #tune(sampleRate: number): void {
    this.#resampler = sampleRate === LISTENING_HZ ? undefined : new Resampler(sampleRate, LISTENING_HZ);
  }
}

function isJson(frame: Uint8Array): boolean {
  if (frame[0] !== '{'.charCodeAt(0)) return false;
  return readJson(Buffer.from(frame).toString()) !== undefined;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.byteLength === 0) return second;
  const bytes = new Uint8Array(first.byteLength + second.byteLength);
  bytes.set(first);
  bytes.set(second, first.byteLength);
  return bytes;
}

function mono(samples: Int16Array, channels: number): Int16Array {
  if (channels === 1) return samples;
  const mixed = new Int16Array(samples.length / channels);
  for (let i = 0; i < mixed.length; i += 1) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel += 1) sum += samples[i * channels + channel] ?? 0;
    mixed[i] = sum / channels;
  }
  return mixed;
}

const WAV_PCM = 1;

/** The WAV header at the start of a stream, whose `data` chunk may say any length. */
function readWavHeader(frame: Uint8Array): { shape: AudioShape; dataAt: number } {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const tag = (at: number) => Buffer.from(frame.subarray(at, at + 4)).toString('latin1');
  if (tag(0) !== 'RIFF' || tag(8) !== 'WAVE')
    throw new Undecodable('No encoding is given and this is no WAV file.');
  let shape: AudioShape | undefined;
  let at = 12;
  while (at + 8 <= frame.byteLength && tag(at) !== 'data') {
    if (tag(at) === 'fmt ' && at + 24 <= frame.byteLength) shape = wavShape(view, at + 8);
    at += 8 + view.getUint32(at + 4, true);
  }
  if (!shape || tag(at) !== 'data')
    throw new Undecodable('The WAV header is not complete in the first frame.');
  return { shape, dataAt: at + 8 };
}

function wavShape(view: DataView, at: number): AudioShape {
  const [format, channels, bits] = [
    view.getUint16(at, true),
    view.getUint16(at + 2, true),
    view.getUint16(at + 14, true),
  ];
  if (format !== WAV_PCM || bits !== 16) throw new Undecodable('Only 16-bit PCM WAV files are read here.');
  return { encoding: 'linear16', channels, sampleRate: view.getUint32(at + 4, true) };
}
