import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bytesFromInt16 } from '../../src/audio/pcm.ts';
import { writeWav } from '../../src/audio/wav.ts';
import { DUCKED_GAIN } from '../../src/client/ducking.ts';
import { loudness } from '../../src/client/loudness.ts';
import { buildConsole } from '../../src/console/build.ts';
import { createFlite } from '../../src/local/engines/flite/flite.ts';
import type { SynthesiserEngine } from '../../src/local/engines/ports.ts';
import { type Providers, startProviders } from '../../src/local/server.ts';
import {
  launchBrowser,
  openPage,
  type PassedFrame,
  type Recorded,
  speak,
  type WatchedPage,
} from '../support/browser.ts';
import { findChromium } from '../support/chromium.ts';
import { type ConsoleServer, type ServedCall, serveConsole } from '../support/console-server.ts';
import { localVariables, type RunningWorker, startWorker } from '../support/worker.ts';

const allLocal = { stt: 'local', llm: 'local', tts: 'local' } as const;
const VOICE_RATE = 24_000;
const MICROPHONE_RATE = 16_000;
const UTTERANCE = '01900000-0000-7000-8000-000000000001';

let directory: string;
let browser: Browser;
const open: WatchedPage[] = [];

describe.skipIf(findChromium() === undefined)('speaking over the agent', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barge-in-'));
    [browser] = await Promise.all([launchBrowser('silent'), buildConsole(directory)]);
  });

  afterEach(async () => {
    for (const { page } of open.splice(0)) await page.context().close();
  });

  afterAll(async () => {
    await browser?.close();
    await rm(directory, { recursive: true });
  });

  describe('as the page handles it before the server has an opinion', () => {
    let server: ConsoleServer;
    beforeAll(async () => {
      server = await serveConsole({ directory, providers: allLocal });
    });
    afterAll(() => server?.close());

    async function callWithVoice(seconds: number): Promise<{ call: ServedCall; watched: WatchedPage }> {
      const watched = await openCall(server);
      const call = await server.nextCall();
      await call.until((c) => c.of('voicechat.audio.chunk').length > 25);
      call.send('voicechat.response.start', { utteranceId: UTTERANCE, timestamp: 0 });
      const voice = bytesFromInt16(tone(1000, VOICE_RATE, seconds));
      for (let at = 0; at < voice.length; at += VOICE_RATE / 10) {
        const audio = voice.slice(at, at + VOICE_RATE / 10);
        call.send('voicechat.response.chunk', { utteranceId: UTTERANCE, sampleRate: VOICE_RATE, audio });
      }
      call.send('voicechat.response.complete', { utteranceId: UTTERANCE });
      await call.until((c) => progress(c).some(({ playedMs }) => playedMs > 500));
      return { call, watched };
    }

    it('lowers the voice to a quarter at once, and raises it when the caller is silent again', async () => {
      const { call, watched } = await callWithVoice(5);
      await speak(watched.page, writeWav(tone(300, MICROPHONE_RATE, 1), MICROPHONE_RATE));
      await call.until((c) => progress(c).some(({ ended }) => ended));
      const agent = levels(await watched.rendered());
      const caller = levels(await watched.spoken());
      const full = Math.max(...agent);
      const begins = caller.findIndex((level) => level > 0.05);
      const ducked = agent.findIndex((level, i) => i >= begins && level < full * DUCKED_GAIN * 1.1);
      expect(begins).toBeGreaterThan(0);
      // 80 ms on a machine with nothing else to do; the rest is for the browser's main thread in a busy test run.
      expect((ducked - begins) * LEVEL_MS).toBeLessThanOrEqual(80 + 60);
      const raised = agent.findIndex((level, i) => i > ducked && level > full * 0.99);
      const ends = caller.findLastIndex((level) => level > 0.05);
      expect(raised).toBeGreaterThan(ends);
      expect((raised - ends) * LEVEL_MS).toBeGreaterThan(300);
      expect((raised - ends) * LEVEL_MS).toBeLessThanOrEqual(300 + 200 + 200);
      expect(progress(call).at(-1)).toMatchObject({ playedMs: 5000 });
      expect(watched.complaints).toEqual([]);
    });

    it('leaves the voice alone while the caller is muted', async () => {
      const { call, watched } = await callWithVoice(3);
      await watched.page.getByRole('button', { name: 'Mute' }).click();
      await speak(watched.page, writeWav(tone(300, MICROPHONE_RATE, 1), MICROPHONE_RATE));
      await call.until((c) => progress(c).some(({ ended }) => ended));
      const agent = levels(await watched.rendered()).filter((level) => level > 0.001);
      // The first and the last window may be cut by the edge of the voice.
      expect(Math.min(...agent.slice(1, -1))).toBeGreaterThan(0.9 * Math.max(...agent));
    });

    it('reports on a pause exactly what was heard, which an interruption then does not change', async () => {
      const { call, watched } = await callWithVoice(5);
      call.send('voicechat.response.pause', { utteranceId: UTTERANCE });
      await watched.renderMore(400);
      const paused = progress(call).at(-1);
      const { sampleRate, samples } = await watched.rendered();
      const first = samples.findIndex((sample) => sample !== 0);
      const last = samples.findLastIndex((sample) => sample !== 0);
      // The fade of 10 ms is over what was not heard.
      const heardMs = ((last - first) / sampleRate) * 1000 - 10;
      expect(Math.abs(heardMs - (paused?.playedMs ?? 0))).toBeLessThan(2);
      const tookMs = await watched.until((frames) => {
        const [pause] = received(frames, 'response.pause');
        const report = frames.findLast(isReport);
        return pause && report && ((report.atSample - pause.atSample) / sampleRate) * 1000;
      });
      expect(tookMs).toBeLessThan(100);
      call.send('voicechat.response.interrupt', { utteranceId: UTTERANCE, timestamp: 0 });
      const end = await call.until((c) => progress(c).find(({ ended }) => ended));
      expect(end.playedMs).toBe(paused?.playedMs);
    });

    it('goes on by itself after a pause of 3 s that nothing follows, and reports on', async () => {
      const { call, watched } = await callWithVoice(2);
      call.send('voicechat.response.pause', { utteranceId: UTTERANCE });
      await call.until((c) => progress(c).some(({ ended }) => ended));
      const played = progress(call).map(({ playedMs }) => playedMs);
      expect(played.at(-1)).toBe(2000);
      expect(played.every((ms, i) => i === 0 || ms >= (played[i - 1] ?? 0))).toBe(true);
      const agent = levels(await watched.rendered());
      const sounding = agent.slice(agent.findIndex(isLoud), agent.findLastIndex(isLoud) + 1);
      expect(sounding.filter((level) => !isLoud(level)).length * LEVEL_MS).toBeGreaterThan(2900);
      expect(sounding.filter((level) => !isLoud(level)).length * LEVEL_MS).toBeLessThan(3100);
    });

    it('shows quietly that the call will be ended', async () => {
      const { call, watched } = await callWithVoice(1);
      call.send('voicechat.call.warning', { remainingMs: 60_000 });
      const words = 'The call ends in about a minute.';
      await watched.page.locator('.line.note', { hasText: words }).waitFor();
      expect(await watched.page.locator('#announcer').textContent()).toBe(words);
      expect(await watched.page.getByRole('alert').textContent()).toBe('');
    });
  });

  describe('in a whole call', () => {
    const ANSWER =
      'You put your jobs on the board and the planner gives each of them to the nearest person who is free. When a job takes longer, it moves the others and tells your customers.';
    let flite: SynthesiserEngine;
    let providers: Providers;
    let worker: RunningWorker;
    let server: ConsoleServer;

    beforeAll(async () => {
      [flite, providers] = await Promise.all([createFlite(), startProviders({ mode: 'scripted' })]);
      worker = await startWorker(localVariables(providers.url));
      server = await serveConsole({ directory, providers: allLocal, worker: worker.url });
    });

    afterAll(async () => {
      await server?.close();
      await worker?.close();
      await Promise.all([providers?.close(), flite?.close()]);
    });

    /** Begins a call in which the caller says these words, in this order, in the voice of the local synthesiser. */
    async function begin(...utterances: readonly string[]) {
      providers.log.clear();
      providers.script = {
        recogniser: {
          utterances: utterances.map((text) => ({ text })),
          repeat: false,
          // Longer than any pause the voice makes inside a sentence: one recording is one burst of speech.
          finalDelayMs: 500,
        },
        model: {
          replies: (messages) =>
            messages.at(-1)?.content === utterances[0]
              ? ANSWER
              : 'It starts at forty dollars for each seat and month.',
        },
      };
      const recordings = await Promise.all(utterances.map((text) => recording(flite, text)));
      const watched = await openCall(server);
      let said = 0;
      const say = () => speak(watched.page, recordings[said++] ?? new Uint8Array());
      await watched.until((frames) => received(frames, 'turn.metrics')[0]);
      await say();
      const answer = await watched.until((frames) => received(frames, 'response.start')[1]);
      const answerId = String(answer.payload['utteranceId']);
      await watched.until((frames) => reports(frames, answerId).some(({ playedMs }) => playedMs > 2500));
      return { watched, say, answerId };
    }

    it('plays the greeting to its end, stops the answer, and remembers exactly the words that were heard', async () => {
      const interruption = 'Stop, how much does it cost?';
      const { watched, say, answerId } = await begin('How does it work?', interruption);
      await say();
      const stop = await watched.until((frames) => received(frames, 'response.interrupt')[0]);
      expect(stop.payload['utteranceId']).toBe(answerId);
      const next = await watched.until((frames) => received(frames, 'response.start')[2]);
      await watched.until((frames) => received(frames, 'turn.metrics')[2]);

      const { samples, sampleRate } = await watched.rendered();
      const silentFrom = stop.atSample + SILENT_WITHIN_MS * (sampleRate / 1000);
      expect(next.atSample).toBeGreaterThan(silentFrom);
      expect(loudness(samples.subarray(silentFrom, next.atSample))).toBe(0);

      const heard = await heardWords(watched, 1);
      const asked = await providers.log.waitFor((entry) => interruptedLines(entry).length > 0);
      expect(interruptedLines(asked)).toEqual([`${heard} (interrupted)`]);
      expect(ANSWER.slice(0, heard.length + 1)).toBe(`${heard} `);
      const end = await watched.until((frames) => reports(frames, answerId).find(({ ended }) => ended));
      expect(Math.abs(heard.split(' ').length - wordsIn(ANSWER, end.playedMs))).toBeLessThanOrEqual(1);
      expect(await watched.page.locator('.line.agent .who').nth(1).textContent()).toBe('Agent, interrupted');

      expect(await watched.page.locator('.line.agent').first().locator('s').count()).toBe(0);
      const [greeting] = await watched.until((frames) => [received(frames, 'turn.metrics')[0]?.payload]);
      expect(greeting).toMatchObject({ interrupted: false, heardMs: greeting?.['sentMs'] });
      expect(watched.complaints).toEqual([]);
      expect(providers.log.invalid).toEqual([]);
    });

    it('goes on over a sign of listening, to the end of what it says', async () => {
      const { watched, say, answerId } = await begin('How does it work?', 'Uh-huh.');
      await say();
      const metrics = await watched.until((frames) => {
        return received(frames, 'turn.metrics').find(({ payload }) => payload['utteranceId'] === answerId);
      });
      const sentMs = Number(metrics.payload['sentMs']);
      expect(metrics.payload).toMatchObject({ interrupted: false, heardMs: metrics.payload['sentMs'] });
      const last = await watched.until((frames) => reports(frames, answerId).find(({ ended }) => ended));
      expect(Math.abs(last.playedMs - sentMs)).toBeLessThanOrEqual(1);

      const { samples, sampleRate } = await watched.rendered();
      const start = await watched.until((frames) => received(frames, 'response.start')[1]);
      const voice = levels({ samples: samples.subarray(start.atSample), sampleRate });
      expect(Math.abs(voice.filter(isLoud).length * LEVEL_MS - sentMs)).toBeLessThan(100);
      const pauses = await watched.until((frames) => pausesMs(frames, sampleRate));
      expect(pauses.filter((ms) => ms > LONGEST_PAUSE_MS)).toEqual([]);

      expect(await watched.page.locator('.line.agent .words').nth(1).textContent()).toBe(ANSWER);
      expect(await watched.page.locator('.line.agent s').count()).toBe(0);
      const events = await watched.until((frames) => frames.map(({ eventType }) => eventType));
      expect(events).not.toContain('voicechat.response.interrupt');
      expect(watched.complaints).toEqual([]);
    });
  });
});

/** How soon after the page has got the interruption nothing sounds any more, in ms: a fade of 10 ms, and the way there. */
const SILENT_WITHIN_MS = 150;
/** How long the server may take to know a sign of listening from an interruption, in ms. */
const LONGEST_PAUSE_MS = 700;
/** How long a character sounds in scripted mode, in ms. */
const CHARACTER_MS = 65;
/** The window of a level, in ms. */
const LEVEL_MS = 5;

/** Opens the page with a microphone into which the test speaks, and starts the call. */
async function openCall({ url }: ConsoleServer): Promise<WatchedPage> {
  const watched = await openPage(browser, url, { virtualMicrophone: true });
  open.push(watched);
  await watched.page.getByRole('button', { name: 'Start the call' }).click();
  return watched;
}

async function recording(flite: SynthesiserEngine, text: string): Promise<Uint8Array> {
  const { samples, sampleRate } = await flite.speak({ text, voice: 'slt', speed: 1 });
  return writeWav(samples, sampleRate);
}

function received(frames: readonly PassedFrame[], event: string): PassedFrame[] {
  return frames.filter((frame) => frame.direction === 'received' && frame.eventType === `voicechat.${event}`);
}

/** What the page has reported of an utterance. */
function reports(frames: readonly PassedFrame[], utteranceId: string) {
  return frames
    .filter(isReport)
    .filter(({ payload }) => payload['utteranceId'] === utteranceId)
    .map(({ payload }) => ({ playedMs: Number(payload['playedMs']), ended: payload['ended'] === true }));
}

function isReport({ direction, eventType }: PassedFrame): boolean {
  return direction === 'sent' && eventType === 'voicechat.playback.progress';
}

function progress(call: ServedCall) {
  return call.of('voicechat.playback.progress').map(({ payload }) => payload);
}

/** How long each pause lasted until the agent went on, in ms of what was rendered. */
function pausesMs(frames: readonly PassedFrame[], sampleRate: number): number[] {
  const resumes = received(frames, 'response.resume');
  return received(frames, 'response.pause').map(({ atSample }, i) => {
    return ((resumes[i]?.atSample ?? Number.POSITIVE_INFINITY) - atSample) / (sampleRate / 1000);
  });
}

/** The words of the agent's line of this number that are not struck. */
async function heardWords({ page }: WatchedPage, line: number): Promise<string> {
  const words = page.locator('.line.agent .words').nth(line);
  await words.locator('s').waitFor();
  return words.evaluate((element) => (element.firstChild?.textContent ?? '').trim());
}

/** What a request to the model has of the agent's interrupted lines. */
function interruptedLines(entry: Providers['log']['entries'][number]): string[] {
  if (entry.kind !== 'request' || entry.provider !== 'openai') return [];
  // The local provider has checked the request against the vendor's schema.
  const { messages } = entry.body as { messages: { role: string; content: string }[] };
  return messages.flatMap(({ role, content }) => {
    return role === 'assistant' && content.includes('(interrupted)') ? [content] : [];
  });
}

/** How many words have sounded by half or more after `ms` of the text, spoken at an even pace. */
function wordsIn(text: string, ms: number): number {
  let at = 0;
  return text.split(' ').filter((word) => {
    const middle = at + word.length / 2;
    at += word.length + 1;
    return middle * CHARACTER_MS <= ms;
  }).length;
}

function tone(hz: number, rate: number, seconds: number): Int16Array {
  return Int16Array.from(
    { length: rate * seconds },
    (_, i) => 8000 * Math.cos((2 * Math.PI * hz * i) / rate),
  );
}

/** The loudness of every 5 ms. */
function levels({ samples, sampleRate }: Recorded): number[] {
  const window = (sampleRate * LEVEL_MS) / 1000;
  return Array.from({ length: Math.floor(samples.length / window) }, (_, i) => {
    return loudness(samples.subarray(Math.round(i * window), Math.round((i + 1) * window)));
  });
}

function isLoud(level: number): boolean {
  return level > 0.001;
}
