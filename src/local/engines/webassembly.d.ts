// Node has WebAssembly, but its type declarations leave it to the DOM library; this is the part the engines use.
declare namespace WebAssembly {
  type ModuleImports = Record<string, unknown>;

  class Module {
    constructor(bytes: Uint8Array);
  }

  class Memory {
    constructor(descriptor: { readonly initial: number });
    readonly buffer: ArrayBuffer;
  }

  class Instance {
    constructor(module: Module, imports: Record<string, ModuleImports>);
    readonly exports: Record<string, unknown>;
  }
}
