// The test programs reach this file by import only, so the declaration is named here.
/// <reference path="./fvad-wasm.d.ts" />
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import createModule from '@echogarden/fvad-wasm';

/** Samples of one analysed frame: 30 ms at 16 kHz, the longest the detector takes. */
export const FRAME_SAMPLES = 480;
/** Length of one analysed frame. */
export const FRAME_MS = 30;

/** Tells voiced frames from others for one stream (the WebRTC voice activity detector). */
export interface VoiceActivity {
  /** Whether a frame of exactly `FRAME_SAMPLES` samples holds a voice. */
  voiced(frame: Int16Array): boolean;
  free(): void;
}

/** Loads the detector; the function it resolves with starts one for a stream. */
export async function loadVoiceActivity(): Promise<() => VoiceActivity> {
  const wasm = createRequire(import.meta.url).resolve('@echogarden/fvad-wasm/fvad.wasm');
  // The package has no declarations of what its code exports.
  const native = (await createModule({ wasmBinary: await readFile(wasm) })) as FvadModule;
  return () => {
    const detector = native._fvad_new();
    const frameAt = native._malloc(2 * FRAME_SAMPLES);
    if (detector === 0 || frameAt === 0) throw new Error('voice activity: out of memory');
    native._fvad_set_mode(detector, AGGRESSIVE);
    native._fvad_set_sample_rate(detector, 16_000);
    return {
      voiced(frame) {
        native.HEAP16.set(frame, frameAt >> 1);
        return native._fvad_process(detector, frameAt, FRAME_SAMPLES) === 1;
      },
      free() {
        native._fvad_free(detector);
        native._free(frameAt);
      },
    };
  };
}

/** Mode of libfvad: 0 finds the most voice, 3 the least. */
const AGGRESSIVE = 2;

interface FvadModule {
  readonly HEAP16: Int16Array;
  _malloc(bytes: number): number;
  _free(at: number): void;
  _fvad_new(): number;
  _fvad_free(detector: number): void;
  _fvad_set_mode(detector: number, mode: number): number;
  _fvad_set_sample_rate(detector: number, rate: number): number;
  _fvad_process(detector: number, samples: number, count: number): number;
}
