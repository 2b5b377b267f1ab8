// The part of the Web Audio API's AudioWorkletGlobalScope that the worklets use; the DOM library does not declare it.
declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(
  name: string,
  processor: new (
    options: AudioWorkletNodeOptions,
  ) => AudioWorkletProcessor & {
    process(inputs: readonly Float32Array[][], outputs: readonly Float32Array[][]): boolean;
  },
): void;
