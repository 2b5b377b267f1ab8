import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bytesFromInt16, floatFromInt16, int16FromBytes } from '../../src/audio/pcm.ts';
import { Resampler } from '../../src/audio/resample.ts';
import { writeWav } from '../../src/audio/wav.ts';
import { buildConsole } from '../../src/console/build.ts';
import { launchBrowser, openPage, speak, type WatchedPage } from '../support/browser.ts';
import { findChromium } from '../support/chromium.ts';
import {
  type ConsoleServer,
  RESUME_TOKEN,
  type ServedCall,
  serveConsole,
} from '../support/console-server.ts';
import { bestCorrelation, envelope, speechLike } from '../support/envelope.ts';

const VOICE_RATE = 24_000;
const MICROPHONE_RATE = 16_000;
const UTTERANCE = '01900000-0000-7000-8000-000000000001';
/** 40 ms. */
const CHUNK = 960;

let directory: string;
let browser: Browser;
let server: ConsoleServer;
let watched: WatchedPage | undefined;

describe.skipIf(findChromium() === undefined)('a lost connection, in Chromium', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'console-'));
    await buildConsole(directory);
    browser = await launchBrowser('silent');
  });

  beforeEach(async () => {
    server = await serveConsole({ directory, providers: { stt: 'local', llm: 'local', tts: 'local' } });
  });

  afterEach(async () => {
    await watched?.page.context().close();
    await server.close();
  });

  afterAll(async () => {
    await browser?.close();
    await rm(directory, { recursive: true });
  });

  it('goes on in the middle of a reply, and the listener hears every sample once', async () => {
    const { call, page, rendered } = await startCall();
    const voice = speechLike(VOICE_RATE, 3);
    call.send('voicechat.response.start', { utteranceId: UTTERANCE, timestamp: 0 });
    const last = chunks(call, voice.slice(0, 37 * CHUNK));
    await call.until((c) => progress(c).some(({ playedMs }) => playedMs > 300));
    call.terminate();
    const again = await server.nextCall();

    expect(Object.fromEntries(again.query)).toEqual({
      session: call.sessionId,
      resume: RESUME_TOKEN,
      after: last,
    });
    await again.until((c) => c.of('voicechat.audio.start')[0]);
    expect(again.requests.slice(0, 2)).toMatchObject([
      { eventType: 'voicechat.playback.progress', payload: { utteranceId: UTTERANCE, receivedMs: 37 * 40 } },
      { eventType: 'voicechat.audio.start', payload: { samplingRate: MICROPHONE_RATE } },
    ]);
    await page.locator('#words:enabled').waitFor();
    again.send('voicechat.response.start', { utteranceId: UTTERANCE, timestamp: 0 });
    chunks(again, voice.slice(37 * CHUNK));
    again.send('voicechat.response.complete', { utteranceId: UTTERANCE });
    await again.until((c) => progress(c).some(({ ended }) => ended));
    expect(progress(again).at(-1)?.playedMs).toBe(3000);
    const { samples, sampleRate } = await rendered();
    expect(sounding(samples)).toEqual(sounding(resampled(voice, sampleRate)));
    expect([call.refusals, again.refusals]).toEqual([[], []]);
  });

  it('tells of a reply that has been played to its end that it has, and how far one was heard that ran dry', async () => {
    const { call, rendered } = await startCall();
    const voice = speechLike(VOICE_RATE, 0.72);
    call.send('voicechat.response.start', { utteranceId: UTTERANCE, timestamp: 0 });
    chunks(call, voice.slice(0, 10 * CHUNK));
    // The resampler holds the last ms back until more arrives.
    await call.until((c) => progress(c).some(({ playedMs }) => playedMs >= 398));
    call.terminate();
    const second = await server.nextCall();
    const dry = await second.until((c) => progress(c)[0]);
    expect(dry).toEqual({ utteranceId: UTTERANCE, playedMs: dry.playedMs, receivedMs: 400, ended: false });
    expect(dry.playedMs).toBeGreaterThanOrEqual(398);

    chunks(second, voice.slice(10 * CHUNK));
    second.send('voicechat.response.complete', { utteranceId: UTTERANCE });
    await second.until((c) => progress(c).some(({ ended }) => ended));
    second.terminate();
    const third = await server.nextCall();
    const ended = await third.until((c) => progress(c)[0]);
    expect(ended).toEqual({ utteranceId: UTTERANCE, playedMs: 720, receivedMs: 720, ended: true });
    const { samples, sampleRate } = await rendered();
    expect(sounding(samples)).toEqual(sounding(resampled(voice, sampleRate)));
  });

  it('loses nothing of what the caller says meanwhile', async () => {
    const { call, page } = await startCall({ virtualMicrophone: true });
    const spoken = speechLike(MICROPHONE_RATE, 3);
    server.refuseReturns(503);
    call.terminate();
    await page.locator('#pill', { hasText: 'Reconnecting' }).waitFor();
    await speak(page, writeWav(spoken, MICROPHONE_RATE));
    server.refuseReturns(undefined);
    const again = await server.nextCall();
    const audio = () => again.of('voicechat.audio.chunk').map(({ payload }) => payload.audio);
    await again.until(() => audio().length >= 4 * 50);
    const heard = envelope(
      floatFromInt16(int16FromBytes(new Uint8Array(Buffer.concat(audio())))),
      MICROPHONE_RATE,
    );
    expect(bestCorrelation(envelope(floatFromInt16(spoken), MICROPHONE_RATE), heard)).toBeGreaterThan(0.9);
    const order = again.requests.map(({ eventType }) => eventType);
    expect(order.indexOf('voicechat.audio.start')).toBeLessThan(order.indexOf('voicechat.audio.chunk'));
  });

  it('shows what is told again once, and goes on with the line that was being said', async () => {
    const { call, page } = await startCall();
    call.send('voicechat.transcript.final', { turnId: 't1', text: 'what does it cost' });
    call.send('voicechat.response.start', { utteranceId: UTTERANCE, timestamp: 0 });
    const text = { utteranceId: UTTERANCE, text: 'It starts at forty dollars.' };
    const textId = call.send('voicechat.response.text', text);
    await page.locator('.line.agent', { hasText: 'forty dollars' }).waitFor();
    call.terminate();
    const again = await server.nextCall();
    again.send('voicechat.response.text', text, textId);
    again.send('voicechat.response.text', { utteranceId: UTTERANCE, text: 'Per seat.' });
    again.send('voicechat.state', { state: 'speaking' });
    await page.locator('.line.agent', { hasText: 'It starts at forty dollars. Per seat.' }).waitFor();
    await page.locator('#pill[data-state=speaking]', { hasText: 'Speaking' }).waitFor();
    expect(await page.locator('.line').count()).toBe(2);
  });

  it('is told on the page, which cannot be typed to, and which then goes on', async () => {
    const { call, page } = await startCall();
    await page.locator('#words').fill('half a sen');
    server.refuseReturns(503);
    call.terminate();
    await page.locator('#pill[data-state=waiting]', { hasText: 'Reconnecting' }).waitFor();
    expect(await page.locator('#words').isDisabled()).toBe(true);
    server.refuseReturns(undefined);
    await server.nextCall();
    await page.locator('#words:enabled').waitFor();
    await page.locator('#pill[data-state=listening]').waitFor();
    expect(await page.locator('#words').inputValue()).toBe('half a sen');
    expect(await page.evaluate('document.activeElement.id')).toBe('words');
    expect(await page.locator('#problems p').count()).toBe(0);
  });

  it.each([403, 410])('is the end of the call when the server answers %i', async (status) => {
    const { call, page, openMicrophones } = await startCall();
    server.refuseReturns(status);
    call.terminate();
    await page.getByRole('alert').getByText('connection to the server was lost').waitFor();
    await expectIdle(page);
    expect(await openMicrophones()).toBe(0);
  });

  it('is no accident when another connection has taken the call over', async () => {
    const { call, page, openMicrophones } = await startCall();
    call.close(4001);
    await page.locator('.line.note', { hasText: 'goes on over another connection' }).waitFor();
    await expectIdle(page);
    expect(await openMicrophones()).toBe(0);
    expect(await page.locator('#problems p').count()).toBe(0);
  });

  it('is over at once when the caller hangs up', async () => {
    const { call, page, openMicrophones } = await startCall();
    server.refuseReturns(503);
    call.terminate();
    await page.locator('#pill', { hasText: 'Reconnecting' }).waitFor();
    await page.getByRole('button', { name: 'End the call' }).click();
    await page.locator('.line.note', { hasText: 'You ended the call.' }).waitFor();
    await expectIdle(page);
    expect(await openMicrophones()).toBe(0);
  });
});

async function startCall(options: { readonly virtualMicrophone?: boolean } = {}) {
  const opened = await openPage(browser, server.url, options);
  watched = opened;
  await opened.page.getByRole('button', { name: 'Start the call' }).click();
  const call = await server.nextCall();
  await call.until((c) => c.of('voicechat.audio.start')[0]);
  await opened.page.locator('#words:enabled').waitFor();
  return { ...opened, call };
}

/** Sends audio faster than it plays, in pieces of 40 ms; returns the id of the last one. */
function chunks(call: ServedCall, voice: Int16Array): string {
  let last = '';
  for (let at = 0; at < voice.length; at += CHUNK) {
    const audio = bytesFromInt16(voice.slice(at, at + CHUNK));
    last = call.send('voicechat.response.chunk', { utteranceId: UTTERANCE, sampleRate: VOICE_RATE, audio });
  }
  return last;
}

function progress(call: ServedCall) {
  return call.of('voicechat.playback.progress').map(({ payload }) => payload);
}

async function expectIdle(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Start the call' }).waitFor();
  expect(await page.locator('#words').isDisabled()).toBe(true);
}

/** Without the silence: however long the gap was, every sample sounds once, and in order. */
function sounding(samples: Float32Array): Float32Array {
  return samples.filter((sample) => sample !== 0);
}

function resampled(voice: Int16Array, toHz: number): Float32Array {
  const resampler = new Resampler(VOICE_RATE, toHz);
  const body = resampler.process(floatFromInt16(voice));
  const rest = resampler.flush();
  const all = new Float32Array(body.length + rest.length);
  all.set(body);
  all.set(rest, body.length);
  return all;
}
