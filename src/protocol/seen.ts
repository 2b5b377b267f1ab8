/** The last ids that were seen, up to a bound: what comes twice is told once. */
export class Seen {
  readonly #bound: number;
  readonly #ids: Set<string>;

  /** `bound`: how many ids are kept; the oldest is forgotten first. `ids` were seen before. */
  constructor(bound: number, ids: readonly string[] = []) {
    this.#bound = bound;
    this.#ids = new Set(ids);
  }

  /** Those that are remembered, the oldest first. */
  get ids(): Iterable<string> {
    return this.#ids;
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
