import { FaultPlan } from '../faults.ts';
import { readScript, type Script, type ScriptedReply, type Utterance } from './script.ts';

/** The script being played and how far it has come; setting a new one begins from its first lines. */
export class Stage {
  readonly plan = new FaultPlan();
  #script: Script = readScript({});
  #replies = 0;
  readonly #shared = new Lines(() => this.#script);

  get script(): Script {
    return this.#script;
  }

  set script(input: unknown) {
    this.#script = readScript(input);
    this.#replies = 0;
  }

  /** The utterances a new connection of the recogniser takes its lines from. */
  lines(): Lines {
    return this.#script.recogniser.scope === 'server' ? this.#shared : new Lines(() => this.#script);
  }

  /** The reply to this request: in order, and round again. */
  nextReply(replies: readonly ScriptedReply[]): ScriptedReply {
    const reply = replies[this.#replies % replies.length] ?? '';
    this.#replies += 1;
    return reply;
  }
}

/** The caller's lines, handed out one for each burst of speech; a new script begins from its first line. */
export class Lines {
  readonly #script: () => Script;
  #playing: Script | undefined;
  #returned: Utterance[] = [];
  #next = 0;

  constructor(script: () => Script) {
    this.#script = script;
  }

  /** The next line; `undefined` when all are spoken and the script does not repeat. */
  take(): Utterance | undefined {
    const script = this.#script();
    if (script !== this.#playing) {
      this.#playing = script;
      this.#returned = [];
      this.#next = 0;
    }
    const returned = this.#returned.shift();
    if (returned) return returned;
    const { utterances, repeat } = script.recogniser;
    const index = repeat && utterances.length > 0 ? this.#next % utterances.length : this.#next;
    this.#next += 1;
    return utterances[index];
  }

  /** Takes a line back that was not finished, to be the next one again. */
  giveBack(utterance: Utterance): void {
    if (this.#playing?.recogniser.utterances.includes(utterance)) this.#returned.unshift(utterance);
  }
}
