/** Bytes of one mono 16-bit sample. */
export const SAMPLE_BYTES = 2;

/** Samples of little-endian 16-bit PCM. Views the bytes when they are aligned, copies them when not; a trailing odd byte is dropped. */
export function int16FromBytes(bytes: Uint8Array): Int16Array {
  // Not `slice`: that of a Node Buffer is a view.
  const aligned = bytes.byteOffset % SAMPLE_BYTES === 0 ? bytes : new Uint8Array(bytes);
  return new Int16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 1);
}

/** The same memory seen as little-endian bytes. */
export function bytesFromInt16(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

/** Samples scaled to -1..1. */
export function floatFromInt16(samples: Int16Array): Float32Array {
  const floats = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i++) floats[i] = (samples[i] ?? 0) / 32768;
  return floats;
}

/** Samples of -1..1 rounded to 16 bits; louder ones are clipped. */
export function int16FromFloat(floats: Float32Array): Int16Array {
  const samples = new Int16Array(floats.length);
  for (let i = 0; i < floats.length; i++) {
    samples[i] = Math.max(-32768, Math.min(32767, Math.round((floats[i] ?? 0) * 32768)));
  }
  return samples;
}

/** How long mono 16-bit PCM of `byteLength` bytes plays, in ms, at `sampleRate` Hz. */
export function durationMs(byteLength: number, sampleRate: number): number {
  return (byteLength / SAMPLE_BYTES / sampleRate) * 1000;
}
