import type { Caller } from './caller.ts';

/** 20 ms of 16-bit audio at 16 kHz. */
export const FRAME_BYTES = 640;
/** The samples from here hold the time at which the frame was sent, as a double. */
const STAMP_AT = 8;
const MARK = 0x5a;

/** A caller's microphone frame, packed once for its wire; only the time in its samples changes. */
export class StampedFrame {
  readonly #bytes: Buffer;
  readonly #stampAt: number;

  constructor(caller: Caller) {
    const audio = Buffer.alloc(FRAME_BYTES, MARK);
    const packed = caller.framed('voicechat.audio.chunk', { audio });
    if (typeof packed === 'string' || packed === undefined)
      throw new Error('the wire has no frames of audio');
    this.#bytes = Buffer.from(packed);
    const at = this.#bytes.indexOf(audio);
    this.#bytes.fill(0, at, at + FRAME_BYTES);
    this.#stampAt = at + STAMP_AT;
  }

  /** The frame, sent `at` ms on the clock of `now`; the same memory every time. */
  stamped(at: number): Uint8Array {
    this.#bytes.writeDoubleLE(at, this.#stampAt);
    return this.#bytes;
  }
}

/** When the frame that begins at byte `from` of `data` was sent. */
export function sentAt(data: Buffer, from: number): number {
  return data.readDoubleLE(from + STAMP_AT);
}
