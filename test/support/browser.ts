import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { writeWav } from '../../src/audio/wav.ts';
import { decode } from '../../src/protocol/codec.ts';
import { findChromium } from './chromium.ts';

/** What the browser's microphone is: a WAV file played once per call, silence, a device nobody may use, or no device. */
export type FakeMicrophone = { readonly file: string } | 'denied' | 'missing' | 'silent';

/**
 * Starts Chromium with a fake microphone. The autoplay rules are those of a real user's browser: a page makes sound
 * only after a click.
 */
export async function launchBrowser(microphone: FakeMicrophone): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('no Chromium found: set CHROMIUM_PATH');
  const directory = await mkdtemp(join(tmpdir(), 'microphone-'));
  const silence = join(directory, 'silence.wav');
  await writeFile(silence, writeWav(new Int16Array(SILENCE_RATE), SILENCE_RATE));
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', ...microphoneFlags(microphone, silence)],
  });
  browser.on('disconnected', () => rmSync(directory, { recursive: true }));
  return browser;
}

/** The rate of a second of silence, in Hz; the device stays silent after it. */
const SILENCE_RATE = 16_000;

function microphoneFlags(microphone: FakeMicrophone, silence: string): string[] {
  if (microphone === 'denied') return ['--use-fake-device-for-media-stream'];
  if (microphone === 'missing') return ['--use-fake-ui-for-media-stream'];
  // Without a file the fake device beeps twice a second, loud enough to be taken for a caller.
  const file = microphone === 'silent' ? silence : microphone.file;
  return [
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-audio-capture=${file}%noloop`,
  ];
}

/** Samples in the time of the page's audio context, mono -1..1, with their rate in Hz. */
export interface Recorded {
  readonly sampleRate: number;
  readonly samples: Float32Array;
}

/** A frame of the call that passed the page's socket; those with audio are left out. */
export interface PassedFrame {
  readonly direction: 'sent' | 'received';
  /** How many samples had been rendered when it passed: its place in what `rendered` gives. */
  readonly atSample: number;
  readonly eventType: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A page that records what it really renders, and everything it complains about. */
export interface WatchedPage {
  readonly page: Page;
  /** Console errors, uncaught exceptions and violations of the content security policy, in words. */
  readonly complaints: string[];
  /** Every sample that has gone to the sound device, mono -1..1, with its rate in Hz. */
  rendered(): Promise<Recorded>;
  /** Every sample of the microphone, at the very places of the `rendered` samples; silence while it is not open. */
  spoken(): Promise<Recorded>;
  /** Resolves with the first thing `look` finds in the frames of the call so far; asked again with every frame. */
  until<T>(look: (frames: readonly PassedFrame[]) => T | undefined | false): Promise<T>;
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
  const frames: PassedFrame[] = [];
  return {
    page,
    complaints,
    rendered: () => pull(page, 'rendered'),
    spoken: () => pull(page, 'spoken'),
    until: async (look) => {
      for (;;) {
        frames.push(...(await pullFrames(page, frames.length)));
        const found = look(frames);
        if (found !== undefined && found !== false) return found;
        await page.evaluate(`tap.moreFrames(${frames.length})`);
      }
    },
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

async function pull(page: Page, what: 'rendered' | 'spoken'): Promise<Recorded> {
  const pulled: { sampleRate: number; base64: string } = await page.evaluate(`tap.pull('${what}')`);
  const bytes = Buffer.from(pulled.base64, 'base64');
  const samples = new Float32Array(bytes.length / 4);
  for (let i = 0; i < samples.length; i++) samples[i] = bytes.readFloatLE(i * 4);
  return { sampleRate: pulled.sampleRate, samples };
}

async function pullFrames(page: Page, from: number): Promise<PassedFrame[]> {
  const passed: { direction: 'sent' | 'received'; atSample: number; base64: string }[] = await page.evaluate(
    `tap.frames().slice(${from})`,
  );
  return passed.map(({ base64, ...rest }) => {
    const frame = decode(new Uint8Array(Buffer.from(base64, 'base64')));
    // Both sides of the page's wire are checked where they are read; here they are only looked at.
    return { ...rest, ...(frame as Pick<PassedFrame, 'eventType' | 'payload'>) };
  });
}

/** Where the page finds the worklet that copies what is rendered. */
export const TAP_PATH = '/tap-worklet.js';

/** Passes its first input on and posts copies of both: what is rendered, and what the microphone hears. */
export const TAP_WORKLET = `
registerProcessor('tap', class extends AudioWorkletProcessor {
  process([input, microphone], [output]) {
    const rendered = input[0] ?? new Float32Array(128);
    const spoken = microphone[0] ?? new Float32Array(128);
    this.port.postMessage({ rendered: rendered.slice(), spoken: spoken.slice() });
    output[0].set(rendered);
    return true;
  }
});`;

const SERVED_TAP = `globalThis.tapUrl = '${TAP_PATH}';`;
const INJECTED_TAP = `globalThis.tapUrl =
  URL.createObjectURL(new Blob([${JSON.stringify(TAP_WORKLET)}], { type: 'text/javascript' }));`;

/**
 * Puts the tap before the destination of every audio context, and behind its microphone; keeps the frames that pass the
 * socket; reports violations of the content security policy.
 */
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
  const passed = [];
  let wake = () => {};
  const pass = (direction, data) => {
    const bytes = new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength);
    const text = (part) => String.fromCharCode(...part);
    // The event type comes first in a frame.
    if (/[.](audio|response)[.]chunk/.test(text(bytes.subarray(0, 64)))) return;
    passed.push({ direction, atSample: (kept?.length ?? 0) * 128, base64: btoa(text(bytes)) });
    wake();
  };
  const Socket = WebSocket;
  globalThis.WebSocket = class extends Socket {
    constructor(...args) {
      super(...args);
      this.addEventListener('message', ({ data }) => pass('received', data));
    }
    send(data) {
      pass('sent', data);
      super.send(data);
    }
  };
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...rest) {
    if (this instanceof MediaStreamAudioSourceNode && !this.context.isTestMicrophone) {
      connect.call(this, tapOf(this.context), 0, 1);
    }
    if (!(to instanceof AudioDestinationNode) || this.context.isTestMicrophone) return connect.call(this, to, ...rest);
    return connect.call(this, tapOf(this.context), ...rest);
  };
  const tapOf = (of) => {
    if (context === of) return node;
    context = of;
    node = new AudioWorkletNode(context, 'tap', {
      numberOfInputs: 2, channelCount: 1, channelCountMode: 'explicit', outputChannelCount: [1],
    });
    kept = [];
    node.port.onmessage = (event) => kept.push(event.data);
    connect.call(node, context.destination);
    return node;
  };
  return {
    frames: () => passed,
    moreFrames: async (than) => {
      while (passed.length <= than) await new Promise((resolve) => { wake = resolve; });
    },
    pull: async (what) => {
      const all = new Float32Array(kept.length * 128);
      kept.forEach((quantum, i) => all.set(quantum[what], i * 128));
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
