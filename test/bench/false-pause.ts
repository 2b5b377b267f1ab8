import { setTimeout as sleep } from 'node:timers/promises';
import { type Spread, spreadOf } from '../support/percentiles.ts';
import type { Caller } from './caller.ts';
import { inLanes } from './lanes.ts';
import { Microphone } from './microphone.ts';
import { Stand } from './stand.ts';

/** 13 s of audio. */
const REPLY =
  'The monthly plan for a team of ten people costs forty nine dollars. ' +
  'It includes planning and messages and a calendar for every member of the team, ' +
  'and nobody has to sign anything for longer than a month.';
/** A cough: frames of speech in which the recogniser finds no words. */
const SOUND_MS = 100;
/** How long a pause may take to come, and to end, before it counts as none, in ms. */
const PAUSE_PATIENCE_MS = 600;
const RESUME_PATIENCE_MS = 3000;
const GAP_MS = 200;
/** Calls at once, on one worker each. */
const LANES = 4;
/** Sounds in one reply: they take less time than it plays. */
const SOUNDS_PER_REPLY = 5;

/** Sounds of the caller that were no words. */
export interface FalsePause {
  readonly sounds: number;
  readonly pauses: number;
  readonly resumes: number;
  /** From the pause to the resume at the caller, in ms. */
  readonly pausedFor: Spread | undefined;
  /** Replies that such a sound ended for good. */
  readonly interrupts: number;
}

/** Lets `sounds` wordless sounds fall into replies that play. */
export async function measureFalsePause(sounds: number): Promise<FalsePause> {
  const lanes = await inLanes(Array.from({ length: LANES }, () => lane(Math.ceil(sounds / LANES))));
  const all = lanes.flat();
  const lengths = all.flatMap(({ pausedMs }) => pausedMs ?? []);
  return {
    sounds: all.length,
    pauses: all.filter(({ paused }) => paused).length,
    resumes: lengths.length,
    pausedFor: spreadOf(lengths),
    interrupts: all.filter(({ interrupted }) => interrupted).length,
  };
}

interface Sound {
  readonly paused: boolean;
  readonly pausedMs: number | undefined;
  readonly interrupted: boolean;
}

async function lane(sounds: number): Promise<readonly Sound[]> {
  const stand = await Stand.open({
    subject: 'vantum',
    script: { recogniser: { utterances: [{ text: '' }] }, model: { replies: [REPLY] } },
  });
  try {
    const caller = await stand.call();
    await stand.quiet(caller);
    const done: Sound[] = [];
    while (done.length < sounds)
      done.push(...(await reply(caller, Math.min(SOUNDS_PER_REPLY, sounds - done.length))));
    caller.close();
    return done;
  } finally {
    await stand.close();
  }
}

async function reply(caller: Caller, sounds: number): Promise<readonly Sound[]> {
  const from = caller.arrivals.length;
  caller.send('voicechat.text.input', { text: 'What does it cost?' });
  await caller.next('voicechat.response.chunk', from);
  const done: Sound[] = [];
  for (let i = 0; i < sounds; i++) {
    await sleep(GAP_MS);
    done.push(await sound(caller));
  }
  return done;
}

async function sound(caller: Caller): Promise<Sound> {
  const from = caller.arrivals.length;
  const microphone = new Microphone(caller);
  await microphone.speak(SOUND_MS);
  const news = watch(caller, from);
  await microphone.pauseUntil(news);
  return news;
}

async function watch(caller: Caller, from: number): Promise<Sound> {
  const pause = await caller.maybe('voicechat.response.pause', from, PAUSE_PATIENCE_MS);
  const resume =
    pause === undefined
      ? undefined
      : await caller.maybe('voicechat.response.resume', from, RESUME_PATIENCE_MS);
  return {
    paused: pause !== undefined,
    pausedMs: pause === undefined || resume === undefined ? undefined : resume.at - pause.at,
    interrupted: caller.arrivals.slice(from).some(({ type }) => type === 'voicechat.response.interrupt'),
  };
}
