import type { Fault } from '../faults.ts';
import { changedSettings, generationFailed, idle } from './errors.ts';
import { singleFrame } from './frames.ts';
import { cast, Mouthpiece, type Opening, openingProblem } from './opening.ts';
import { Speaker } from './speaker.ts';

/** One `stream-input` socket: one stream of text becomes one stream of speech. */
export class SingleStream {
  readonly #opening: Opening;
  readonly #mouthpiece: Mouthpiece;
  #idle: NodeJS.Timeout | undefined;
  #speaker: Speaker | undefined;
  #ended = false;

  constructor(opening: Opening) {
    this.#opening = opening;
    this.#mouthpiece = new Mouthpiece(opening);
  }

  open(faults: readonly Fault[]): void {
    const { link, admitted, query, timings } = this.#opening;
    const ears = {
      text: (text: string) => this.#text(text),
      binary: () => this.#text(''),
      gone: () => {
        this.#speaker?.stop();
        this.#mouthpiece.gone();
      },
    };
    link.open(ears, faults);
    const problem = admitted === 'later' ? undefined : openingProblem(this.#opening);
    if (problem) return this.#mouthpiece.fail(problem);
    const idleMs = query.inactivitySeconds * timings.inactivityUnitMs;
    this.#idle = this.#mouthpiece.after(idleMs, () => this.#mouthpiece.fail(idle(query.inactivitySeconds)));
  }

  #text(text: string): void {
    if (this.#mouthpiece.isFailed || this.#ended) return;
    this.#idle?.refresh();
    const frame = this.#mouthpiece.read(text, singleFrame);
    if (!frame) return;
    const isFirst = this.#speaker === undefined;
    const problem = isFirst ? openingProblem(this.#opening, frame) : undefined;
    if (problem) return this.#mouthpiece.fail(problem);
    this.#speaker ??= this.#begin();
    if (!this.#speaker.configure(frame)) return this.#mouthpiece.fail(changedSettings);
    const isEnd = frame.text === '' && frame.flush !== true;
    if (isEnd) void this.#finish(this.#speaker);
    // A lone space opens the stream or keeps it alive.
    else this.#speaker.add(frame.text === ' ' ? '' : (frame.text ?? ''), frame.flush === true);
  }

  #begin(): Speaker {
    const { link, sources, query } = this.#opening;
    const { voice, format } = cast(this.#opening);
    return new Speaker({
      sources,
      voice: voice.id,
      format,
      autoMode: query.autoMode,
      send: (frame) => {
        if (!this.#mouthpiece.isFailed) link.send(frame);
      },
      failed: () => this.#mouthpiece.fail(generationFailed),
    });
  }

  async #finish(speaker: Speaker): Promise<void> {
    this.#ended = true;
    if (this.#idle) this.#mouthpiece.forget(this.#idle);
    await speaker.finish();
    const { link, timings } = this.#opening;
    this.#mouthpiece.after(timings.lingerMs, () => link.close(1000));
  }
}
