import { guessHeardWords, splitHeard } from './heard.ts';
import { element } from './page.ts';

/** How near the end of the transcript, in CSS pixels, still counts as reading along. */
const READING_ALONG_PX = 80;

/** The conversation on the page: one line per turn, in the order in which the turns began. */
export class Transcript {
  readonly #scroll = element('scroll', HTMLElement);
  readonly #lines = element('lines', HTMLOListElement);
  readonly #intro = element('intro', HTMLElement);
  readonly #byId = new Map<string, Line>();

  clear(): void {
    this.#byId.clear();
    this.#lines.replaceChildren();
    this.#intro.hidden = true;
  }

  /** What the caller said; a guess is shown in grey until it is replaced. */
  caller(turnId: string, text: string, final: boolean): void {
    this.#change(() => this.#line(turnId, 'caller').hear(text, final));
  }

  /** The next piece of what the agent says. */
  agent(utteranceId: string, text: string): void {
    this.#change(() => this.#line(utteranceId, 'agent').append(text));
  }

  /** The agent was cut off after about `heardShare` (0..1) of its sound. */
  cut(utteranceId: string, heardShare: number): void {
    this.#change(() => this.#byId.get(utteranceId)?.cut(heardShare));
  }

  /** The server has counted how many words were said and how many of them heard. */
  counted(utteranceId: string, said: number, heard: number): void {
    this.#change(() => this.#byId.get(utteranceId)?.count(said, heard));
  }

  /** A remark that nobody said. */
  note(text: string): void {
    const item = document.createElement('li');
    item.className = 'line note';
    item.textContent = text;
    this.#change(() => this.#lines.append(item));
  }

  #line(id: string, who: Who): Line {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const line = new Line(who);
    this.#byId.set(id, line);
    this.#lines.append(line.item);
    return line;
  }

  /** Keeps the newest words in view, unless the reader has scrolled back. */
  #change(change: () => void): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll;
    const readingAlong = scrollHeight - scrollTop - clientHeight < READING_ALONG_PX;
    change();
    if (readingAlong) this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }
}

type Who = 'caller' | 'agent';

/** One turn of either side. */
class Line {
  readonly item = document.createElement('li');
  readonly #words = document.createElement('p');
  readonly #label = document.createElement('span');
  #text = '';
  #heardWords: number | undefined;

  constructor(who: Who) {
    this.item.className = `line ${who}`;
    this.#label.className = 'who';
    this.#label.textContent = who === 'caller' ? 'You' : 'Agent';
    this.#words.className = 'words';
    this.item.append(this.#label, this.#words);
  }

  hear(text: string, final: boolean): void {
    this.item.classList.toggle('guess', !final);
    this.#words.textContent = text;
  }

  append(text: string): void {
    this.#text = this.#text === '' ? text : `${this.#text} ${text}`;
    this.#show();
  }

  /** A first guess, until the words are counted. */
  cut(heardShare: number): void {
    if (this.#heardWords === undefined) this.#strikeAfter(guessHeardWords(this.#text, heardShare));
  }

  count(said: number, heard: number): void {
    this.#strikeAfter(heard < said ? heard : Number.POSITIVE_INFINITY);
  }

  #strikeAfter(heardWords: number): void {
    this.#heardWords = heardWords;
    this.#show();
  }

  #show(): void {
    const { heard, unheard } = splitHeard(this.#text, this.#heardWords ?? Number.POSITIVE_INFINITY);
    this.#words.replaceChildren(heard);
    this.#label.textContent = unheard === '' ? 'Agent' : 'Agent, interrupted';
    if (unheard === '') return;
    const struck = document.createElement('s');
    struck.title = 'Not heard';
    struck.textContent = unheard;
    this.#words.append(' ', struck);
  }
}
