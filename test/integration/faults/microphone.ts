/** Audio in one chunk, in ms. */
const CHUNK_MS = 100;
const CHUNK_BYTES = CHUNK_MS * 16 * 2;

/** A caller's microphone: from `begin` to `end` audio goes out as fast as time passes, speech or silence. */
export class Microphone {
  readonly #send: (audio: Uint8Array) => void;
  #timer: NodeJS.Timeout | undefined;
  #beganAt = 0;
  #sentMs = 0;
  #speech: Uint8Array = new Uint8Array();
  #said: () => void = () => {};

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

  /** Speaks 16-bit PCM at 16 kHz, then falls silent; resolves when all of it has gone out. */
  async say(speech: Uint8Array): Promise<void> {
    this.#speech = speech;
    await new Promise<void>((said) => {
      this.#said = said;
    });
  }

  /** Time that the machine lost is made up for, as by any device that records. */
  #record(): void {
    for (; Date.now() - this.#beganAt >= this.#sentMs; this.#sentMs += CHUNK_MS) this.#chunk();
    this.#timer = setTimeout(() => this.#record(), CHUNK_MS);
  }

  #chunk(): void {
    const audio = new Uint8Array(CHUNK_BYTES);
    audio.set(this.#speech.subarray(0, CHUNK_BYTES));
    this.#send(audio);
    if (this.#speech.byteLength === 0) return;
    this.#speech = this.#speech.subarray(CHUNK_BYTES);
    if (this.#speech.byteLength === 0) this.#said();
  }
}
