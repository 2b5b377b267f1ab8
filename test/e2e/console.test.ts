import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bytesFromInt16, floatFromInt16, int16FromBytes } from '../../src/audio/pcm.ts';
import { Resampler } from '../../src/audio/resample.ts';
import { writeWav } from '../../src/audio/wav.ts';
import { loudness } from '../../src/client/loudness.ts';
import { buildConsole } from '../../src/console/build.ts';
import { type FakeMicrophone, launchBrowser, openPage, speak, type WatchedPage } from '../support/browser.ts';
import { findChromium } from '../support/chromium.ts';
import { type ConsoleServer, type ServedCall, serveConsole } from '../support/console-server.ts';
import { bestCorrelation, envelope, loudSpan, speechLike } from '../support/envelope.ts';

const VOICE_RATE = 24_000;
const UTTERANCE = '01900000-0000-7000-8000-000000000001';
const allLocal = { stt: 'local', llm: 'local', tts: 'local' } as const;

let directory: string;
let server: ConsoleServer;
const browsers = new Map<string, Promise<Browser>>();
const open: WatchedPage[] = [];

describe.skipIf(findChromium() === undefined)('the page in Chromium', { timeout: 30_000 }, () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'console-'));
    await buildConsole(directory);
    server = await serve(allLocal);
  });

  afterEach(async () => {
    for (const { page } of open.splice(0)) await page.context().close();
  });

  afterAll(async () => {
    for (const browser of browsers.values()) await (await browser).close();
    await server?.close();
    await rm(directory, { recursive: true });
  });

  it('sends what the microphone hears, whole and in time', async () => {
    const spoken = speechLike(16_000, 4);
    const file = join(directory, 'caller.wav');
    await writeFile(file, writeWav(spoken, 16_000));
    const { call, watched } = await startCall({ file });
    const wanted = 4.5 * 50;
    await call.until((c) => c.of('voicechat.audio.chunk').length >= wanted);
    const chunks = call.of('voicechat.audio.chunk').map(({ payload }) => payload.audio);
    expect(new Set(chunks.map(({ byteLength }) => byteLength))).toEqual(new Set([640]));
    const heard = envelope(floatFromInt16(concatenate(chunks)), 16_000);
    const said = envelope(floatFromInt16(spoken), 16_000);
    expect(bestCorrelation(said, heard)).toBeGreaterThan(0.9);
    expect(Math.abs(loudSpan(heard) - loudSpan(said))).toBeLessThanOrEqual(4);
    expect(call.of('voicechat.audio.start')[0]?.payload).toEqual({ samplingRate: 16_000 });
    expect(call.refusals).toEqual([]);
    expect(watched.complaints).toEqual([]);
  });

  it('renders the samples of the agent exactly, and reports what was heard', async () => {
    const { call, watched } = await startCall('silent');
    const voice = speechLike(VOICE_RATE, 1.5);
    say(call, voice);
    const progress = () => call.of('voicechat.playback.progress').map(({ payload }) => payload);
    await call.until(() => progress().some(({ ended }) => ended));
    const { samples, sampleRate } = await watched.rendered();
    const expected = resampled(voice, sampleRate);
    expect(loudPart(samples)).toEqual(loudPart(expected));

    const played = progress().map(({ playedMs }) => playedMs);
    expect(played.at(-1)).toBe(1500);
    expect(played.length).toBeGreaterThanOrEqual(7);
    expect(played.every((ms, i) => i === 0 || ms > (played[i - 1] ?? 0))).toBe(true);
    expect(progress().filter(({ ended }) => ended)).toHaveLength(1);
    expect(watched.complaints).toEqual([]);
  });

  it('is silent within 250 ms of an interruption, and reports what was heard of it', async () => {
    const { call, watched } = await startCall('silent');
    const voice = speechLike(VOICE_RATE, 6);
    say(call, voice);
    await call.until((c) =>
      c.of('voicechat.playback.progress').some(({ payload }) => payload.playedMs > 500),
    );
    const before = (await watched.rendered()).samples.length;
    const sentAt = performance.now();
    call.send('voicechat.response.interrupt', { utteranceId: UTTERANCE, timestamp: Date.now() });
    const end = await call.until((c) => {
      return c.of('voicechat.playback.progress').find(({ payload }) => payload.ended);
    });
    expect(performance.now() - sentAt).toBeLessThan(250);
    await watched.renderMore(400);
    const { samples, sampleRate } = await watched.rendered();
    const lastLoud = samples.findLastIndex((sample) => sample !== 0);
    expect((lastLoud - before) / sampleRate).toBeLessThan(0.25);
    const silenceMs = (voice.findIndex((sample) => sample !== 0) / VOICE_RATE) * 1000;
    const firstLoud = samples.findIndex((sample) => sample !== 0);
    const renderedMs = silenceMs + ((lastLoud - firstLoud) / sampleRate) * 1000;
    // The fade of 10 ms and the output latency, some 30 ms here, were rendered but not heard.
    expect(end.payload.playedMs).toBeLessThanOrEqual(renderedMs);
    expect(end.payload.playedMs).toBeGreaterThan(renderedMs - 120);
    expect(call.of('voicechat.playback.progress').filter(({ payload }) => payload.ended)).toHaveLength(1);
  });

  it('goes on after a pause with the very samples it was paused at', async () => {
    const { call, watched } = await startCall('silent');
    const voice = speechLike(VOICE_RATE, 2);
    say(call, voice);
    const reports = () => call.of('voicechat.playback.progress').map(({ payload }) => payload);
    await call.until(() => reports().some(({ playedMs }) => playedMs > 700));
    call.send('voicechat.response.pause', { utteranceId: UTTERANCE });
    await watched.renderMore(500);
    const paused = reports().at(-1);
    expect(paused?.ended).toBe(false);
    call.send('voicechat.response.resume', { utteranceId: UTTERANCE });
    await call.until(() => reports().some(({ ended }) => ended));
    expect(reports().at(-1)).toMatchObject({ playedMs: 2000, ended: true });
    const { samples, sampleRate } = await watched.rendered();
    const rest = loudPart(resampled(voice, sampleRate)).slice(-sampleRate / 2);
    expect(loudPart(samples).slice(-rest.length)).toEqual(rest);
  });

  it('shows both sides of the conversation, and strikes what was not heard', async () => {
    const { call, watched } = await startCall('silent');
    const { page } = watched;
    call.send('voicechat.transcript.interim', { turnId: 't1', text: 'what does' });
    await page.locator('.line.caller.guess', { hasText: 'what does' }).waitFor();
    call.send('voicechat.transcript.final', { turnId: 't1', text: 'what does it cost' });
    await page.locator('.line.caller:not(.guess)', { hasText: 'what does it cost' }).waitFor();
    expect(await page.locator('.line.caller').count()).toBe(1);
    expect(await page.locator('#announcer').textContent()).toBe('You: what does it cost');

    call.send('voicechat.state', { state: 'speaking' });
    call.send('voicechat.response.start', { utteranceId: UTTERANCE, timestamp: 0 });
    call.send('voicechat.response.text', { utteranceId: UTTERANCE, text: 'It starts at forty dollars.' });
    call.send('voicechat.response.text', { utteranceId: UTTERANCE, text: 'That is per seat and month.' });
    await page.locator('#pill[data-state=speaking]', { hasText: 'Speaking' }).waitFor();
    say(call, speechLike(VOICE_RATE, 4));
    await page.locator('#agent-level[style*="level: 0.6"], #agent-level[style*="level: 0.7"]').waitFor();
    await call.until((c) =>
      c.of('voicechat.playback.progress').some(({ payload }) => payload.playedMs > 500),
    );
    call.send('voicechat.response.interrupt', { utteranceId: UTTERANCE, timestamp: 0 });
    await page.locator('.line.agent s').waitFor();
    call.send('voicechat.turn.metrics', {
      utteranceId: UTTERANCE,
      sentMs: 4000,
      heardMs: 900,
      wordsSaid: 11,
      wordsHeard: 9,
      interrupted: true,
    });
    await page.locator('.line.agent s', { hasText: /^and month\.$/ }).waitFor();
    expect(await page.locator('.line.agent .who').textContent()).toBe('Agent, interrupted');
    expect(await page.locator('.line.agent .words').textContent()).toBe(
      'It starts at forty dollars. That is per seat and month.',
    );
    expect(watched.complaints).toEqual([]);
  });

  it('sends nothing but silence while muted, from the first frame on', async () => {
    const { call, watched } = await startCall('silent', { virtualMicrophone: true });
    // Closing the page cuts it short.
    speak(watched.page, writeWav(constantVoice(10), 16_000)).catch(() => undefined);
    await call.until(() => chunksOf(call).some(({ audio }) => loudness(floatFromInt16(audio)) > 0.05));
    await watched.page.getByRole('button', { name: 'Mute' }).click();
    await call.until(() => chunksOf(call).filter(({ isMuted }) => isMuted).length > 25);
    await watched.page.getByRole('button', { name: 'Unmute' }).click();
    await call.until(() => {
      const last = chunksOf(call).at(-1);
      return last !== undefined && !last.isMuted && loudness(floatFromInt16(last.audio)) > 0.05;
    });
    const muted = chunksOf(call).filter(({ isMuted }) => isMuted);
    expect(muted.every(({ audio }) => audio.every((sample) => sample === 0))).toBe(true);
    expect(call.refusals).toEqual([]);
  });

  it('sends typed words', async () => {
    const { call, watched } = await startCall('silent');
    await watched.page.getByLabel('Type instead of speaking').fill('  do you have a trial  ');
    await watched.page.keyboard.press('Enter');
    const typed = await call.until((c) => c.of('voicechat.text.input')[0]);
    expect(typed.payload.text).toBe('do you have a trial');
    expect(typed.sessionId).toBe(call.sessionId);
    expect(await watched.page.getByLabel('Type instead of speaking').inputValue()).toBe('');
  });

  it('hangs up, releases the microphone, and can call again, with another voice if there is one', async () => {
    const { call, watched } = await startCall('silent', { prospect: { Company: 'Initech' } });
    const { page } = watched;
    expect(call.query.get('company')).toBe('Initech');
    await page.locator('#timer', { hasText: '0:00' }).waitFor();
    expect(await watched.openMicrophones()).toBe(1);
    await page.getByRole('button', { name: 'End the call' }).click();
    expect(await call.closed).toBe(1000);
    expect(await watched.openMicrophones()).toBe(0);
    await watched.audioClosed();
    expect(call.of('voicechat.call.end')).toHaveLength(1);
    await expectIdle(page);
    await page.locator('.line.note', { hasText: 'You ended the call.' }).waitFor();
    await page.getByLabel('Voice').selectOption({ label: 'Russell' });
    await page.getByRole('button', { name: 'Start the call' }).click();
    const second = await server.nextCall();
    const start = await second.until((c) => c.of('voicechat.audio.start')[0]);
    expect(start.payload.voiceId).toBe('rms');
    expect(await page.locator('.line').count()).toBe(0);
    second.refuse(start, 'voicechat.audio.error', {
      message: 'voiceId: no such voice',
      code: 'unknown_voice',
    });
    const again = await second.until((c) => c.of('voicechat.audio.start')[1]);
    expect(again.payload.voiceId).toBeUndefined();
    await page.getByRole('alert').getByText('no such voice').waitFor();
    expect(watched.complaints).toEqual([]);
  });

  it('plays the last words to their end when the agent ends the call', async () => {
    const { call, watched } = await startCall('silent');
    const voice = speechLike(VOICE_RATE, 1);
    say(call, voice);
    await call.until((c) => c.of('voicechat.playback.progress').length > 0);
    call.send('voicechat.call.ended', { reason: 'agent_ended' });
    call.close(1000);
    await expectIdle(watched.page);
    expect(await watched.openMicrophones()).toBe(0);
    await watched.page.locator('.line.note', { hasText: 'The agent ended the call.' }).waitFor();
    await watched.audioClosed();
    const { samples, sampleRate } = await watched.rendered();
    expect(loudPart(samples)).toEqual(loudPart(resampled(voice, sampleRate)));
  });

  it('says that the connection was lost, when a server has no way back', async () => {
    const older = await serveConsole({ directory, providers: allLocal, resumable: false });
    try {
      const { page, openMicrophones } = await openAt('silent', older);
      await page.getByRole('button', { name: 'Start the call' }).click();
      const call = await older.nextCall();
      await page.locator('#words:enabled').waitFor();
      call.terminate();
      await page.getByRole('alert').getByText('connection to the server was lost').waitFor();
      await expectIdle(page);
      expect(await openMicrophones()).toBe(0);
    } finally {
      await older.close();
    }
  });

  it('shows trouble that the server reports, and stays in the call', async () => {
    const { call, watched } = await startCall('silent');
    call.send('voicechat.error', { message: 'The model is slow today.', code: 'internal', retryable: true });
    await watched.page.getByRole('alert').getByText('The model is slow today.').waitFor();
    expect(await watched.page.getByRole('button', { name: 'End the call' }).isVisible()).toBe(true);
  });

  it.each([
    ['denied', /microphone is blocked/],
    ['missing', /No microphone was found/],
  ] as const)('says what to do when the microphone is %s', async (microphone, words) => {
    const watched = await openAt(microphone, server);
    await watched.page.getByRole('button', { name: 'Start the call' }).click();
    await watched.page.getByRole('alert').getByText(words).waitFor();
    await expectIdle(watched.page);
    await watched.page.getByRole('button', { name: 'Call without a microphone' }).click();
    const call = await server.nextCall();
    await watched.page.getByLabel('Type instead of speaking').fill('hello');
    await watched.page.keyboard.press('Enter');
    await call.until((c) => c.of('voicechat.text.input')[0]);
    say(call, speechLike(VOICE_RATE, 1.2));
    await call.until((c) => c.of('voicechat.playback.progress').find(({ payload }) => payload.ended));
    expect(call.of('voicechat.audio.chunk')).toEqual([]);
  });

  it('says what the server lacks when it cannot take calls', async () => {
    const unready = await serve({ stt: 'local', llm: 'missing', tts: 'missing' });
    try {
      const { page } = await openAt('silent', unready);
      const words = /the language model and the voice are not set up/;
      await page.getByRole('alert').getByText('llm: a key is needed').waitFor();
      await page.getByRole('alert').getByText(words).waitFor();
      await page.getByRole('button', { name: 'Start the call' }).click();
      await page.getByRole('alert').getByText(words).waitFor();
      await expectIdle(page);
    } finally {
      await unready.close();
    }
  });

  it('says who listens, thinks and speaks, and what the local ones cannot do', async () => {
    const { page, complaints } = await openAt('silent', server);
    await page.getByRole('list', { name: 'What listens' }).getByText('Model local script').waitFor();
    await page.locator('#honest', { hasText: 'expect mishearings' }).waitFor();
    expect(await page.getByText('You are talking to an AI.').isVisible()).toBe(true);
    expect(complaints).toEqual([]);
  });

  it('calls with the ticket of its link, and says what is wrong with one', async () => {
    const { page } = await openAt('silent', server);
    let error = 'ticket_expired';
    await page.route('**/ws?*', (route) => route.fulfill({ status: 401, json: { error, message: '' } }));
    await page.goto(`${server.url}/#ticket=first`);
    await page.getByRole('alert').getByText('This link has expired.').waitFor();
    expect(page.url()).toBe(`${server.url}/`);

    error = 'upgrade_required';
    await page.goto(`${server.url}/?ticket=second`);
    await page.getByRole('button', { name: 'Start the call' }).waitFor();
    expect(page.url()).toBe(`${server.url}/`);
    await page.reload();
    await page.getByRole('button', { name: 'Start the call' }).click();
    const call = await server.nextCall();
    expect(call.query.get('ticket')).toBe('second');
    expect(await page.getByRole('alert').textContent()).toBe('');
  });

  it('can be used with the keyboard alone, on a phone, without sideways scrolling', async () => {
    const watched = await openAt('silent', server, { viewport: { width: 360, height: 720 } });
    const { page } = watched;
    await page.getByRole('button', { name: 'Start the call' }).focus();
    await page.keyboard.press('Enter');
    const call = await server.nextCall();
    await page.locator('#words:enabled').waitFor();
    const wide = 'document.documentElement.scrollWidth > innerWidth';
    expect(await page.evaluate(wide)).toBe(false);
    expect(await page.evaluate('document.activeElement.id')).toBe('end');
    await page.keyboard.press('Enter');
    expect(await call.closed).toBe(1000);
    expect(await page.evaluate('document.activeElement.id')).toBe('start');
    expect(await page.evaluate(wide)).toBe(false);
  });
});

function serve(providers: Parameters<typeof serveConsole>[0]['providers']): Promise<ConsoleServer> {
  return serveConsole({ directory, providers });
}

async function openAt(
  microphone: FakeMicrophone,
  at: ConsoleServer,
  options: Parameters<typeof openPage>[2] = {},
) {
  const key = JSON.stringify(microphone);
  const launched = browsers.get(key) ?? launchBrowser(microphone);
  browsers.set(key, launched);
  const watched = await openPage(await launched, at.url, options);
  open.push(watched);
  return watched;
}

/** Opens the page and clicks; everything up to the server's first words is the page's own doing. */
async function startCall(
  microphone: FakeMicrophone,
  {
    prospect = {},
    virtualMicrophone = false,
  }: { prospect?: Readonly<Record<string, string>>; virtualMicrophone?: boolean } = {},
): Promise<{ call: ServedCall; watched: WatchedPage }> {
  const watched = await openAt(microphone, server, { virtualMicrophone });
  if (Object.keys(prospect).length > 0) await watched.page.getByText('Who is the agent calling?').click();
  for (const [label, value] of Object.entries(prospect)) await watched.page.getByLabel(label).fill(value);
  await watched.page.getByRole('button', { name: 'Start the call' }).click();
  const call = await server.nextCall();
  await call.until((c) => c.of('voicechat.audio.start')[0]);
  await watched.page.locator('#words:enabled').waitFor();
  return { call, watched };
}

/** Sends an utterance faster than it plays, in pieces of 40 ms. */
function say(call: ServedCall, voice: Int16Array): void {
  call.send('voicechat.response.start', { utteranceId: UTTERANCE, timestamp: Date.now() });
  for (let at = 0; at < voice.length; at += 960) {
    const audio = bytesFromInt16(voice.slice(at, at + 960));
    call.send('voicechat.response.chunk', { utteranceId: UTTERANCE, sampleRate: VOICE_RATE, audio });
  }
  call.send('voicechat.response.complete', { utteranceId: UTTERANCE });
}

async function expectIdle(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Start the call' }).waitFor();
  expect(await page.locator('#words').isDisabled()).toBe(true);
  expect(await page.getByRole('button', { name: 'End the call' }).isVisible()).toBe(false);
}

/** From the first sample that is not silence to the last. */
function loudPart(samples: Float32Array): Float32Array {
  const first = samples.findIndex((sample) => sample !== 0);
  return samples.slice(first, samples.findLastIndex((sample) => sample !== 0) + 1);
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

/** A 16 kHz tone that never pauses. */
function constantVoice(seconds: number): Int16Array {
  return Int16Array.from({ length: 16_000 * seconds }, (_, i) => 8000 * Math.sin(i / 7));
}

/** What the microphone has sent so far. */
function chunksOf(call: ServedCall): { audio: Int16Array; isMuted: boolean }[] {
  return call.of('voicechat.audio.chunk').map(({ payload: { audio, isMuted } }) => {
    return { audio: int16FromBytes(new Uint8Array(audio)), isMuted };
  });
}

function concatenate(chunks: readonly Uint8Array[]): Int16Array {
  return int16FromBytes(new Uint8Array(Buffer.concat(chunks)));
}
