/** Characters that must be waiting before the first, second, ... chunk is spoken without a flush. */
const DEFAULT_SCHEDULE: readonly number[] = [120, 160, 250, 290];

/** Holds text until there is enough of it to speak. */
export class TextBuffer {
  schedule: readonly number[] = DEFAULT_SCHEDULE;
  readonly #autoMode: boolean;
  #text = '';
  #chunks = 0;

  /** In auto mode every piece of text is a chunk of its own. */
  constructor(autoMode: boolean) {
    this.#autoMode = autoMode;
  }

  /** The chunks that are ready now that `text` has come; with `flush` nothing stays behind. */
  add(text: string, flush: boolean): string[] {
    if (this.#autoMode) return text.trim() === '' ? [] : [text.endsWith(' ') ? text : `${text} `];
    this.#text += text;
    if (flush) return this.#take(this.#text.length);
    const wanted = this.schedule[Math.min(this.#chunks, this.schedule.length - 1)] ?? 0;
    return this.#text.length >= wanted ? this.#take(this.#wordsEnd()) : [];
  }

  #take(length: number): string[] {
    const chunk = this.#text.slice(0, length);
    if (chunk.trim() === '') return [];
    this.#text = this.#text.slice(length);
    this.#chunks += 1;
    return [chunk];
  }

  /** After the last space, so that no word is cut in two. */
  #wordsEnd(): number {
    const space = this.#text.trimEnd().lastIndexOf(' ');
    return this.#text.endsWith(' ') || space < 0 ? this.#text.length : space + 1;
  }
}
