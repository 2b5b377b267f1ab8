import type { Lines } from './plan.ts';
import type { Ending } from './reply.ts';

export type TroubleLines = Pick<Lines, 'apology' | 'trouble' | 'breakdown'>;

/** Replies in a row for which the model had no word: each is owned up to more plainly, and the third is the last. */
export class Trouble {
  readonly #lines: TroubleLines;
  #level = 0;

  constructor(lines: TroubleLines) {
    this.#lines = lines;
  }

  /** One more; returns what the agent says instead, and how the call ends after it, if it does. */
  again(): { readonly text: string; readonly ending: Ending | undefined } {
    this.#level++;
    const { apology, trouble, breakdown } = this.#lines;
    if (this.#level === 1) return { text: apology, ending: undefined };
    if (this.#level === 2) return { text: trouble, ending: undefined };
    return { text: breakdown, ending: { reason: 'technical_trouble', outcome: 'no-decision' } };
  }

  /** The model has answered. */
  passes(): void {
    this.#level = 0;
  }
}
