import { setTimeout as sleep } from 'node:timers/promises';
import { durationMs } from '../../src/audio/pcm.ts';
import { now } from '../../src/local/wire/clock.ts';
import type { LogEntry } from '../../src/local/wire/log.ts';
import { mean, rounded } from '../support/percentiles.ts';
import { Player } from '../support/player.ts';
import { Random } from '../support/random.ts';
import type { Arrival, Caller } from './caller.ts';
import { inLanes } from './lanes.ts';
import { Microphone } from './microphone.ts';
import { asksModel, Stand } from './stand.ts';

/** No two begin alike, so that what is remembered of one cannot pass for another. */
const REPLIES = [
  'The monthly plan for a team of ten people costs forty nine dollars. It includes planning and messages and a calendar for every member of the team.',
  'Most teams begin with two people and one van. After a week or so the others want to have it too, and then we talk about a contract.',
  'Your dispatcher sees every job on one map. When a customer calls, a click tells who is near and what the next free hour is.',
];
const MS_PER_CHARACTER = 65;
const REPORT_EVERY_MS = 200;
/** The interruption begins this long after the first audio, in ms. */
const EARLIEST_MS = 700;
const LATEST_MS = 6000;
const SEED = 20_261_122;
const LANES = 8;
/** Caller and object see the same interrupt at moments this far apart at most: a word at the edge may count or not. */
const EDGE_MS = 5;
/** How long the interruption takes, in ms. */
const SPEECH_MS = 240;
const PATIENCE_MS = 20_000;

/** What the agent remembers of replies that were cut short, against what had sounded. */
export interface HeardText {
  readonly reports: boolean;
  readonly interruptions: number;
  /** Words remembered too many or too few. */
  readonly meanError: number | undefined;
  readonly maxError: number | undefined;
  readonly exact: number;
}

/** Interrupts `tries` replies at seeded moments with playback reports, and as many without. */
export async function measureHeardText(tries: number): Promise<readonly HeardText[]> {
  const random = new Random(SEED);
  const offsets = Array.from(
    { length: 2 * tries },
    () => EARLIEST_MS + random.below(LATEST_MS - EARLIEST_MS),
  );
  const results: HeardText[] = [];
  const stands: Stand[] = [];
  try {
    for (let i = 0; i < LANES; i++) stands.push(await openStand());
    const errors = await inLanes(stands.map((stand, i) => lane(stand, i % 2 === 0, share(offsets, i))));
    for (const reports of [true, false])
      results.push(summed(reports, errors.filter((_, i) => (i % 2 === 0) === reports).flat()));
  } finally {
    for (const stand of stands) await stand.close();
  }
  return results;
}

function share(offsets: readonly number[], lane: number): readonly number[] {
  return offsets.filter((_, i) => i % LANES === lane);
}

function summed(reports: boolean, errors: readonly number[]): HeardText {
  return {
    reports,
    interruptions: errors.length,
    meanError: mean(errors),
    maxError: errors.length === 0 ? undefined : rounded(Math.max(...errors)),
    exact: errors.filter((error) => error === 0).length,
  };
}

function openStand(): Promise<Stand> {
  return Stand.open({
    subject: 'vantum',
    script: {
      recogniser: { utterances: [{ text: 'Wait, stop please.' }], wordMs: 20 },
      model: { replies: REPLIES },
      synthesiser: { msPerChar: MS_PER_CHARACTER },
    },
  });
}

/** The words of error of each interruption. */
async function lane(stand: Stand, reports: boolean, offsets: readonly number[]): Promise<readonly number[]> {
  const caller = await stand.call();
  await stand.quiet(caller);
  caller.send('voicechat.text.input', { text: 'What does it cost?' });
  const errors: number[] = [];
  for (const offset of offsets) errors.push(await interruption(stand, caller, reports, offset));
  caller.close();
  return errors;
}

async function interruption(stand: Stand, caller: Caller, reports: boolean, offset: number): Promise<number> {
  const first = await caller.next('voicechat.response.chunk');
  const utteranceId = String(first.payload['utteranceId']);
  const listening = new Listening(caller, utteranceId);
  const stopped = listening.play(reports);
  await sleep(first.at + offset - now());
  stand.providers.log.clear();
  const microphone = new Microphone(caller);
  const [playedMs] = await Promise.all([
    stopped,
    microphone.speak(SPEECH_MS).then(() => microphone.pauseUntil(stopped)),
  ]);
  caller.arrivals.length = 0;
  const question = await stand.providers.log.waitFor(asksModel);
  return wordsOfError(remembered(question), listening.text, playedMs);
}

/** One utterance as a listener hears it. */
class Listening {
  readonly #caller: Caller;
  readonly #utteranceId: string;
  readonly #player = new Player();
  #pieces = '';

  constructor(caller: Caller, utteranceId: string) {
    this.#caller = caller;
    this.#utteranceId = utteranceId;
  }

  /** The reply it belongs to, whole. */
  get text(): string {
    const reply = REPLIES.find((text) => this.#pieces !== '' && text.startsWith(this.#pieces));
    if (reply === undefined) throw new Error('the utterance is none of the scripted replies');
    return reply;
  }

  /** Plays until the interrupt; resolves with how much had sounded then, in ms. */
  async play(reports: boolean): Promise<number> {
    const deadline = now() + PATIENCE_MS;
    let reportAt = now() + REPORT_EVERY_MS;
    for (let at = 0; now() < deadline; ) {
      const news = await this.#caller.maybe(() => true, at, Math.max(0, reportAt - now()));
      if (news !== undefined) {
        at += 1;
        this.#take(news);
        if (news.type !== 'voicechat.response.interrupt') continue;
        if (reports) this.#report(news.at, true);
        return this.#player.playedMs(news.at);
      }
      if (reports) this.#report(now(), false);
      reportAt += REPORT_EVERY_MS;
    }
    throw new Error(`no interrupt came within ${PATIENCE_MS} ms`);
  }

  #take({ type, payload, at }: Arrival): void {
    if (payload['utteranceId'] !== this.#utteranceId) return;
    const { audio } = payload;
    if (type === 'voicechat.response.pause') this.#player.pause(at);
    if (type === 'voicechat.response.resume') this.#player.resume(at);
    if (type === 'voicechat.response.text') this.#pieces = `${this.#pieces} ${payload['text']}`.trim();
    if (audio instanceof Uint8Array) {
      this.#player.received(durationMs(audio.byteLength, Number(payload['sampleRate'])), at);
    }
  }

  #report(at: number, ended: boolean): void {
    const playedMs = Math.round(this.#player.playedMs(at));
    this.#caller.send('voicechat.playback.progress', { utteranceId: this.#utteranceId, playedMs, ended });
  }
}

/** The newest words of the agent in a question to the model. */
function remembered(entry: LogEntry): string {
  const body = entry.kind === 'request' ? entry.body : undefined;
  const { messages } = body as { messages: readonly { role: string; content: string }[] }; // the local server checked it
  return messages.findLast(({ role }) => role === 'assistant')?.content.replace(' (interrupted)', '') ?? '';
}

/** How many words are remembered too many or too few; all that sounded when it is not the beginning of the reply. */
function wordsOfError(memory: string, reply: string, playedMs: number): number {
  const said = reply.split(' ');
  const words = memory === '' ? [] : memory.split(' ');
  const [least, most] = [playedMs - EDGE_MS, playedMs + EDGE_MS].map((ms) => soundedWords(said, ms));
  if (least === undefined || most === undefined) return Number.NaN;
  if (words.some((word, i) => word !== said[i])) return most;
  return Math.max(0, least - words.length, words.length - most);
}

/** A word has sounded when half of it has; the scripted voice takes as long for every character, spaces too. */
function soundedWords(words: readonly string[], ms: number): number {
  let from = 0;
  const unheard = words.findIndex((word) => {
    const middle = (from + word.length / 2) * MS_PER_CHARACTER;
    from += word.length + 1;
    return middle > ms;
  });
  return unheard < 0 ? words.length : unheard;
}
