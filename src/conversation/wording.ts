import { earliest } from './deadline.ts';
import type { Command, Failure, Message, WhichModel } from './events.ts';
import type { RivalPlan } from './plan.ts';
import { Runner } from './race.ts';
import type { Reply } from './reply.ts';
import { Splice } from './splice.ts';

/** How often the models are asked for the first words of one reply before the agent apologises. */
const MODEL_ATTEMPTS = 2;
/** How long words may wait for a clause mark before the first of them are spoken, in ms. */
const FIRST_CLAUSE_MS = 70;
/** When the audio that was sent lasts only this long, an unfinished sentence is cut, in ms: the synthesiser needs about half of it. */
const RUNNING_DRY_MS = 400;

export interface WordingPlan {
  readonly rival: RivalPlan;
  readonly messages: () => readonly Message[];
  /** What the model is told that is to go on with an answer. */
  readonly goOnNote: string;
}

/** How a reply gets its words: which model is asked, when a second one, and which when one has failed. */
export class Wording {
  readonly #plan: WordingPlan;
  #numbers = 0;
  /** Models that refuse the whole call: a wrong key, an empty account, a name that is not known. */
  readonly #spent = new Set<WhichModel>();

  constructor(plan: WordingPlan) {
    this.#plan = plan;
  }

  /** A number that no reply and no request had before. */
  number(): number {
    return ++this.#numbers;
  }

  /** Asks for the first time. The request has the number of its reply. */
  ask(reply: Reply, messages: readonly Message[], now: number): Command {
    const model = this.#spent.has('first') ? this.#other('first') : 'first';
    return begin(reply, new Runner(reply.number, model, now), messages);
  }

  /** When a second request is made beside the first that has said nothing; undefined when none will be. */
  rivalAt(reply: Reply): number | undefined {
    const { afterMs } = this.#plan.rival;
    const [first] = reply.race.running;
    const waits = reply.speculation === undefined && !reply.modelSpoke && reply.race.begun === 1;
    if (afterMs === 0 || !waits || first === undefined) return undefined;
    return reply.race.excusedUntil ?? first.askedAt + afterMs;
  }

  /** The isolate was late: a second request, which would make it later still, is put off for as long again, but once. */
  excuse(reply: Reply, now: number): void {
    const dueAt = this.rivalAt(reply);
    if (dueAt !== undefined && now >= dueAt) reply.race.excusedUntil ??= now + this.#plan.rival.afterMs;
  }

  rival(reply: Reply, now: number): readonly Command[] {
    const [first] = reply.race.running;
    return first === undefined ? [] : [this.#again(reply, this.#other(first.model), now)];
  }

  /** When the words so far must be spoken, whatever comes after them; undefined while there are none, or no hurry. */
  hurryAt(reply: Reply): number | undefined {
    return earliest(...reply.race.running.map((runner) => hurryAt(reply, runner)));
  }

  /** The request whose words must be spoken at `now`. */
  hurried(reply: Reply, now: number): Runner | undefined {
    return reply.race.running.find((runner) => now >= (hurryAt(reply, runner) ?? Number.POSITIVE_INFINITY));
  }

  /** A request has words for the caller, or the wish to end the call: nothing more is wanted of the others. */
  wins(reply: Reply, runner: Runner, pieces: readonly string[]): readonly Command[] {
    reply.firstTokenAt ??= runner.firstTokenAt;
    const lost = reply.race.wins(runner, pieces);
    for (const { tokens } of lost) reply.wastedTokens += tokens;
    return lost.map(cancel);
  }

  /** A request has failed. */
  failed(reply: Reply, runner: Runner, failure: Failure): Command {
    if (!failure.retryable && failure.elsewhere && this.#plan.rival.differs) this.#spent.add(runner.model);
    if (!reply.modelSpoke) reply.wastedTokens += runner.tokens;
    reply.race.drops(runner);
    return cancel(runner);
  }

  /** Asks once more in place of a request that failed before its first word, if that can help. */
  retry(reply: Reply, failed: Runner, failure: Failure, now: number): Command | undefined {
    const model = this.#next(failed.model, failure);
    if (model === undefined || reply.race.begun >= MODEL_ATTEMPTS) return undefined;
    return this.#again(reply, model, now);
  }

  /** Asks, once a reply, for the rest of an answer that broke off, if that can help. */
  goOn(reply: Reply, broken: Runner, failure: Failure, now: number): Command | undefined {
    const model = this.#next(broken.model, failure);
    if (model === undefined || reply.race.continued) return undefined;
    reply.race.continued = true;
    const { said } = reply.race;
    return begin(reply, new Runner(this.number(), model, now, new Splice(said)), [
      ...this.#plan.messages(),
      { role: 'assistant', content: said },
      { role: 'system', content: this.#plan.goOnNote },
    ]);
  }

  #again(reply: Reply, model: WhichModel, now: number): Command {
    return begin(reply, new Runner(this.number(), model, now), this.#plan.messages());
  }

  /** Who is asked after such a failure; nobody when no answer can be hoped for. */
  #next(failed: WhichModel, failure: Failure): WhichModel | undefined {
    const other = this.#other(failed);
    if (failure.retryable) return other;
    const helps = failure.elsewhere === true && this.#plan.rival.differs && other !== failed;
    return helps ? other : undefined;
  }

  /** The other model, unless it refuses the call. */
  #other(model: WhichModel): WhichModel {
    const other = model === 'first' ? 'second' : 'first';
    return this.#spent.has(other) ? model : other;
  }
}

/** The command that stops a request. */
export function cancel({ number }: Runner): Command {
  return { type: 'model.cancel', ask: number };
}

function begin(reply: Reply, runner: Runner, messages: readonly Message[]): Command {
  reply.race.begins(runner);
  return { type: 'model.ask', ask: runner.number, model: runner.model, messages };
}

function hurryAt(reply: Reply, runner: Runner): number | undefined {
  if (!runner.canHurry) return undefined;
  if (!reply.modelSpoke) return (runner.firstTokenAt ?? 0) + FIRST_CLAUSE_MS;
  const dry = reply.stage === 'sounding' && reply.spoken.voicedAll && !reply.withheld;
  return dry ? reply.soundsUntil - RUNNING_DRY_MS : undefined;
}
