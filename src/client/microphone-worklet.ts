import { Framer, type MicrophoneFrame } from './framer.ts';
import { MICROPHONE_FRAME_MS, MICROPHONE_PROCESSOR, MICROPHONE_RATE } from './worklets.ts';

registerProcessor(
  MICROPHONE_PROCESSOR,
  class extends AudioWorkletProcessor {
    readonly #framer = new Framer(
      { fromHz: sampleRate, toHz: MICROPHONE_RATE, frameMs: MICROPHONE_FRAME_MS },
      (frame: MicrophoneFrame) => this.port.postMessage(frame, [frame.samples.buffer]),
    );

    process(inputs: readonly Float32Array[][]): boolean {
      const channel = inputs[0]?.[0];
      if (channel !== undefined) this.#framer.push(channel);
      return true;
    }
  },
);
