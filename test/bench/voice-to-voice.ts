import { setTimeout as sleep } from 'node:timers/promises';
import type { ScriptInput } from '../../src/local/script/script.ts';
import type { LogEntry } from '../../src/local/wire/log.ts';
import { type Spread, spreadOf } from '../support/percentiles.ts';
import type { Caller } from './caller.ts';
import { inLanes } from './lanes.ts';
import { Microphone } from './microphone.ts';
import { asksModel, bringsWords, Stand, type Subject } from './stand.ts';

/** What the scripted providers take, in ms: from the last speech to the final, to the first token, to the first audio. */
const FINAL_MS = 250;
const FIRST_TOKEN_MS = 450;
const FIRST_AUDIO_MS = 160;
/** An eager end comes this long before the final, which comes later here: before the pause there is no eager end. */
const EAGER_LEAD_MS = 250;
const EAGER_FINAL_MS = 350;
/** 12, 14 and 14 tokens, the full stops on their own. */
const REPLY =
  'Sure the monthly plan for a team of ten costs forty nine. ' +
  'It includes planning and messages and a calendar for every member of the team. ' +
  'You can cancel it at any time and keep all your data with us.';
const QUESTION = 'What does the monthly plan cost?';
/** Four frames of Flux, so that its frames end with the speech. */
const SPEECH_MS = 320;
/** The arms begin a round this far apart, so that the moments that count for one fall between those of the others. */
const STAGGER_MS = 130;

interface ArmPlan {
  readonly name: string;
  readonly subject: Subject;
  readonly speculates: boolean;
}

const ARMS: readonly ArmPlan[] = [
  { name: 'vantum, speculation', subject: 'vantum', speculates: true },
  { name: 'vantum', subject: 'vantum', speculates: false },
  { name: 'floor', subject: 'floor', speculates: false },
  { name: 'baseline', subject: 'baseline', speculates: false },
];

/** One turn as the caller hears it; all in ms. */
interface TurnTimes {
  /** From the last frame of speech to the first frame of the answer's audio. */
  readonly voiceToVoice: number;
  /** The scripted delays of the providers in it. */
  readonly providers: number;
  /** From the model's first token to the first text sent to the synthesiser. */
  readonly clause: number;
  /** The rest of it. */
  readonly own: number;
  /** Legs of the rest: to the recogniser and back, to the model, and from the synthesiser to the caller. */
  readonly hear: number;
  readonly ask: number;
  readonly deliver: number;
  /** From the final transcript to the first frame of audio. */
  readonly afterEnd: number;
  /** The reply that sounded was asked for before the turn was over. */
  readonly early: boolean;
}

/** What one arm measured; spreads in ms over its turns. */
export interface ArmLatency {
  readonly arm: string;
  readonly turns: number;
  readonly voiceToVoice: Spread | undefined;
  readonly providers: Spread | undefined;
  readonly clause: Spread | undefined;
  readonly own: Spread | undefined;
  readonly hear: Spread | undefined;
  readonly ask: Spread | undefined;
  readonly deliver: Spread | undefined;
  readonly afterEnd: Spread | undefined;
  /** Own share of the call's first turn, for which nothing was compiled yet. */
  readonly firstOwn: number | undefined;
  /** Turns whose reply was begun before their end. */
  readonly hits: number;
}

/** Measures every arm over `turns` turns, all in one run. */
export async function measureVoiceToVoice(turns: number): Promise<readonly ArmLatency[]> {
  const arms: Arm[] = [];
  try {
    for (const plan of ARMS) arms.push(await Arm.open(plan));
    for (let turn = 0; turn < turns; turn++) {
      await inLanes(arms.map((arm, i) => sleep(i * STAGGER_MS).then(() => arm.turn())));
    }
    return arms.map((arm) => arm.latency());
  } finally {
    for (const arm of arms) await arm.close();
  }
}

class Arm {
  readonly #plan: ArmPlan;
  readonly #stand: Stand;
  readonly #caller: Caller;
  readonly #microphone: Microphone;
  readonly #times: TurnTimes[] = [];

  private constructor(plan: ArmPlan, stand: Stand, caller: Caller) {
    this.#plan = plan;
    this.#stand = stand;
    this.#caller = caller;
    this.#microphone = new Microphone(caller);
  }

  static async open(plan: ArmPlan): Promise<Arm> {
    const variables = plan.speculates ? { SPECULATION: 'on', DEEPGRAM_MODEL: 'flux-general-en' } : {};
    const stand = await Stand.open({ subject: plan.subject, script: scriptFor(plan), variables });
    const caller = await stand.call();
    await stand.quiet(caller);
    return new Arm(plan, stand, caller);
  }

  async turn(): Promise<void> {
    const { log } = this.#stand.providers;
    log.clear();
    this.#stand.readings.length = 0;
    const from = this.#caller.arrivals.length;
    const lastSpeechAt = await this.#microphone.speak(SPEECH_MS);
    const audio = this.#caller.next('voicechat.response.chunk', from);
    await this.#microphone.pauseUntil(audio);
    this.#times.push(this.#split(lastSpeechAt, (await audio).at));
    await this.#stand.played(this.#caller, from);
    this.#caller.arrivals.length = 0;
  }

  latency(): ArmLatency {
    const of = (leg: Exclude<keyof TurnTimes, 'early'>) => spreadOf(this.#times.map((turn) => turn[leg]));
    return {
      arm: this.#plan.name,
      turns: this.#times.length,
      voiceToVoice: of('voiceToVoice'),
      providers: of('providers'),
      clause: of('clause'),
      own: of('own'),
      hear: of('hear'),
      ask: of('ask'),
      deliver: of('deliver'),
      afterEnd: of('afterEnd'),
      firstOwn: this.#times[0]?.own,
      hits: this.#times.filter(({ early }) => early).length,
    };
  }

  async close(): Promise<void> {
    this.#caller.close();
    await this.#stand.close();
  }

  #split(lastSpeechAt: number, audioAt: number): TurnTimes {
    const { entries } = this.#stand.providers.log;
    const channel = this.#plan.subject === 'baseline' ? 'request' : 'text';
    const asked = this.#last(entries, audioAt, asksModel);
    const said = this.#first(entries, asked, (entry) => entry.kind === channel && bringsWords(entry));
    const finalAt = this.#stand.readings.findLast((at) => at < audioAt) ?? Number.NaN;
    const early = asked < finalAt;
    const endMs = this.#plan.speculates ? EAGER_FINAL_MS : FINAL_MS;
    const answeredFrom = early ? endMs - EAGER_LEAD_MS : endMs;
    const providers = answeredFrom + FIRST_TOKEN_MS + FIRST_AUDIO_MS;
    const clause = said - asked - FIRST_TOKEN_MS;
    const voiceToVoice = audioAt - lastSpeechAt;
    return {
      voiceToVoice,
      providers,
      clause,
      own: voiceToVoice - providers - clause,
      hear: finalAt - lastSpeechAt - endMs,
      ask: early ? asked - lastSpeechAt - answeredFrom : asked - finalAt,
      deliver: audioAt - said - FIRST_AUDIO_MS,
      afterEnd: audioAt - finalAt,
      early,
    };
  }

  /** When the last such happening before `by` was. */
  #last(entries: readonly LogEntry[], by: number, wanted: (entry: LogEntry) => boolean): number {
    return this.#at(entries.findLast((entry) => wanted(entry) && this.#stand.timeOf(entry) < by));
  }

  #first(entries: readonly LogEntry[], from: number, wanted: (entry: LogEntry) => boolean): number {
    return this.#at(entries.find((entry) => wanted(entry) && this.#stand.timeOf(entry) >= from));
  }

  #at(entry: LogEntry | undefined): number {
    if (entry === undefined) throw new Error(`${this.#plan.name}: a turn was answered without its providers`);
    return this.#stand.timeOf(entry);
  }
}

function scriptFor({ speculates }: ArmPlan): ScriptInput {
  return {
    recogniser: {
      utterances: [{ text: QUESTION }],
      finalDelayMs: speculates ? EAGER_FINAL_MS : FINAL_MS,
      eagerLeadMs: EAGER_LEAD_MS,
      wordMs: 20,
    },
    model: { replies: [REPLY], firstTokenMs: FIRST_TOKEN_MS, tokensPerSecond: 60 },
    synthesiser: { firstAudioMs: FIRST_AUDIO_MS, msPerChar: 10, chunkMs: 100, paceMs: 10 },
  };
}
