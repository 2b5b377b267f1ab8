import { now } from '../../src/local/wire/clock.ts';
import { Microphone } from './microphone.ts';
import { asksModel, Stand } from './stand.ts';

/** Eight words each, so that a pause falls into the middle of them. */
const UTTERANCES = [
  'How long does it take to set up?',
  'Could you tell me what the plan includes?',
  'We have about forty people in the field.',
  'Does it work on phones without a connection?',
];
const WORD_MS = 80;
/** All eight words, in whole frames of Flux (80 ms). */
const WHOLE_MS = 640;
const PART_MS = 320;
/** A pause inside a turn: longer than the silence before an eager end, shorter than that before the end. */
const PAUSE_MS = 300;
const FINAL_MS = 500;
const EAGER_LEAD_MS = 250;
const TURNS = 24;
/** Every so many turns one has a pause inside. */
const PAUSE_EVERY = 3;

/** A scripted conversation: in how many of its turns the reply was begun before the turn was over. */
export interface SpeculationHits {
  readonly turns: number;
  readonly hits: number;
  /** Turns with a pause inside, whose first eager end is taken back, and the hits among them. */
  readonly paused: number;
  readonly pausedHits: number;
  /** Questions to the model; each beyond the number of turns was in vain. */
  readonly asked: number;
}

/** Holds a conversation of 24 turns with speculation on; every third has a pause after which the caller goes on. */
export async function measureSpeculation(): Promise<SpeculationHits> {
  const stand = await Stand.open({
    subject: 'vantum',
    variables: { SPECULATION: 'on', DEEPGRAM_MODEL: 'flux-general-en' },
    script: {
      recogniser: {
        utterances: UTTERANCES.map((text) => ({ text })),
        finalDelayMs: FINAL_MS,
        eagerLeadMs: EAGER_LEAD_MS,
        interimEveryFrames: 1,
        wordMs: WORD_MS,
      },
      model: { replies: ['Sure, that is easy.'] },
      synthesiser: { msPerChar: 10 },
    },
  });
  try {
    return await converse(stand);
  } finally {
    await stand.close();
  }
}

async function converse(stand: Stand): Promise<SpeculationHits> {
  const caller = await stand.call();
  await stand.quiet(caller);
  const microphone = new Microphone(caller);
  const tally = { turns: TURNS, hits: 0, paused: 0, pausedHits: 0, asked: 0 };
  for (let turn = 0; turn < TURNS; turn++) {
    const from = caller.arrivals.length;
    const began = now();
    const pauses = turn % PAUSE_EVERY === PAUSE_EVERY - 1;
    await microphone.speak(pauses ? PART_MS : WHOLE_MS);
    if (pauses) {
      await microphone.pause(PAUSE_MS);
      await microphone.speak(PART_MS);
    }
    const audio = caller.next('voicechat.response.chunk', from);
    await microphone.pauseUntil(audio);
    await stand.played(caller, from);
    const asks = stand.providers.log.entries.filter(
      (entry) => asksModel(entry) && stand.timeOf(entry) > began,
    );
    const lastAsk = asks.at(-1);
    const finalAt = stand.readings.at(-1) ?? 0;
    const hit = lastAsk !== undefined && stand.timeOf(lastAsk) < finalAt;
    tally.asked += asks.length;
    if (hit) tally.hits += 1;
    if (pauses) tally.paused += 1;
    if (pauses && hit) tally.pausedHits += 1;
  }
  caller.close();
  return tally;
}
