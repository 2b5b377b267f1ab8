import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../../src/local/wire/clock.ts';
import type { Random } from '../support/random.ts';
import { Phone } from './phone.ts';
import type { Tally } from './tally.ts';

/** How long one call lasts, in ms, if the agent does not end it before. */
const SHORTEST_CALL_MS = 20_000;
const LONGEST_CALL_MS = 150_000;
/** An agent that has not begun to answer by then does not, in ms. */
const ANSWER_MS = 15_000;
/** Nothing that the agent says takes longer, in ms. */
const UTTERANCE_MS = 30_000;
/** The server needs so long at most to notice that a caller is not coming back, in ms. */
const ABANDONED_MS = 70_000;
/** How long a call may take to end once the caller has hung up, in ms. */
const GOODBYE_MS = 10_000;

type Act = (phone: Phone) => Promise<void>;

/** Someone who calls, talks as people do, hangs up and calls again, until it is time. */
export class Person {
  readonly #url: string;
  readonly #random: Random;
  readonly #tally: Tally;
  readonly #endsAt: number;
  #phone: Phone | undefined;
  /** What people do, and of a hundred times how often. */
  readonly #acts: readonly Act[] = [
    ...often(48, (phone) => this.#ask(phone)),
    ...often(16, (phone) => this.#interrupt(phone)),
    ...often(12, (phone) => this.#murmur(phone)),
    ...often(6, (phone) => this.#type(phone)),
    ...often(6, (phone) => this.#push(phone)),
    ...often(6, (phone) => phone.wait(this.#between(1000, 14_000))),
    ...often(6, (phone) => this.#tunnel(phone)),
  ];

  /** `endsAt` is on the clock of `now`. */
  constructor(url: string, random: Random, tally: Tally, endsAt: number) {
    this.#url = url;
    this.#random = random;
    this.#tally = tally;
    this.#endsAt = endsAt;
  }

  /** Calls and calls again; resolves when it is time and the last call is over. */
  async live(): Promise<void> {
    while (now() < this.#endsAt) {
      try {
        await this.#call();
      } catch (problem) {
        this.#tally.problem(problem instanceof Error ? problem.message : String(problem));
      }
      await sleep(this.#between(300, 2000));
    }
  }

  /** The microphone is always on. */
  record(): void {
    this.#phone?.record();
  }

  async #call(): Promise<void> {
    const phone = await Phone.dial(this.#url, this.#tally);
    this.#phone = phone;
    const hangsUpAt = Math.min(this.#endsAt, now() + this.#between(SHORTEST_CALL_MS, LONGEST_CALL_MS));
    const listens = this.#random.below(4) > 0;
    await phone.until(() => phone.over || phone.speaker.sounding, ANSWER_MS);
    if (listens) await this.#listen(phone);
    while (!phone.over && now() < hangsUpAt) await this.#act(phone);
    await this.#leave(phone);
    this.#phone = undefined;
  }

  async #act(phone: Phone): Promise<void> {
    await this.#random.pick(this.#acts)(phone);
  }

  async #leave(phone: Phone): Promise<void> {
    const how = this.#random.below(10);
    // A call nobody comes back to needs its time to be over, too.
    if (how === 0 && now() + ABANDONED_MS < this.#endsAt) phone.vanish();
    else phone.hangUp(how < 6);
    if (!(await phone.until(() => phone.over, GOODBYE_MS))) this.#tally.problem('a call did not end');
  }

  /** Hears the agent out. */
  async #listen(phone: Phone): Promise<void> {
    await phone.until(() => phone.over || !phone.speaker.sounding, UTTERANCE_MS);
  }

  async #speak(phone: Phone, ms: number): Promise<void> {
    phone.loud = true;
    await phone.wait(ms);
    phone.loud = false;
  }

  /** Says something to an agent who listens; true when the answer begins. */
  async #askAndWait(phone: Phone, say: () => Promise<void>): Promise<boolean> {
    await this.#listen(phone);
    await phone.wait(this.#between(200, 1500));
    if (phone.over || phone.speaker.sounding) return false;
    const saidFrom = now();
    await say();
    const answered = await phone.until(() => phone.over || phone.speaker.firstAudioAt > saidFrom, ANSWER_MS);
    if (phone.over) return false;
    this.#tally.turns += 1;
    if (!answered) this.#tally.unanswered += 1;
    return answered;
  }

  async #ask(phone: Phone): Promise<void> {
    const answered = await this.#askAndWait(phone, () => this.#speak(phone, this.#between(400, 3000)));
    // An agent who has interrupted the caller has not answered them.
    if (answered && phone.speaker.firstAudioAt > phone.spokeAt)
      this.#tally.answers.push(phone.speaker.firstAudioAt - phone.spokeAt);
    await this.#listen(phone);
  }

  async #interrupt(phone: Phone): Promise<void> {
    if (!(await this.#askAndWait(phone, () => this.#speak(phone, this.#between(400, 2000))))) return;
    await phone.wait(this.#between(100, 4000));
    await this.#speak(phone, this.#between(400, 1500));
    await phone.wait(1000);
  }

  /** A sound too short for words, or a sign of listening. */
  async #murmur(phone: Phone): Promise<void> {
    if (!(await this.#askAndWait(phone, () => this.#speak(phone, this.#between(400, 2000))))) return;
    await phone.wait(this.#between(200, 2000));
    await this.#speak(phone, this.#between(60, 300));
    await this.#listen(phone);
  }

  async #type(phone: Phone): Promise<void> {
    await this.#askAndWait(phone, async () => phone.type('How long does it take to set up?'));
    if (this.#random.below(2) === 0) await this.#listen(phone);
  }

  /** Push-to-talk. */
  async #push(phone: Phone): Promise<void> {
    await this.#askAndWait(phone, async () => {
      await this.#speak(phone, this.#between(500, 2000));
      phone.endTurn();
    });
    await this.#listen(phone);
  }

  /** The connection is lost, whatever is going on, for a moment or for longer. */
  async #tunnel(phone: Phone): Promise<void> {
    const long = this.#random.below(4) === 0;
    const lost = this.#between(0, 3000);
    await Promise.all([
      this.#ask(phone),
      phone.wait(lost).then(() => phone.lose(long ? this.#between(5000, 12_000) : this.#between(50, 3000))),
    ]);
  }

  #between(low: number, high: number): number {
    return low + this.#random.next() * (high - low);
  }
}

function often(times: number, act: Act): readonly Act[] {
  return Array.from({ length: times }, () => act);
}
