import { setTimeout as sleep } from 'node:timers/promises';
import type { LogEntry } from '../../src/local/wire/log.ts';
import { type Spread, spreadOf } from '../support/percentiles.ts';
import type { Arrival, Caller } from './caller.ts';
import { inLanes } from './lanes.ts';
import { Microphone } from './microphone.ts';
import { asksModel, Stand } from './stand.ts';

/** About 200 characters: 13 s of audio, sent in about 1.3 s. */
const REPLY =
  'The monthly plan for a team of ten people costs forty nine dollars. ' +
  'It includes planning and messages and a calendar for every member of the team, ' +
  'and nobody has to sign anything for longer than a month.';
/** All of its words are in the first interim, 60 ms into the speech: it is the deciding one. */
const INTERRUPTION = 'Wait, stop please.';
const WORD_MS = 20;
const SPEECH_MS = 320;
/** Calls at once, each with a worker and providers of its own. */
const LANES = 3;
/** They begin this far apart, so that their interruptions do not coincide, in ms. */
const STAGGER_MS = 450;
/** How long an interrupt may take before it counts as none, in ms. */
const INTERRUPT_PATIENCE_MS = 2000;
/** Audio of the interrupted utterance is counted until the next reply, and at least this long, in ms. */
const AFTER_MS = 400;

/** `sending`: while the reply is still being sent; `tail`: when all of it was sent and it still plays. */
type Moment = 'sending' | 'tail';

interface Interruption {
  /** From the interim on the recogniser's socket to the interrupt at the caller, in ms; absent when none came. */
  readonly lagMs: number | undefined;
  /** From the interim to the last provider that was told to stop, in ms; absent when none was. */
  readonly cancelMs: number | undefined;
  /** Audio of the utterance that came after its interrupt. */
  readonly bytesAfter: number;
}

/** All interruptions at one moment. */
export interface BargeIn {
  readonly moment: Moment;
  readonly tries: number;
  readonly interrupts: number;
  readonly lag: Spread | undefined;
  /** Tries in which the model's request was aborted or the synthesiser's context closed. */
  readonly cancelled: number;
  readonly cancel: Spread | undefined;
  readonly bytesAfter: number;
}

/** Interrupts `tries` replies while they are sent and as many when they were sent. */
export async function measureBargeIn(tries: number): Promise<readonly BargeIn[]> {
  const each = Math.ceil(tries / LANES);
  const lanes = await inLanes(Array.from({ length: LANES }, (_, i) => lane(each, i * STAGGER_MS)));
  return (['sending', 'tail'] as const).map((moment) => {
    const all = lanes.flatMap((done) => done[moment]);
    const lags = all.flatMap(({ lagMs }) => lagMs ?? []);
    const cancels = all.flatMap(({ cancelMs }) => cancelMs ?? []);
    return {
      moment,
      tries: all.length,
      interrupts: lags.length,
      lag: spreadOf(lags),
      cancelled: cancels.length,
      cancel: spreadOf(cancels),
      bytesAfter: all.reduce((sum, { bytesAfter }) => sum + bytesAfter, 0),
    };
  });
}

async function lane(tries: number, delayMs: number): Promise<Record<Moment, Interruption[]>> {
  const stand = await Stand.open({
    subject: 'vantum',
    script: {
      recogniser: { utterances: [{ text: INTERRUPTION }], wordMs: WORD_MS },
      model: { replies: [REPLY] },
    },
  });
  try {
    const caller = await stand.call();
    await stand.quiet(caller);
    await sleep(delayMs);
    caller.send('voicechat.text.input', { text: 'What does it cost?' });
    const done: Record<Moment, Interruption[]> = { sending: [], tail: [] };
    for (let i = 0; i < tries; i++) {
      for (const moment of ['sending', 'tail'] as const)
        done[moment].push(await interrupt(stand, caller, moment));
    }
    caller.close();
    return done;
  } finally {
    await stand.close();
  }
}

/** The reply to each interruption is the one that is interrupted next. */
async function interrupt(stand: Stand, caller: Caller, moment: Moment): Promise<Interruption> {
  const first = await caller.next('voicechat.response.chunk');
  if (moment === 'tail') await caller.next('voicechat.response.complete');
  const { utteranceId } = first.payload;
  const stops = (news: Arrival) =>
    news.type === 'voicechat.response.interrupt' && news.payload['utteranceId'] === utteranceId;
  stand.providers.log.clear();
  stand.readings.length = 0;
  const microphone = new Microphone(caller);
  const [stop] = await Promise.all([
    caller.maybe(stops, 0, INTERRUPT_PATIENCE_MS),
    microphone.speak(SPEECH_MS).then(() => microphone.pause(AFTER_MS)),
  ]);
  const interimAt = stand.readings[0] ?? Number.NaN;
  const cancels = stand.providers.log.entries.filter(
    (entry) => isCancel(entry) && stand.timeOf(entry) >= interimAt,
  );
  const asked = stand.providers.log.entries.find(asksModel);
  // A context is also closed because a reply is over; that of the next reply is not meant.
  const own = cancels.filter((entry) => asked === undefined || entry.atMs < asked.atMs);
  const last = own.at(-1);
  const after = stop === undefined ? [] : caller.arrivals.slice(caller.arrivals.indexOf(stop));
  const bytesAfter = after.reduce((sum, news) => sum + audioBytes(news, utteranceId), 0);
  // The next reply is what comes from here on.
  caller.arrivals.splice(
    0,
    caller.arrivals.findLastIndex((news) => audioBytes(news, utteranceId) > 0 || news === stop) + 1,
  );
  return {
    lagMs: stop === undefined ? undefined : stop.at - interimAt,
    cancelMs: last === undefined ? undefined : stand.timeOf(last) - interimAt,
    bytesAfter,
  };
}

function isCancel(entry: LogEntry): boolean {
  if (entry.provider === 'openai') return entry.kind === 'abort';
  if (entry.provider !== 'elevenlabs' || entry.kind !== 'text') return false;
  return typeof entry.frame === 'object' && entry.frame !== null && 'close_context' in entry.frame;
}

function audioBytes({ type, payload }: Arrival, utteranceId: unknown): number {
  if (type !== 'voicechat.response.chunk' || payload['utteranceId'] !== utteranceId) return 0;
  const { audio } = payload;
  return audio instanceof Uint8Array ? audio.byteLength : 0;
}
