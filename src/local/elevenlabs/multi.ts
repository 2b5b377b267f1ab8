import type { Fault } from '../faults.ts';
import { changedSettings, generationFailed, idle, tooManyContexts } from './errors.ts';
import { type MultiFrame, multiFrame } from './frames.ts';
import { cast, Mouthpiece, type Opening, openingProblem } from './opening.ts';
import { type AudioFrame, Speaker } from './speaker.ts';

const MOST_CONTEXTS = 5;
/** The context of messages that carry text and name none. */
const UNNAMED = 'default';

interface Context {
  readonly speaker: Speaker;
  readonly idle: NodeJS.Timeout;
  closing: boolean;
}

/** One `multi-stream-input` socket: up to five contexts speak independently. */
export class MultiStream {
  readonly #opening: Opening;
  readonly #mouthpiece: Mouthpiece;
  readonly #contexts = new Map<string, Context>();
  #idle: NodeJS.Timeout | undefined;
  #isChecked = false;
  #ending = false;

  constructor(opening: Opening) {
    this.#opening = opening;
    this.#mouthpiece = new Mouthpiece(opening);
  }

  open(faults: readonly Fault[]): void {
    const { link, admitted, query } = this.#opening;
    const ears = {
      text: (text: string) => this.#text(text),
      binary: () => this.#text(''),
      gone: () => {
        for (const { speaker } of this.#contexts.values()) speaker.stop();
        this.#mouthpiece.gone();
      },
    };
    link.open(ears, faults);
    const problem = admitted === 'later' ? undefined : openingProblem(this.#opening);
    if (problem) return this.#mouthpiece.fail(problem);
    this.#idle = this.#mouthpiece.after(this.#idleMs, () => {
      if (this.#contexts.size === 0) this.#mouthpiece.fail(idle(query.inactivitySeconds));
      else this.#idle?.refresh();
    });
  }

  get #idleMs(): number {
    return this.#opening.query.inactivitySeconds * this.#opening.timings.inactivityUnitMs;
  }

  #text(text: string): void {
    if (this.#mouthpiece.isFailed || this.#ending) return;
    this.#idle?.refresh();
    const frame = this.#mouthpiece.read(text, multiFrame);
    if (!frame) return;
    const problem = this.#isChecked ? undefined : openingProblem(this.#opening, frame);
    if (problem) return this.#mouthpiece.fail(problem);
    this.#isChecked = true;
    if (frame.close_socket) return void this.#closeSocket();
    const keepsSocketAlive = !frame.context_id && (frame.text ?? '') === '';
    if (!keepsSocketAlive) this.#inContext(frame.context_id ?? UNNAMED, frame);
  }

  #inContext(id: string, frame: MultiFrame): void {
    const context = this.#contexts.get(id) ?? this.#begin(id);
    if (!context || context.closing) return;
    context.idle.refresh();
    if (!context.speaker.configure(frame)) return this.#mouthpiece.fail(changedSettings);
    const text = frame.text === ' ' ? '' : (frame.text ?? '');
    context.speaker.add(text, frame.flush === true);
    if (frame.close_context) void this.#closeContext(id, context);
  }

  /** A new context, or `undefined` after the failure of one too many. */
  #begin(id: string): Context | undefined {
    if (this.#contexts.size >= MOST_CONTEXTS) {
      this.#mouthpiece.fail(tooManyContexts);
      return undefined;
    }
    const { sources, query } = this.#opening;
    const { voice, format } = cast(this.#opening);
    const speaker = new Speaker({
      sources,
      voice: voice.id,
      format,
      autoMode: query.autoMode,
      send: (frame) => this.#send(id, frame),
      failed: () => this.#mouthpiece.fail(generationFailed),
    });
    const idle = this.#mouthpiece.after(this.#idleMs, () => void this.#closeContext(id, context));
    const context: Context = { speaker, idle, closing: false };
    this.#contexts.set(id, context);
    return context;
  }

  /** Speaks what is left, sends the context's final frame, and only then frees its place. */
  async #closeContext(id: string, context: Context): Promise<void> {
    context.closing = true;
    this.#mouthpiece.forget(context.idle);
    await context.speaker.finish();
    this.#contexts.delete(id);
  }

  async #closeSocket(): Promise<void> {
    this.#ending = true;
    const open = [...this.#contexts].filter(([, context]) => !context.closing);
    await Promise.all(open.map(([id, context]) => this.#closeContext(id, context)));
    const { link, timings } = this.#opening;
    this.#mouthpiece.after(timings.lingerMs, () => link.close(1000));
  }

  #send(contextId: string, { alignment, audio, isFinal, normalizedAlignment }: AudioFrame): void {
    if (this.#mouthpiece.isFailed) return;
    this.#opening.link.send({ alignment, audio, contextId, isFinal, normalizedAlignment });
  }
}
