import { describe, expect, it } from 'vitest';
import { VOICE_FRAME_MS } from '../../../src/client/caller-voice.ts';
import { DUCKED_GAIN, Ducking } from '../../../src/client/ducking.ts';
import { Fader } from '../../../src/client/fader.ts';

const RATE = 48_000;
const FRAMES_PER_MS = RATE / 1000;
const QUIET_ROOM = 0.001;
const SPEECH = 0.1;
const AGENT = 0.15;

describe('the agent who is spoken over', () => {
  it('steps back once the caller has spoken for 60 ms, and comes back 300 ms after the caller has stopped', () => {
    const call = quietCall();
    call.agent(AGENT);
    expect(call.hear(40, SPEECH)).toEqual([]);
    expect(call.hear(20, SPEECH)).toEqual([DUCKED_GAIN]);
    expect(call.hear(500, SPEECH)).toEqual([]);
    expect(call.hear(280, QUIET_ROOM)).toEqual([]);
    expect(call.hear(20, QUIET_ROOM)).toEqual([1]);
  });

  it('steps back in a pause between two sentences as well', () => {
    const call = quietCall();
    call.agent(AGENT);
    call.hear(100, QUIET_ROOM);
    call.agent(0);
    call.hear(300, QUIET_ROOM);
    expect(call.hear(100, SPEECH)).toEqual([DUCKED_GAIN]);
  });

  it('does not step back for a caller who spoke while it was silent', () => {
    const call = quietCall();
    call.hear(200, SPEECH);
    call.agent(AGENT);
    expect(call.hear(500, SPEECH)).toEqual([]);
  });

  it('comes back after 2 s of a sound that has not stopped it', () => {
    const call = quietCall();
    call.agent(AGENT);
    call.hear(60, SPEECH);
    call.agent(AGENT * DUCKED_GAIN);
    expect(call.hear(1980, SPEECH)).toEqual([]);
    expect(call.hear(20, SPEECH)).toEqual([1]);
    expect(call.hear(500, SPEECH)).toEqual([]);
  });

  it('comes back at once when the caller mutes', () => {
    const call = quietCall();
    call.agent(AGENT);
    call.hear(100, SPEECH);
    expect(call.rest()).toEqual([1]);
    expect(call.rest()).toEqual([]);
  });
});

describe('the fader', () => {
  it('leaves samples untouched while nobody asks for less', () => {
    const samples = Float32Array.from({ length: 128 }, (_, i) => i / 1000);
    const faded = samples.slice();
    new Fader(RATE).apply(faded);
    expect(faded).toEqual(samples);
  });

  it('is down at -12 dB within 10 ms, without a jump', () => {
    const fader = new Fader(RATE);
    fader.to(DUCKED_GAIN);
    const gains = ones(fader, 20);
    expect(gains[10 * FRAMES_PER_MS]).toBe(DUCKED_GAIN);
    expect(steepest(1, gains)).toBeLessThan(1 / (8 * FRAMES_PER_MS));
    expect(gains.every((gain) => gain >= DUCKED_GAIN)).toBe(true);
  });

  it('is back within 200 ms, in a straight line, and exactly', () => {
    const fader = new Fader(RATE);
    fader.to(DUCKED_GAIN);
    ones(fader, 20);
    fader.to(1);
    const gains = ones(fader, 240);
    expect(gains[100 * FRAMES_PER_MS]).toBeCloseTo((1 + DUCKED_GAIN) / 2, 2);
    expect(steepest(DUCKED_GAIN, gains)).toBeLessThan(1 / (200 * FRAMES_PER_MS));
    expect(gains.slice(201 * FRAMES_PER_MS).every((gain) => gain === 1)).toBe(true);
  });

  it('turns round without a jump', () => {
    const fader = new Fader(RATE);
    fader.to(0);
    const down = ones(fader, 5);
    fader.to(1);
    expect(steepest(down.at(-1) ?? 0, ones(fader, 5))).toBeLessThan(1 / (200 * FRAMES_PER_MS));
  });
});

/** A call in a quiet room; each step gives the gains that were asked for in it. */
function quietCall() {
  let gains: number[] = [];
  const ducking = new Ducking((gain) => gains.push(gain));
  const taken = () => {
    const asked = gains;
    gains = [];
    return asked;
  };
  const hear = (ms: number, level: number) => {
    for (let at = 0; at < ms; at += VOICE_FRAME_MS) ducking.caller(level);
    return taken();
  };
  hear(2000, QUIET_ROOM);
  return {
    hear,
    agent: (level: number) => ducking.agent(level),
    rest: () => {
      ducking.rest();
      return taken();
    },
  };
}

/** What the fader makes of so many ms of ones. */
function ones(fader: Fader, ms: number): number[] {
  const samples = new Float32Array(ms * FRAMES_PER_MS).fill(1);
  fader.apply(samples);
  return [...samples];
}

function steepest(before: number, gains: readonly number[]): number {
  return Math.max(...gains.map((gain, i) => Math.abs(gain - (gains[i - 1] ?? before))));
}
