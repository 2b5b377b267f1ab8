import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { findChromium } from './chromium.ts';

/** What the browser's microphone is: a WAV file played once per call, a device nobody may use, or no device at all. */
export type FakeMicrophone = { readonly file: string } | 'denied' | 'missing' | 'silent';

/**
 * Starts Chromium with a fake microphone. The autoplay rules are those of a real user's browser: a page makes sound
 * only after a click.
 */
export function launchBrowser(microphone: FakeMicrophone): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('no Chromium found: set CHROMIUM_PATH');
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', ...microphoneFlags(microphone)],
  });
}

function microphoneFlags(microphone: FakeMicrophone): string[] {
  if (microphone === 'denied') return ['--use-fake-device-for-media-stream'];
  if (microphone === 'missing') return ['--use-fake-ui-for-media-stream'];
  const flags = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'];
  return microphone === 'silent'
    ? flags
    : [...flags, `--use-file-for-fake-audio-capture=${microphone.file}%noloop`];
}

/** A page that records what it really renders, and everything it complains about. */
export interface WatchedPage {
  readonly page: Page;
  /** Console errors, uncaught exceptions and violations of the content security policy, in words. */
  readonly complaints: string[];
  /** Every sample that has gone to the sound device, mono -1..1, with its rate in Hz. */
  rendered(): Promise<{ readonly sampleRate: number; readonly samples: Float32Array }>;
  /** Resolves once this many more ms have been rendered. */
  renderMore(ms: number): Promise<void>;
  /** Resolves once the page has given its sound device back. */
  audioClosed(): Promise<void>;
  /** How many microphones the page holds open. */
  openMicrophones(): Promise<number>;
}

/**
 * Opens `url` and watches the page. The server either serves `TAP_WORKLET` at `TAP_PATH`, or `tap` is `injected`: then
 * the page's content security policy is switched off, which would forbid just that.
 */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions & {
    readonly virtualMicrophone?: boolean;
    readonly tap?: 'served' | 'injected';
  } = {},
): Promise<WatchedPage> {
  const { virtualMicrophone = false, tap = 'served', ...contextOptions } = options;
  const context = await browser.newContext({ ...contextOptions, bypassCSP: tap === 'injected' });
  const page = await context.newPage();
  page.setDefaultTimeout(STEP_MS);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(`uncaught ${error.message}`));
  if (virtualMicrophone) await page.addInitScript(VIRTUAL_MICROPHONE);
  await page.addInitScript(tap === 'served' ? SERVED_TAP : INJECTED_TAP);
  await page.addInitScript(WATCH);
  await page.goto(url);
  return {
    page,
    complaints,
    rendered: () => pullRendered(page),
    renderMore: async (ms) => {
      await page.evaluate(`tap.more(${ms})`);
    },
    audioClosed: async () => {
      await page.evaluate('tap.closed()');
    },
    openMicrophones: () => page.evaluate('tap.openMicrophones()'),
  };
}

/** How long one step on a page may take, in ms. */
const STEP_MS = 10_000;

/** Speaks a WAV file into a page that was opened with a virtual microphone; resolves when it has been said. */
export async function speak(page: Page, wav: Uint8Array): Promise<void> {
  await page.evaluate(`say(${JSON.stringify(Buffer.from(wav).toString('base64'))})`);
}

async function pullRendered(page: Page) {
  const pulled: { sampleRate: number; base64: string } = await page.evaluate('tap.pull()');
  const bytes = Buffer.from(pulled.base64, 'base64');
  const samples = new Float32Array(bytes.length / 4);
  for (let i = 0; i < samples.length; i++) samples[i] = bytes.readFloatLE(i * 4);
  return { sampleRate: pulled.sampleRate, samples };
}

/** Where the page finds the worklet that copies what is rendered. */
export const TAP_PATH = '/tap-worklet.js';

/** Passes its input on and posts a copy of it. */
export const TAP_WORKLET = `
registerProcessor('tap', class extends AudioWorkletProcessor {
  process([input], [output]) {
    const samples = input[0] ?? new Float32Array(128);
    this.port.postMessage(samples.slice());
    output[0].set(samples);
    return true;
  }
});`;

const SERVED_TAP = `globalThis.tapUrl = '${TAP_PATH}';`;
const INJECTED_TAP = `globalThis.tapUrl =
  URL.createObjectURL(new Blob([${JSON.stringify(TAP_WORKLET)}], { type: 'text/javascript' }));`;

/** Puts the tap before the destination of every audio context and reports violations of the content security policy. */
const WATCH = `
addEventListener('securitypolicyviolation', (event) =>
  console.error('content security policy: ' + event.violatedDirective + ' ' + event.blockedURI));
globalThis.tap = (() => {
  let context, node, kept;
  const tracks = [];
  const capture = navigator.mediaDevices.getUserMedia;
  navigator.mediaDevices.getUserMedia = async function (constraints) {
    const stream = await capture.call(this, constraints);
    tracks.push(...stream.getTracks());
    return stream;
  };
  const addModule = AudioWorklet.prototype.addModule;
  AudioWorklet.prototype.addModule = async function (url) {
    await addModule.call(this, tapUrl);
    return addModule.call(this, url);
  };
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...rest) {
    if (!(to instanceof AudioDestinationNode) || this.context.isTestMicrophone) return connect.call(this, to, ...rest);
    if (context !== this.context) {
      context = this.context;
      node = new AudioWorkletNode(context, 'tap', { channelCount: 1, channelCountMode: 'explicit', outputChannelCount: [1] });
      kept = [];
      node.port.onmessage = (event) => kept.push(event.data);
      connect.call(node, to);
    }
    return connect.call(this, node, ...rest);
  };
  return {
    pull: async () => {
      const all = new Float32Array(kept.length * 128);
      kept.forEach((chunk, i) => all.set(chunk, i * 128));
      const base64 = new Promise((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result.split(',')[1] ?? '');
        reader.readAsDataURL(new Blob([all]));
      });
      return { sampleRate: context.sampleRate, base64: await base64 };
    },
    more: async (ms) => {
      const until = context.currentTime + ms / 1000;
      while (context.currentTime < until && context.state !== 'closed') await new Promise((resolve) => requestAnimationFrame(resolve));
    },
    openMicrophones: () => tracks.filter((track) => track.readyState === 'live').length,
    closed: async () => {
      while (context.state !== 'closed') await new Promise((resolve) => requestAnimationFrame(resolve));
    },
  };
})();`;

/** Replaces the microphone by a stream into which a test speaks whenever it likes. */
const VIRTUAL_MICROPHONE = `(() => {
  let context, source;
  const open = async () => {
    if (context !== undefined) return;
    context = new AudioContext();
    context.isTestMicrophone = true;
    await context.resume();
    source = context.createMediaStreamDestination();
  };
  navigator.mediaDevices.getUserMedia = async () => {
    await open();
    return new MediaStream(source.stream.getAudioTracks().map((track) => track.clone()));
  };
  globalThis.say = async (base64) => {
    await open();
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const speech = context.createBufferSource();
    speech.buffer = await context.decodeAudioData(bytes.buffer);
    speech.connect(source);
    const said = new Promise((resolve) => { speech.onended = resolve; });
    speech.start();
    await said;
  };
})();`;
