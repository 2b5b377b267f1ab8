import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { floatFromInt16 } from '../../../src/audio/pcm.ts';
import { CallerVoice, VOICE_FRAME_MS } from '../../../src/client/caller-voice.ts';
import { Framer } from '../../../src/client/framer.ts';
import { createFlite } from '../../../src/local/engines/flite/flite.ts';
import type { SynthesiserEngine } from '../../../src/local/engines/ports.ts';

const RATE = 16_000;
const QUIET_ROOM = 0.001;
const SPEECH = 0.1;

describe("the caller's voice", () => {
  it('is found 60 ms after it begins and lost 300 ms after it ends', () => {
    const voice = inRoom(QUIET_ROOM);
    expect(voice.hear(200, SPEECH)).toEqual([40]);
    expect(voice.hear(600, QUIET_ROOM)).toEqual([280]);
  });

  it('is not lost in the stops and breaths of a sentence', () => {
    const voice = inRoom(QUIET_ROOM);
    voice.hear(200, SPEECH);
    expect(voice.hear(260, QUIET_ROOM)).toEqual([]);
    expect(voice.hear(200, SPEECH)).toEqual([]);
  });

  it('is not a click or a knock of 40 ms', () => {
    const voice = inRoom(QUIET_ROOM);
    const heard = Array.from({ length: 10 }, () => [...voice.hear(40, 0.5), ...voice.hear(80, QUIET_ROOM)]);
    expect(heard.flat()).toEqual([]);
  });

  it('is not the noise of a room that changes by a half', () => {
    const voice = inRoom(0.02);
    for (let i = 0; i < 50; i++) expect([...voice.hear(60, 0.03), ...voice.hear(60, 0.02)]).toEqual([]);
  });

  it('is found above the noise of a loud room', () => {
    const voice = inRoom(0.02);
    expect(voice.hear(100, 0.12)).toEqual([40]);
  });

  it('is told from a noise that begins and stays, after some seconds', () => {
    const voice = inRoom(QUIET_ROOM);
    voice.hear(12_000, 0.03);
    expect(voice.speaking).toBe(false);
    expect(voice.hear(100, 0.2)).toEqual([40]);
  });

  it('is not forgotten in a long speech', () => {
    const voice = inRoom(QUIET_ROOM);
    voice.hear(200, SPEECH);
    for (let i = 0; i < 60; i++) {
      expect([...voice.hear(240, SPEECH), ...voice.hear(80, QUIET_ROOM)]).toEqual([]);
    }
  });

  it('is heard from a caller who speaks from the very first frame', () => {
    expect(listener().hear(200, SPEECH)).toEqual([40]);
  });

  it('is not what the microphone picks up of the agent', () => {
    const voice = inRoom(QUIET_ROOM);
    for (let i = 0; i < 20; i++) {
      expect(voice.hear(200, 0.03, 0.15)).toEqual([]);
      // The echo of the last syllable comes when the agent is already silent.
      expect(voice.hear(100, 0.02, 0)).toEqual([]);
    }
  });

  it('is found over the agent', () => {
    const voice = inRoom(QUIET_ROOM);
    voice.hear(1000, 0.02, 0.15);
    expect(voice.hear(100, SPEECH, 0.15)).toEqual([40]);
  });

  it('is as easily found as ever when the agent has been silent for half a second', () => {
    const voice = inRoom(QUIET_ROOM);
    voice.hear(1000, 0.02, 0.15);
    voice.hear(500, QUIET_ROOM, 0);
    expect(voice.hear(100, 0.015, 0)).toEqual([40]);
  });

  it('is over when the microphone is muted, and the room is still known afterwards', () => {
    const voice = inRoom(0.02);
    voice.hear(100, 0.15);
    voice.forget();
    expect(voice.hear(1000, 0)).toEqual([]);
    expect(voice.hear(1000, 0.03)).toEqual([]);
    expect(voice.hear(100, 0.15)).toEqual([40]);
  });
});

describe('recorded speech', () => {
  let flite: SynthesiserEngine;
  beforeAll(async () => {
    flite = await createFlite();
  });
  afterAll(() => flite.close());

  async function spoken(text: string, voice: string, gain = 1): Promise<number[]> {
    const { samples } = await flite.speak({ text, voice, speed: 1 });
    return levels(floatFromInt16(samples).map((sample) => sample * gain));
  }

  it.each([
    ['slt', 'stop, wait a moment please', 1],
    ['rms', 'how much does it cost', 1],
    ['kal16', "hold on, I don't have time right now", 1],
    ['slt', 'sorry, who are you calling from', 0.25],
  ])('of %s over the agent is found within 80 ms: "%s" at %f', async (name, text, gain) => {
    const recorded = await spoken(text, name, gain);
    const voice = inRoom(QUIET_ROOM);
    voice.hear(500, QUIET_ROOM, 0.05);
    const loudest = Math.max(...recorded);
    const begins = recorded.findIndex((level) => level > loudest / 4);
    const found = recorded.flatMap((level, i) =>
      voice.hear(VOICE_FRAME_MS, level, 0.05).length > 0 ? [i] : [],
    );
    expect(found).toHaveLength(1);
    expect(((found[0] ?? 99) - begins + 1) * VOICE_FRAME_MS).toBeLessThanOrEqual(80);
  });

  it.each(['slt', 'rms', 'awb'])('of the agent (%s) that leaks into the microphone is not', async (name) => {
    const agent = await spoken(
      'It starts at forty dollars for each seat and month. Shall we book a demo?',
      name,
    );
    const voice = inRoom(QUIET_ROOM);
    // The echo canceller has left a fifth of it, 100 ms late.
    const heard = agent.flatMap((level, i) =>
      voice.hear(VOICE_FRAME_MS, QUIET_ROOM + (agent[i - 5] ?? 0) / 5, level),
    );
    expect(heard).toEqual([]);
  });
});

/** A listener that has known a steady room for two seconds. */
function inRoom(level: number) {
  const voice = listener();
  voice.hear(2000, level);
  return voice;
}

function listener() {
  const voice = new CallerVoice();
  let speaking = false;
  return {
    get speaking() {
      return speaking;
    },
    forget: () => {
      voice.forget();
      speaking = false;
    },
    /** Hears this level for `ms`; gives when in it, in ms before the deciding frame, the voice was found or lost. */
    hear: (ms: number, level: number, agentLevel = 0): number[] => {
      const changes = [];
      for (let at = 0; at < ms; at += VOICE_FRAME_MS) {
        const before = speaking;
        speaking = voice.hear({ level, agentLevel });
        if (speaking !== before) changes.push(at);
      }
      return changes;
    },
  };
}

function levels(samples: Float32Array): number[] {
  const found: number[] = [];
  const framer = new Framer({ fromHz: RATE, toHz: RATE, frameMs: VOICE_FRAME_MS }, ({ level }) =>
    found.push(level),
  );
  framer.push(samples);
  return found;
}
