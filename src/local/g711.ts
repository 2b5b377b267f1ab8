/** The two telephone codings of ITU-T G.711: 8 bits a sample, 16 bits decoded. */
export type Companding = 'mulaw' | 'alaw';

const MULAW_BIAS = 0x84;
const MULAW_CLIP = 32_635;

export function decodeG711(bytes: Uint8Array, coding: Companding): Int16Array {
  return Int16Array.from(bytes, coding === 'mulaw' ? mulawToLinear : alawToLinear);
}

export function encodeG711(samples: Int16Array, coding: Companding): Uint8Array {
  return Uint8Array.from(samples, coding === 'mulaw' ? linearToMulaw : linearToAlaw);
}

function mulawToLinear(byte: number): number {
  const code = ~byte & 0xff;
  const magnitude = (((code & 0x0f) << 3) + MULAW_BIAS) << ((code >> 4) & 0x07);
  return code & 0x80 ? MULAW_BIAS - magnitude : magnitude - MULAW_BIAS;
}

function linearToMulaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), MULAW_CLIP) + MULAW_BIAS;
  const exponent = 31 - Math.clz32(magnitude) - 7;
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

function alawToLinear(byte: number): number {
  const code = byte ^ 0x55;
  const exponent = (code >> 4) & 0x07;
  const mantissa = (code & 0x0f) << 4;
  const magnitude = exponent === 0 ? mantissa + 8 : (mantissa + 0x108) << (exponent - 1);
  return code & 0x80 ? magnitude : -magnitude;
}

function linearToAlaw(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0;
  const magnitude = sample >= 0 ? sample : -sample - 1;
  const exponent = magnitude < 256 ? 0 : 31 - Math.clz32(magnitude) - 7;
  const mantissa = (magnitude >> (exponent === 0 ? 4 : exponent + 3)) & 0x0f;
  return (sign | (exponent << 4) | mantissa) ^ 0x55;
}
