/** The last ids that were seen, up to a bound: what comes twice is told once. */
export class Seen {
  readonly #bound: number;
  readonly #ids = new Set<string>();

  /** `bound`: how many ids are kept; the oldest is forgotten first. */
  constructor(bound: number) {
    this.#bound = bound;
  }

  /** True the first time an id is taken, as far as it is remembered. */
  take(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > this.#bound && oldest !== undefined) this.#ids.delete(oldest);
    return true;
  }
}
