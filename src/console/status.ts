import { element } from './page.ts';

/** What is shown at the bottom of a meter, in dB below full scale: quieter than a quiet room. */
const FLOOR_DB = -56;

/** The pill, the timer, the meters and the problems of the call panel. */
export class Status {
  readonly #pill = element('pill', HTMLElement);
  readonly #timer = element('timer', HTMLElement);
  readonly #problems = element('problems', HTMLElement);
  readonly #meters = {
    agent: element('agent-level', HTMLElement),
    caller: element('caller-level', HTMLElement),
  };
  #ticking: ReturnType<typeof setInterval> | undefined;

  /** `state` chooses the colour, `words` are read by everyone. */
  show(state: string, words: string): void {
    this.#pill.dataset['state'] = state;
    this.#pill.textContent = words;
  }

  startTimer(): void {
    this.stopTimer();
    const startedAt = performance.now();
    const tick = () => {
      const seconds = Math.floor((performance.now() - startedAt) / 1000);
      this.#timer.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    };
    tick();
    this.#ticking = setInterval(tick, 500);
  }

  /** The duration stays on the page. */
  stopTimer(): void {
    clearInterval(this.#ticking);
  }

  /** Loudness as root mean square, 0..1, on a scale of dB as ears have it. */
  level(who: 'caller' | 'agent', level: number): void {
    const db = 20 * Math.log10(Math.max(level, 1e-9));
    const shown = Math.min(1, Math.max(0, 1 - db / FLOOR_DB));
    this.#meters[who].style.setProperty('--level', shown.toFixed(3));
  }

  /** Adds a problem in words, once. */
  problem(words: string): void {
    const shown = [...this.#problems.children].some((child) => child.textContent === words);
    if (shown) return;
    const paragraph = document.createElement('p');
    paragraph.textContent = words;
    this.#problems.append(paragraph);
  }

  clearProblems(): void {
    this.#problems.replaceChildren();
  }
}
