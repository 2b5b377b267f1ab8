import type { Failure, VoiceRoute } from './events.ts';

/** The ways that the words of a reply take to the synthesiser, the best first. */
const WAYS = ['socket', 'fresh-socket', 'http', 'other-voice'] as const;
type Way = (typeof WAYS)[number];

/** How long later replies avoid a way that has failed, in ms. */
const AVOID_MS = 30_000;
/** Failures that take a caller's time to find out. */
const SLOW_FAILURES: readonly Failure['kind'][] = ['timeout', 'unreachable', 'stalled'];

/** Which way is next when one has failed, and which ways have failed of late, so that a caller waits for each only once. */
export class Ladder {
  readonly #ways: readonly Way[];
  readonly #failedAt = new Map<Way, number>();

  /** `otherVoice`: there is another voice to speak with. */
  constructor(otherVoice: boolean) {
    this.#ways = WAYS.filter((way) => otherVoice || way !== 'other-voice');
  }

  /** Where a new reply begins: with the best way that has not failed of late, or else with the one whose failure is the longest ago. */
  start(now: number): VoiceRoute {
    const ways = this.#ways.filter((way) => way !== 'fresh-socket');
    const sound = ways.find((way) => !this.avoids(way, now));
    const failedAt = (way: Way) => this.#failedAt.get(way) ?? 0;
    return sound ?? ways.reduce((oldest, way) => (failedAt(way) < failedAt(oldest) ? way : oldest));
  }

  /** Whether later replies leave a way out, because it has failed of late. */
  avoids(way: Way, now: number): boolean {
    const failedAt = this.#failedAt.get(way);
    return failedAt !== undefined && now < failedAt + AVOID_MS;
  }

  /** The next way for words that `from` has failed; `none` when no other can help. */
  next(from: VoiceRoute | 'none', failure: Failure, now: number): VoiceRoute | 'none' {
    if (failure.kind === 'unknown-voice') return this.#withoutVoice(from, now);
    if (from === 'phrase') {
      // Lines are rendered over HTTP: a caller who has waited for it once need not wait again.
      if (SLOW_FAILURES.includes(failure.kind)) this.#failedAt.set('http', now);
      return this.start(now);
    }
    if (from === 'none' || !failure.retryable) return 'none';
    this.#mark(from, now);
    return this.#after(from, now);
  }

  /** A whole reply has sounded this way. */
  proved(route: VoiceRoute | 'none'): void {
    const ways: readonly string[] = route.endsWith('socket') ? ['socket', 'fresh-socket'] : [route];
    for (const way of this.#ways) if (ways.includes(way)) this.#failedAt.delete(way);
  }

  /** A socket that fails once may just have been old: it counts when a new one fails too, or has failed before. */
  #mark(way: Way, now: number): void {
    if (way === 'socket' && !this.#failedAt.has('socket')) return;
    this.#failedAt.set(way, now);
    if (way === 'fresh-socket') this.#failedAt.set('socket', now);
  }

  #after(way: Way, now: number): VoiceRoute | 'none' {
    return this.#ways.slice(this.#ways.indexOf(way) + 1).find((next) => !this.avoids(next, now)) ?? 'none';
  }

  /** The vendor does not speak with the voice, whichever way it is asked. */
  #withoutVoice(from: VoiceRoute | 'none', now: number): VoiceRoute | 'none' {
    if (from === 'other-voice') {
      this.#mark('other-voice', now);
      return 'none';
    }
    for (const way of this.#ways) if (way !== 'other-voice') this.#failedAt.set(way, now);
    return this.#after('http', now);
  }
}
