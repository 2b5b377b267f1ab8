import { detectOptOut } from '../outreach/outcome.ts';
import { isEcho } from './echo.ts';
import type { Command } from './events.ts';
import type { Mouth } from './mouth.ts';
import { isCommand, isHello, judge } from './overlap.ts';
import type { Reply } from './reply.ts';
import { sameWords } from './turn.ts';

/** How long after the agent's last sound its echo may still come back as words, in ms. */
const ECHO_TAIL_MS = 1500;
/** Fewer words that repeat the agent's are taken for an answer where one is due ("next Tuesday?" "Next Tuesday."). */
const ECHO_WORDS = 4;

/** The caller's words, and what is known of them. */
export interface Words {
  readonly words: string;
  readonly final: boolean;
  /** Ended by hand, or typed. */
  readonly byHand?: boolean;
  readonly language: string;
}

/**
 * What words of the caller mean for who has the floor. `free`: nobody else had it. `interruption`: the agent stops.
 * `aside`: they are a sign of listening. `echo`: they are the agent's own. `unclear`: more words are needed. `later`:
 * they are answered after the line that is being said. `ignored`: the call is being closed.
 */
export type Meaning = 'free' | 'interruption' | 'aside' | 'echo' | 'unclear' | 'later' | 'ignored';

/** Who has the floor when both speak. */
export class Floor {
  readonly #mouth: Mouth;
  /** The words that left it open what they mean. */
  #awaited = '';

  constructor(mouth: Mouth) {
    this.#mouth = mouth;
  }

  meaning(said: Words, now: number): Meaning {
    const { reply } = this.#mouth;
    if (reply === undefined) return this.#echoesLate(said, now) ? 'echo' : 'free';
    if (reply.cause.type === 'closing') return 'ignored';
    if (said.byHand) return 'interruption';
    if (reply.cause.type === 'greeting') return this.#meaningForGreeting(reply, said, now);
    return this.#verdict(reply, said, now);
  }

  /** Who calls, and that it is a machine, is said to its end unless the caller wants nothing said at all. */
  #meaningForGreeting(reply: Reply, said: Words, now: number): Meaning {
    if (detectOptOut(said.words)) return 'interruption';
    if (isHello(said.words, said.language)) return 'aside';
    const meaning = reply.stage === 'thinking' ? 'later' : this.#verdict(reply, said, now);
    if (meaning !== 'interruption') return meaning;
    return isCommand(said.words, said.language) ? 'interruption' : 'later';
  }

  #verdict(reply: Reply, said: Words, now: number): Meaning {
    const answering = reply.cause.type === 'prompt' || reply.awaitsAnswer(now);
    const heard = answering && wordCount(said.words) < ECHO_WORDS ? '' : reply.sounding(now);
    const leaving = reply.ending !== undefined;
    const verdict = judge({ ...said, heard, answering, leaving });
    return verdict === 'backchannel' ? 'aside' : verdict;
  }

  /** Gives or keeps the floor as the words mean. */
  yield(meaning: Meaning, words: string, now: number): readonly Command[] {
    switch (meaning) {
      case 'interruption':
        this.#awaited = '';
        return this.#mouth.interrupt(now);
      case 'aside':
        this.#awaited = '';
        return this.#mouth.resume('backchannel', now);
      case 'echo':
        return this.#mouth.resume('echo', now);
      case 'unclear':
        return this.#awaitMore(words, now);
      case 'free':
      case 'later':
      case 'ignored':
        return [];
      default:
        return meaning satisfies never;
    }
  }

  /** The caller made a sound that is no word yet. */
  sound(now: number): readonly Command[] {
    const cause = this.#mouth.reply?.cause.type;
    return cause === 'turn' || cause === 'prompt' ? this.#mouth.pause('sound', now) : [];
  }

  /** Words that were waited for in vain are not waited for again. */
  #awaitMore(words: string, now: number): readonly Command[] {
    const known = sameWords(words, this.#awaited);
    this.#awaited = words;
    return known ? [] : this.#mouth.pause('words', now);
  }

  #echoesLate({ words, byHand }: Words, now: number): boolean {
    const { lastSaid } = this.#mouth;
    if (byHand || lastSaid === undefined || now - lastSaid.at > ECHO_TAIL_MS) return false;
    return wordCount(words) >= ECHO_WORDS && isEcho(words, lastSaid.text);
  }
}

function wordCount(text: string): number {
  return text.trim().split(/\s+/).length;
}
