import { bytesFromInt16 } from '../../audio/pcm.ts';
import { encodeG711 } from '../g711.ts';

/** An output format this server can render. */
export interface OutputFormat {
  readonly name: string;
  readonly sampleRate: number;
  readonly bytesPerSample: 1 | 2;
  readonly contentType: string;
  encode(samples: Int16Array): Uint8Array;
}

/** What the vendor renders when nothing is asked for; the local server cannot. */
export const DEFAULT_FORMAT = 'mp3_44100_128';

const RATES_HZ = [8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];

/** The format with this name, or `undefined` if it is not rendered here. */
export function outputFormat(name: string): OutputFormat | undefined {
  if (name === 'ulaw_8000' || name === 'alaw_8000') {
    const coding = name === 'ulaw_8000' ? 'mulaw' : 'alaw';
    const encode = (samples: Int16Array) => encodeG711(samples, coding);
    return { name, sampleRate: 8_000, bytesPerSample: 1, contentType: 'audio/basic', encode };
  }
  const sampleRate = RATES_HZ.find((rate) => name === `pcm_${rate}`);
  if (sampleRate === undefined) return undefined;
  return { name, sampleRate, bytesPerSample: 2, contentType: 'audio/pcm', encode: bytesFromInt16 };
}
