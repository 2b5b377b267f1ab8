import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { int16FromBytes } from '../../src/audio/pcm.ts';
import { writeWav } from '../../src/audio/wav.ts';
import { loudness } from '../../src/client/loudness.ts';
import { launchBrowser, openPage, speak, type WatchedPage } from '../support/browser.ts';
import { findChromium } from '../support/chromium.ts';
import { freePort } from '../support/free-port.ts';
import { wordErrors, wordsOf } from '../support/word-errors.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** How long the product may take to start, in ms: it compiles a Worker and loads two engines. */
const START_MS = 90_000;
/** How long the agent may take to begin, or to finish, what it says, in ms. */
const AGENT_MS = 40_000;
/** Anything quieter, root mean square, is not speech. */
const SPEECH_LEVEL = 0.01;
/** How much of the product's output a failed test shows, in characters. */
const OUTPUT_SHOWN = 4000;
/** The rate of the caller's recordings, in Hz. */
const RECORDING_RATE = 16_000;

describe.skipIf(findChromium() === undefined)('a call in the browser, as `npm start` serves it', () => {
  let product: Product;
  let browser: Browser;

  beforeAll(async () => {
    [product, browser] = await Promise.all([startProduct(), launchBrowser('silent')]);
  }, START_MS);

  afterAll(async () => {
    await browser?.close();
    if (product === undefined || product.process.exitCode !== null) return;
    product.process.kill('SIGTERM');
    await once(product.process, 'exit');
  }, 20_000);

  /** Opens the page; a test that fails shows what was on it, and what the product had to say. */
  async function openCall(): Promise<WatchedPage> {
    const watched = await openPage(browser, product.url, { virtualMicrophone: true, tap: 'injected' });
    onTestFailed(async () => {
      const shown = await watched.page.locator('body').innerText();
      console.error(`on the page:\n${shown}\n\nfrom the product:\n${product.output()}`);
    });
    await watched.page.getByRole('button', { name: 'Start the call' }).click();
    return watched;
  }

  it('greets, hears a question, answers it aloud, and hangs up', { timeout: 150_000 }, async () => {
    const watched = await openCall();
    const { page } = watched;
    await saidByAgent(page, 1);
    expect(await page.locator('.line.agent').first().textContent()).toMatch(/\bAI\b/i);
    const greetingEnd = await renderedSpeech(watched, 0);

    await speak(page, await recording(product, 'how much does it cost'));
    await heardFromCaller(page, 'how much does it cost');
    await saidByAgent(page, 2);
    const answer = await page.locator('.line.agent .words').nth(1).textContent();
    expect(answer).toMatch(/dollars/);
    await renderedSpeech(watched, greetingEnd);

    await page.getByRole('button', { name: 'End the call' }).click();
    await page.getByRole('button', { name: 'Start the call' }).waitFor();
    expect(await watched.openMicrophones()).toBe(0);
    await watched.audioClosed();
    expect(await page.getByRole('alert').textContent()).toBe('');
    expect(watched.complaints).toEqual([]);
    await page.context().close();
  });

  it('stops when it is interrupted, and shows what was not heard', { timeout: 150_000 }, async () => {
    const watched = await openCall();
    const { page } = watched;
    await page.locator('#pill[data-state=speaking]').waitFor({ timeout: AGENT_MS });
    await page.locator('.line.agent').waitFor();
    await speak(page, await recording(product, "i'm not interested"));
    await page.locator('.line.agent s').first().waitFor({ timeout: AGENT_MS });
    await heardFromCaller(page, "i'm not interested");
    await page.locator('.line.agent').nth(1).waitFor({ timeout: AGENT_MS });
    expect(watched.complaints).toEqual([]);
    await page.context().close();
  });
});

interface Product {
  readonly process: ChildProcess;
  readonly url: string;
  readonly providersUrl: string;
  /** The end of what it has printed so far. */
  output(): string;
}

/** A WAV of these words in a local voice that the local recogniser hears well, fetched as from the vendor. */
async function recording({ providersUrl }: Product, text: string): Promise<Uint8Array> {
  const response = await fetch(
    `${providersUrl}/elevenlabs/v1/text-to-speech/rms?output_format=pcm_${RECORDING_RATE}`,
    {
      method: 'POST',
      headers: { 'xi-api-key': 'local', 'content-type': 'application/json' },
      body: JSON.stringify({ text }),
    },
  );
  if (!response.ok) throw new Error(`synthesiser: ${response.status} ${await response.text()}`);
  return writeWav(int16FromBytes(new Uint8Array(await response.arrayBuffer())), RECORDING_RATE);
}

/** Waits until the agent has begun its line of this number, and has spoken it to the end. */
async function saidByAgent(page: Page, line: number): Promise<void> {
  await page
    .locator('.line.agent')
    .nth(line - 1)
    .waitFor({ timeout: AGENT_MS });
  await page.locator('#pill[data-state=speaking]').waitFor({ timeout: AGENT_MS });
  await page.locator('#pill[data-state=listening]').waitFor({ timeout: AGENT_MS });
}

/** Waits for what the page shows of the caller's words; the local recogniser may have one in four wrong. */
async function heardFromCaller(page: Page, said: string): Promise<void> {
  const line = page.locator('.line.caller:not(.guess) .words').first();
  await line.waitFor({ timeout: AGENT_MS });
  const errors = wordErrors(wordsOf(said), wordsOf(await line.innerText()));
  expect(errors).toBeLessThanOrEqual(Math.ceil(wordsOf(said).length / 4));
}

/** Expects speech among the samples rendered since `from`; gives where they end. */
async function renderedSpeech(watched: WatchedPage, from: number): Promise<number> {
  const { samples } = await watched.rendered();
  expect(loudness(samples.subarray(from))).toBeGreaterThan(SPEECH_LEVEL);
  return samples.length;
}

/** Runs what `npm start` runs, on free ports; resolves when it says that it is ready. */
async function startProduct(): Promise<Product> {
  const [port, providersPort] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, ['src/local/start.ts'], {
    cwd: root,
    env: {
      ...process.env,
      PATH: `${root}node_modules/.bin:${process.env['PATH']}`,
      PORT: String(port),
      PROVIDERS_PORT: String(providersPort),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('Vantum is at ')) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', () => reject(new Error(`the product ended early:\n${output}`)));
  });
  const providersUrl = `http://127.0.0.1:${providersPort}`;
  return {
    process: child,
    url: `http://localhost:${port}`,
    providersUrl,
    output: () => output.slice(-OUTPUT_SHOWN),
  };
}
