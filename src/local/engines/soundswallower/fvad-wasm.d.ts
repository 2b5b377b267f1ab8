declare module '@echogarden/fvad-wasm' {
  /** Instantiates the emscripten module; it exports the C functions under an underscore. */
  export default function createModule(options: { readonly wasmBinary: Uint8Array }): Promise<unknown>;
}
