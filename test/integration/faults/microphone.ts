/** Audio in one chunk, in ms. */
const CHUNK_MS = 100;
const SAMPLES_PER_MS = 16;
const LOUD = 8000;

/** A caller's microphone: from `begin` to `end` audio goes out as fast as time passes, speech or silence. */
export class Microphone {
  readonly #send: (audio: Uint8Array) => void;
  #timer: NodeJS.Timeout | undefined;
  #beganAt = 0;
  #sentMs = 0;
  #talks = false;
  #spokenMs = 0;
  #waiting: { readonly spokenMs: number; readonly done: () => void }[] = [];

  constructor(send: (audio: Uint8Array) => void) {
    this.#send = send;
  }

  begin(): void {
    this.#beganAt = Date.now();
    this.#record();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  talk(): void {
    this.#talks = true;
    this.#spokenMs = 0;
  }

  /** Talks on until there are `ms` of speech since `talk`, then falls silent. */
  async untilSaid(ms: number): Promise<void> {
    await new Promise<void>((done) => this.#waiting.push({ spokenMs: ms, done }));
  }

  /** Time that the machine lost is made up for, as by any device that records. */
  #record(): void {
    for (; Date.now() - this.#beganAt >= this.#sentMs; this.#sentMs += CHUNK_MS) this.#chunk();
    this.#timer = setTimeout(() => this.#record(), CHUNK_MS);
  }

  #chunk(): void {
    const level = this.#talks ? LOUD : 0;
    const samples = new Int16Array(CHUNK_MS * SAMPLES_PER_MS).map((_, i) => (i % 2 === 0 ? level : -level));
    this.#send(new Uint8Array(samples.buffer));
    if (!this.#talks) return;
    this.#spokenMs += CHUNK_MS;
    const said = this.#waiting.filter(({ spokenMs }) => this.#spokenMs >= spokenMs);
    if (said.length > 0) this.#talks = false;
    this.#waiting = this.#waiting.filter((waiting) => !said.includes(waiting));
    for (const { done } of said) done();
  }
}
