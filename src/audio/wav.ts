import { bytesFromInt16, int16FromBytes } from './pcm.ts';

const HEADER_BYTES = 44;
const FORMAT_BYTES = 16;
const PCM_FORMAT = 1;

/** Mono 16-bit audio with its rate in Hz. */
export interface Recording {
  readonly sampleRate: number;
  readonly samples: Int16Array;
}

/** Reads a RIFF/WAVE file of 16-bit mono PCM; throws an error that names what it found otherwise. */
export function readWav(bytes: Uint8Array): Recording {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 12 || tag(view, 0) !== 'RIFF' || tag(view, 8) !== 'WAVE') {
    throw new Error('wav: a RIFF/WAVE file is accepted, got something else');
  }
  let sampleRate: number | undefined;
  for (let at = 12; at + 8 <= bytes.byteLength; ) {
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    if (tag(view, at) === 'fmt ') sampleRate = formatRate(view, body);
    if (tag(view, at) === 'data' && sampleRate !== undefined) {
      // Streamed files carry a size of 0xffffffff: the rest of the file is the data.
      return {
        sampleRate,
        samples: int16FromBytes(bytes.subarray(body, Math.min(body + size, bytes.byteLength))),
      };
    }
    at = body + size + (size % 2);
  }
  throw new Error(`wav: a ${sampleRate === undefined ? 'fmt' : 'data'} chunk is needed, got none`);
}

/** A RIFF/WAVE file of 16-bit mono PCM. */
export function writeWav(samples: Int16Array, sampleRate: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + samples.byteLength);
  const view = new DataView(bytes.buffer);
  const ascii = (at: number, text: string) => {
    for (let i = 0; i < text.length; i++) view.setUint8(at + i, text.charCodeAt(i));
  };
  ascii(0, 'RIFF');
  view.setUint32(4, HEADER_BYTES - 8 + samples.byteLength, true);
  ascii(8, 'WAVEfmt ');
  view.setUint32(16, FORMAT_BYTES, true);
  view.setUint16(20, PCM_FORMAT, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  ascii(36, 'data');
  view.setUint32(40, samples.byteLength, true);
  bytes.set(bytesFromInt16(samples), HEADER_BYTES);
  return bytes;
}

function formatRate(view: DataView, at: number): number {
  const bytes = view.byteLength - at;
  if (bytes < FORMAT_BYTES)
    throw new Error(`wav: a fmt chunk of ${FORMAT_BYTES} bytes is needed, got ${bytes}`);
  const format = view.getUint16(at, true);
  const channels = view.getUint16(at + 2, true);
  const bits = view.getUint16(at + 14, true);
  if (format !== PCM_FORMAT || channels !== 1 || bits !== 16) {
    throw new Error(
      `wav: 16-bit mono PCM is accepted, got format ${format}, ${channels} channels, ${bits} bits`,
    );
  }
  return view.getUint32(at + 4, true);
}

function tag(view: DataView, at: number): string {
  return String.fromCharCode(
    view.getUint8(at),
    view.getUint8(at + 1),
    view.getUint8(at + 2),
    view.getUint8(at + 3),
  );
}
