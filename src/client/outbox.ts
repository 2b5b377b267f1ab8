import { AudioRing } from './audio-ring.ts';

/** The newest 10 s of audio at 16 kHz. */
const MAX_AUDIO_BYTES = 320_000;
/** How many typed turns are kept; nobody types more in a minute. */
const MAX_TEXTS = 16;

/** A turn that was typed, under the id it is sent with. */
export interface TypedTurn {
  readonly id: string;
  readonly text: string;
}

/** What the caller has said and the server has not got: it waits for the connection. The oldest makes room for the newest. */
export class Outbox {
  readonly #waiting = new AudioRing(MAX_AUDIO_BYTES);
  readonly #doubtful = new AudioRing(MAX_AUDIO_BYTES);
  #typed: readonly TypedTurn[] = [];

  keep(audio: Uint8Array): void {
    this.#waiting.push(audio);
  }

  /** The turn is kept until it is answered. */
  keepTyped(turn: TypedTurn): void {
    this.#typed = [...this.#typed, turn].slice(-MAX_TEXTS);
  }

  /** The server has the request of this id. */
  answered(id: string): void {
    if (this.#typed.length > 0) this.#typed = this.#typed.filter((turn) => turn.id !== id);
  }

  /** This was sent, and may never arrive. */
  doubt(audio: Uint8Array): void {
    this.#doubtful.push(audio);
  }

  /** Everything that was sent has gone out, and the server is there. */
  trust(): void {
    if (this.#doubtful.heldBytes > 0) this.#doubtful.drain();
  }

  /** The connection is lost: what was doubtful waits again, before what was said after it. */
  recall(): void {
    const later = this.#waiting.drain();
    for (const audio of [...this.#doubtful.drain(), ...later]) this.#waiting.push(audio);
  }

  /** All audio that waits, in order; it waits no more. */
  takeAudio(): readonly Uint8Array[] {
    return this.#waiting.heldBytes > 0 ? this.#waiting.drain() : [];
  }

  /** All typed turns that were not answered, in order. */
  get typed(): readonly TypedTurn[] {
    return this.#typed;
  }
}
