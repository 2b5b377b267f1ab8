/** What one run of a WASI command left behind. */
export interface CommandResult {
  /** The bytes of the one file it wrote, empty when it wrote none. */
  readonly file: Uint8Array;
  /** Everything it printed. */
  readonly printed: string;
}

/**
 * Runs a WASI command module once with a host that knows arguments, printing and a single output file in memory:
 * no disk, no clock, no input. Throws when the command exits with another code than 0.
 */
export function runCommand(module: WebAssembly.Module, args: readonly string[]): CommandResult {
  const host = new CommandHost(args);
  const { exports } = new WebAssembly.Instance(module, { wasi_snapshot_preview1: host.imports() });
  const { memory, _start: start } = exports;
  if (!(memory instanceof WebAssembly.Memory) || typeof start !== 'function') {
    throw new Error('not a WASI command: it must export memory and _start');
  }
  host.attach(memory);
  try {
    start();
  } catch (thrown) {
    if (!(thrown instanceof CommandExit)) throw thrown;
    if (thrown.code !== 0) throw new Error(`${args[0]} exited with code ${thrown.code}: ${host.printed}`);
  }
  return { file: host.file, printed: host.printed };
}

// Numbers of https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
const OK = 0;
const BAD_DESCRIPTOR = 8;
const NOT_SEEKABLE = 70;
const ROOT_DESCRIPTOR = 3;
const FILE_DESCRIPTOR = 4;
const FILE_TYPE = { characterDevice: 2, directory: 3, regularFile: 4 } as const;
const ALL_RIGHTS = 0xffff_ffff_ffff_ffffn;
const FIRST_FILE_BYTES = 1 << 18;

class CommandExit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

class CommandHost {
  printed = '';
  readonly #args: readonly Uint8Array[];
  readonly #text = new TextDecoder();
  #memory: WebAssembly.Memory | undefined;
  #file = new Uint8Array(FIRST_FILE_BYTES);
  #size = 0;
  #position = 0;

  constructor(args: readonly string[]) {
    this.#args = args.map((argument) => new TextEncoder().encode(`${argument}\0`));
  }

  attach(memory: WebAssembly.Memory): void {
    this.#memory = memory;
  }

  get file(): Uint8Array {
    return this.#file.slice(0, this.#size);
  }

  imports(): WebAssembly.ModuleImports {
    return {
      args_sizes_get: (count: number, bytes: number) => {
        this.#setU32(count, this.#args.length);
        this.#setU32(
          bytes,
          this.#args.reduce((sum, argument) => sum + argument.length, 0),
        );
        return OK;
      },
      args_get: (pointers: number, bytes: number) => this.#writeArguments(pointers, bytes),
      clock_time_get: (_clock: number, _precision: bigint, out: number) => this.#setU64(out, 0n),
      fd_close: () => OK,
      fd_fdstat_get: (descriptor: number, out: number) => this.#describe(descriptor, out),
      fd_fdstat_set_flags: () => OK,
      fd_prestat_get: (descriptor: number, out: number) => this.#announceRoot(descriptor, out),
      fd_prestat_dir_name: (descriptor: number, out: number) => {
        this.#bytes().set([0x2f], out);
        return descriptor === ROOT_DESCRIPTOR ? OK : BAD_DESCRIPTOR;
      },
      path_open: (...args: number[]) => {
        this.#size = this.#position = 0;
        return this.#setU32(args[8] ?? 0, FILE_DESCRIPTOR);
      },
      fd_read: (_descriptor: number, _vectors: number, _count: number, out: number) => this.#setU32(out, 0),
      fd_seek: (descriptor: number, offset: bigint, whence: number, out: number) =>
        this.#seek(descriptor, Number(offset), whence, out),
      fd_write: (descriptor: number, vectors: number, count: number, out: number) =>
        this.#write(descriptor, vectors, count, out),
      proc_exit: (code: number) => {
        throw new CommandExit(code);
      },
    };
  }

  // The memory's buffer is replaced when it grows, so views are made afresh.
  #view(): DataView {
    return new DataView(this.#buffer());
  }

  #bytes(): Uint8Array {
    return new Uint8Array(this.#buffer());
  }

  #buffer(): ArrayBuffer {
    if (this.#memory === undefined) throw new Error('the command called its host before it was started');
    return this.#memory.buffer;
  }

  #setU32(at: number, value: number): number {
    this.#view().setUint32(at, value, true);
    return OK;
  }

  #setU64(at: number, value: bigint): number {
    this.#view().setBigUint64(at, value, true);
    return OK;
  }

  #writeArguments(pointers: number, bytes: number): number {
    let at = bytes;
    this.#args.forEach((argument, index) => {
      this.#setU32(pointers + 4 * index, at);
      this.#bytes().set(argument, at);
      at += argument.length;
    });
    return OK;
  }

  #describe(descriptor: number, out: number): number {
    const { characterDevice, directory, regularFile } = FILE_TYPE;
    const other = descriptor < ROOT_DESCRIPTOR ? characterDevice : regularFile;
    this.#bytes().fill(0, out, out + 24);
    this.#bytes()[out] = descriptor === ROOT_DESCRIPTOR ? directory : other;
    this.#setU64(out + 8, ALL_RIGHTS);
    return this.#setU64(out + 16, ALL_RIGHTS);
  }

  #announceRoot(descriptor: number, out: number): number {
    if (descriptor !== ROOT_DESCRIPTOR) return BAD_DESCRIPTOR;
    this.#setU32(out, 0);
    return this.#setU32(out + 4, '/'.length);
  }

  #seek(descriptor: number, offset: number, whence: number, out: number): number {
    if (descriptor !== FILE_DESCRIPTOR) return NOT_SEEKABLE;
    const from = [0, this.#position, this.#size][whence] ?? 0;
    this.#position = from + offset;
    return this.#setU64(out, BigInt(this.#position));
  }

  #write(descriptor: number, vectors: number, count: number, out: number): number {
    const view = this.#view();
    let total = 0;
    for (let i = 0; i < count; i++) {
      const start = view.getUint32(vectors + 8 * i, true);
      const length = view.getUint32(vectors + 8 * i + 4, true);
      const part = this.#bytes().subarray(start, start + length);
      if (descriptor === FILE_DESCRIPTOR) this.#writeFile(part);
      else this.printed += this.#text.decode(part);
      total += length;
    }
    return this.#setU32(out, total);
  }

  #writeFile(part: Uint8Array): void {
    const end = this.#position + part.length;
    if (end > this.#file.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#file.length));
      larger.set(this.#file);
      this.#file = larger;
    }
    this.#file.set(part, this.#position);
    this.#position = end;
    this.#size = Math.max(this.#size, end);
  }
}
