/** One step of a word graph; a step without a word costs no time. */
interface Step {
  readonly from: number;
  readonly to: number;
  readonly probability: number;
  readonly word: string | undefined;
}

/** A weighted word graph (finite state grammar) under construction. States are named and come into being by use. */
export class WordGraph {
  readonly #states = new Map<string, number>();
  readonly #steps: Step[] = [];
  readonly #words = new Set<string>();

  /** Every word of the graph. */
  get words(): ReadonlySet<string> {
    return this.#words;
  }

  /** Adds a step. The probability is cut to 0.00001..1, because the search rejects others. */
  add(from: string, to: string, probability: number, word?: string): void {
    const bounded = Math.min(1, Math.max(LEAST_PROBABILITY, probability));
    if (word !== undefined) this.#words.add(word);
    this.#steps.push({ from: this.#state(from), to: this.#state(to), probability: bounded, word });
  }

  /** The graph in Sphinx FSG text form, from one state to another. */
  text(start: string, final: string): string {
    const ends = [`START_STATE ${this.#state(start)}`, `FINAL_STATE ${this.#state(final)}`];
    const steps = this.#steps.map(
      ({ from, to, probability, word }) =>
        `TRANSITION ${from} ${to} ${probability.toPrecision(4)}${word === undefined ? '' : ` ${word}`}`,
    );
    const head = ['FSG_BEGIN calls', `NUM_STATES ${this.#states.size}`, ...ends];
    return [...head, ...steps, 'FSG_END', ''].join('\n');
  }

  #state(name: string): number {
    const known = this.#states.get(name);
    if (known !== undefined) return known;
    const number = this.#states.size;
    this.#states.set(name, number);
    return number;
  }
}

const LEAST_PROBABILITY = 1e-5;
