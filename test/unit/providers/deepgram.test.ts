import { beforeEach, describe, expect, it } from 'vitest';
import { Deepgram, type DeepgramOptions, listeningRate } from '../../../src/providers/deepgram/deepgram.ts';
import { never, Surround, settled } from './surround.ts';

const options: DeepgramOptions = {
  apiKey: 'secret',
  baseUrl: 'https://api.deepgram.com',
  model: 'nova-3',
  endpointingMs: 300,
  eotThreshold: 0.7,
  eagerEotThreshold: 0.5,
  eotTimeoutMs: 5000,
  replaySpeed: 1.25,
  place: 'live',
  samplingRate: 16_000,
  language: 'en-US',
};
const flux: DeepgramOptions = { ...options, model: 'flux-general-en' };
const BYTES_PER_MS = 32;
const pcm = (ms: number) => new Uint8Array(ms * BYTES_PER_MS).fill(7);
const CONNECTED = { type: 'Connected', request_id: 'r', sequence_id: 0 };

let vendor: Surround;
beforeEach(() => {
  vendor = new Surround();
});

/** A connection that is open, its opening silence already taken from the record. */
async function open(chosen: DeepgramOptions = options, offsetMs = 0): Promise<Deepgram> {
  const deepgram = new Deepgram(chosen, vendor.around);
  await settled();
  if (chosen === flux) vendor.socket.says(CONNECTED);
  deepgram.begin(offsetMs, undefined);
  expect(vendor.news).toEqual([{ type: 'recogniser.open' }]);
  vendor.news.length = 0;
  vendor.socket.sent.length = 0;
  return deepgram;
}

/** Speaks in real time, in chunks of 20 ms. */
function speak(deepgram: Deepgram, ms: number): void {
  for (let at = 0; at < ms; at += 20) {
    deepgram.audio(pcm(20));
    vendor.pass(deepgram, 20);
  }
}

const frameMs = () => vendor.socket.frames.map((frame) => frame.byteLength / BYTES_PER_MS);

describe('opening', () => {
  it('goes to the path of the model with its key as a token', async () => {
    await open();
    const [request] = vendor.requests;
    expect(request?.url.href).toMatch(/^https:\/\/api\.deepgram\.com\/v1\/listen\?/);
    expect(request?.headers.get('authorization')).toBe('Token secret');
    await open({ ...flux, model: 'nova-2' });
    expect(vendor.requests[1]?.url.pathname).toBe('/v1/listen');
  });

  it('counts Flux as open when it says so, and sends nothing before', async () => {
    const deepgram = new Deepgram(flux, vendor.around);
    await settled();
    expect(vendor.requests[0]?.url.pathname).toBe('/v2/listen');
    vendor.pass(deepgram, 2000);
    expect(vendor.news).toEqual([]);
    expect(vendor.socket.sent).toEqual([]);
    vendor.socket.says(CONNECTED);
    expect(vendor.news).toEqual([{ type: 'recogniser.open' }]);
  });

  it('begins with silence, which keeps a muted connection open', async () => {
    new Deepgram(options, vendor.around);
    await settled();
    expect(frameMs()).toEqual([160]);
    expect(vendor.socket.frames[0]?.every((byte) => byte === 0)).toBe(true);
  });

  it.each([options, flux])('gives up a handshake that hangs ($model)', async (chosen) => {
    vendor.answer = ({ signal }) => never(signal);
    const deepgram = new Deepgram(chosen, vendor.around);
    vendor.pass(deepgram, 4999);
    expect(vendor.failure).toBeUndefined();
    vendor.pass(deepgram, 1);
    expect(vendor.failure).toMatchObject({ kind: 'timeout', retryable: true });
    expect(vendor.requests[0]?.signal?.aborted).toBe(true);
    await settled();
    expect(vendor.news).toHaveLength(1);
  });

  it('gives up a Flux socket that never says Connected', async () => {
    const deepgram = new Deepgram(flux, vendor.around);
    await settled();
    vendor.pass(deepgram, 5000);
    expect(vendor.failure).toMatchObject({ kind: 'timeout', retryable: true });
    expect(vendor.socket.closedWith).toBe(1000);
  });

  it('leaves no socket behind when it is closed while opening', async () => {
    const deepgram = new Deepgram(options, vendor.around);
    deepgram.close();
    await settled();
    expect(vendor.socket.closedWith).toBe(1000);
    expect(vendor.news).toEqual([]);
    expect(deepgram.deadline).toBeUndefined();
  });
});

describe('listeningRate', () => {
  it.each([
    ['nova-3', 44_100, 44_100],
    ['nova-3', 11_025, 11_025],
    ['flux-general-en', 48_000, 48_000],
    ['flux-general-en', 44_100, 44_100],
    ['flux-general-en', 22_050, 16_000],
  ])('%s hears %i Hz at %i Hz', (model, from, to) => {
    expect(listeningRate([model], from)).toBe(to);
  });
});

describe('audio', () => {
  it('passes a chunk of 20 ms to Nova as it is', async () => {
    const deepgram = await open();
    const chunk = pcm(20);
    deepgram.audio(chunk);
    expect(vendor.socket.sent).toEqual([chunk]);
    expect(vendor.socket.sent[0]).toBe(chunk);
  });

  it('reaches Nova in frames of 20 to 250 ms', async () => {
    const deepgram = await open();
    for (const ms of [5, 10, 10, 1000, 251, 60]) deepgram.audio(pcm(ms));
    expect(frameMs().every((ms) => ms >= 20 && ms <= 250)).toBe(true);
    deepgram.finalize();
    expect(frameMs().reduce((sum, ms) => sum + ms, 0)).toBe(1336);
  });

  it('reaches Flux in frames of 80 ms', async () => {
    const deepgram = await open(flux);
    for (let i = 0; i < 9; i++) deepgram.audio(pcm(20));
    expect(frameMs()).toEqual([80, 80]);
  });

  it('is all sent before the end of the turn is asked for', async () => {
    const deepgram = await open(flux);
    deepgram.audio(pcm(30));
    deepgram.finalize();
    expect(frameMs()).toEqual([30]);
    expect(vendor.socket.sent.at(-1)).toBe('{"type":"ForceEndTurn"}');
    const nova = await openAnother();
    nova.finalize();
    expect(vendor.socket.texts).toEqual([{ type: 'Finalize' }]);
  });

  async function openAnother(): Promise<Deepgram> {
    vendor = new Surround();
    return open();
  }
});

describe('audio that waited', () => {
  const sentMs = () => Math.round(frameMs().reduce((sum, ms) => sum + ms, 0));
  /** Every frame is told from every other. */
  const numbered = (count: number) => Array.from({ length: count }, (_, i) => pcm(20).fill(i % 251));
  /** What is left of the burst once the opening silence was sent, and what is refilled is not more. */
  const BURST = 1840;

  it('leaves in order: a burst of 2 s at once, the rest at 1.25 times real time', async () => {
    const deepgram = await open();
    const frames = numbered(200);
    for (const frame of frames) deepgram.audio(frame);
    expect(sentMs()).toBe(BURST);
    vendor.pass(deepgram, 800);
    expect(sentMs()).toBe(BURST + 1000);
    vendor.pass(deepgram, 5000);
    expect(vendor.socket.frames).toEqual(frames);
  });

  it('leaves as fast as is configured', async () => {
    const deepgram = await open({ ...options, replaySpeed: 4 });
    for (const frame of numbered(400)) deepgram.audio(frame);
    vendor.pass(deepgram, 1000);
    expect(sentMs()).toBe(BURST + 4000);
  });

  it('goes before what is spoken meanwhile', async () => {
    const deepgram = await open();
    const [old, live] = [numbered(200), numbered(50)];
    for (const frame of old) deepgram.audio(frame);
    for (const frame of live) {
      deepgram.audio(frame);
      vendor.pass(deepgram, 20);
      expect(sentMs()).toBeLessThanOrEqual(BURST + 1250);
    }
    vendor.pass(deepgram, 4000);
    expect(vendor.socket.frames).toEqual([...old, ...live]);
  });

  it('goes before the end of the turn that was asked for', async () => {
    const deepgram = await open();
    for (const frame of numbered(150)) deepgram.audio(frame);
    deepgram.finalize();
    expect(vendor.socket.texts).toEqual([]);
    vendor.pass(deepgram, 2000);
    expect(vendor.socket.sent.at(-1)).toBe('{"type":"Finalize"}');
    expect(sentMs()).toBe(3000);
  });

  it('does not slow live audio that comes in bursts of up to 2 s', async () => {
    const deepgram = await open();
    vendor.pass(deepgram, 2000);
    for (let i = 0; i < 5; i++) {
      for (const frame of numbered(100)) deepgram.audio(frame);
      expect(sentMs()).toBe((i + 1) * 2000);
      vendor.socket.says({ type: 'Metadata' });
      vendor.pass(deepgram, 2000);
    }
  });

  it('is bounded: more than 32 s of it leaves at once', async () => {
    const deepgram = await open();
    for (const frame of numbered(2000)) deepgram.audio(frame);
    expect(sentMs()).toBe(40_000 - 32_000);
    vendor.socket.says({ type: 'Metadata' });
  });

  it('keeps the connection alive, and a stall counts what was sent', async () => {
    const deepgram = await open();
    for (const frame of numbered(250)) deepgram.audio(frame);
    vendor.pass(deepgram, 2500);
    vendor.socket.says({ type: 'Metadata' });
    expect(sentMs()).toBeLessThan(5000);
    vendor.pass(deepgram, 4900);
    expect(vendor.socket.texts).toEqual([{ type: 'KeepAlive' }]);
    expect(vendor.failure).toBeUndefined();
  });

  it('is forgotten with the call', async () => {
    const deepgram = await open();
    for (const frame of numbered(200)) deepgram.audio(frame);
    deepgram.close();
    expect(deepgram.deadline).toBeUndefined();
  });

  it('has the times of the call, and words heard before are not told again', async () => {
    const deepgram = new Deepgram(options, vendor.around);
    await settled();
    deepgram.begin(9500, { untilMs: 10_000, exact: true, words: 'how much' });
    for (const frame of numbered(50)) deepgram.audio(frame);
    const words = [
      { word: 'much', start: 0.36, end: 0.66 },
      { word: 'is', start: 0.76, end: 0.96 },
    ];
    vendor.socket.says({
      type: 'Results',
      start: 0,
      duration: 1,
      is_final: true,
      speech_final: true,
      channel: { alternatives: [{ transcript: 'much is', words }] },
    });
    expect(vendor.all('recogniser.final')).toEqual([{ type: 'recogniser.final', text: 'is', endMs: 10_300 }]);
  });
});

describe('a muted caller', () => {
  it('keeps Nova alive with a message every 4 s', async () => {
    const deepgram = await open();
    deepgram.audio(pcm(20));
    vendor.pass(deepgram, 3999);
    expect(vendor.socket.texts).toEqual([]);
    vendor.pass(deepgram, 8001);
    expect(vendor.socket.texts).toEqual([
      { type: 'KeepAlive' },
      { type: 'KeepAlive' },
      { type: 'KeepAlive' },
    ]);
    expect(vendor.failure).toBeUndefined();
  });

  it('is silence in real time for Flux, whose turns end by the clock of the audio', async () => {
    const deepgram = await open(flux);
    speak(deepgram, 160);
    vendor.socket.sent.length = 0;
    for (let second = 0; second < 10; second++) {
      vendor.pass(deepgram, 1000);
      vendor.socket.says({ type: 'ConfigureSuccess' });
    }
    expect(new Set(frameMs())).toEqual(new Set([80]));
    expect(frameMs().length * 80).toBeGreaterThan(9000);
    expect(frameMs().length * 80).toBeLessThanOrEqual(10_000);
    expect(vendor.socket.texts).toEqual([]);
    expect(vendor.failure).toBeUndefined();
  });
});

describe('a stall', () => {
  it('is audio that nobody answers for 5 s', async () => {
    const deepgram = await open();
    speak(deepgram, 4800);
    expect(vendor.failure).toBeUndefined();
    speak(deepgram, 400);
    expect(vendor.failure).toMatchObject({ kind: 'stalled', retryable: true });
    expect(vendor.socket.closedWith).toBe(1000);
    expect(deepgram.deadline).toBeUndefined();
  });

  it.each([options, flux])('is told after 3 s while words are under way ($model)', async (chosen) => {
    const deepgram = await open(chosen);
    vendor.socket.says(
      chosen === flux
        ? { type: 'TurnInfo', event: 'StartOfTurn', transcript: 'how', words: [] }
        : { type: 'SpeechStarted', timestamp: 0.2 },
    );
    speak(deepgram, 2900);
    expect(vendor.failure).toBeUndefined();
    speak(deepgram, 200);
    expect(vendor.failure).toMatchObject({ kind: 'stalled', retryable: true });
  });

  it('is told later when patience is asked for', async () => {
    const deepgram = await open({ ...options, patience: 2 });
    speak(deepgram, 9800);
    expect(vendor.failure).toBeUndefined();
    speak(deepgram, 400);
    expect(vendor.failure).toMatchObject({ kind: 'stalled', retryable: true });
  });

  it('begins anew with every message', async () => {
    const deepgram = await open();
    for (let i = 0; i < 6; i++) {
      speak(deepgram, 3000);
      vendor.socket.says({ type: 'Metadata' });
    }
    expect(vendor.failure).toBeUndefined();
  });

  it('is not a caller who mutes after a word', async () => {
    const deepgram = await open();
    speak(deepgram, 300);
    vendor.pass(deepgram, 60_000);
    expect(vendor.failure).toBeUndefined();
  });

  it('is not held audio that was sent at once', async () => {
    const deepgram = await open();
    for (let i = 0; i < 600; i++) deepgram.audio(pcm(20));
    vendor.pass(deepgram, 4000);
    expect(vendor.failure).toBeUndefined();
    vendor.pass(deepgram, 1000);
    expect(vendor.failure).toMatchObject({ kind: 'stalled' });
  });
});

describe('news', () => {
  const results = (text: string, end: number, flags: object) => ({
    type: 'Results',
    ...flags,
    channel: { alternatives: [{ transcript: text, words: [{ end }] }] },
  });
  const END = { is_final: true, speech_final: true };

  it('has the time of the call: earlier connections count, silence of ours does not', async () => {
    const deepgram = await open(options, 10_000);
    speak(deepgram, 1000);
    vendor.socket.says(results('hello', 0.16 + 0.9, END));
    expect(vendor.all('recogniser.final').map(({ endMs }) => Math.round(endMs ?? 0))).toEqual([10_900]);
  });

  it('reports an interim once however often it comes', async () => {
    await open();
    for (const text of ['how', 'how', 'how much']) vendor.socket.says(results(text, 1, {}));
    vendor.socket.says(results('how much', 1, END));
    vendor.socket.says(results('how much', 2, {}));
    const words = vendor.news.map((event) => ('text' in event ? event.text : ''));
    expect(words).toEqual(['how', 'how much', 'how much', 'how much']);
  });

  it('tells a pause of Nova once, where a repeated interim shows it', async () => {
    await open();
    const over = (seconds: number) => ({ ...results('how much', 1, {}), start: 0, duration: seconds });
    for (const seconds of [1, 1.2, 1.4]) vendor.socket.says(over(seconds));
    expect(vendor.news).toEqual([
      { type: 'recogniser.interim', text: 'how much', endMs: 840 },
      { type: 'recogniser.eager', text: 'how much' },
    ]);
  });

  it('tells no pause of Nova when no eager threshold is set', async () => {
    await open({ ...options, eagerEotThreshold: undefined });
    vendor.socket.says({ ...results('how much', 1, {}), start: 0, duration: 3 });
    expect(vendor.news).toEqual([{ type: 'recogniser.interim', text: 'how much', endMs: 840 }]);
  });

  it('tells the eager ends of Flux and what became of them, each interim once', async () => {
    await open(flux);
    const turn = [
      ['StartOfTurn', 'no'],
      ['EagerEndOfTurn', 'no'],
      ['TurnResumed', 'no'],
      ['Update', 'no thanks'],
      ['EagerEndOfTurn', 'no thanks'],
      ['EndOfTurn', 'no thanks'],
    ];
    for (const [event, text] of turn)
      vendor.socket.says({ type: 'TurnInfo', event, transcript: text, words: [] });
    expect(vendor.news).toEqual([
      { type: 'recogniser.speech' },
      { type: 'recogniser.interim', text: 'no' },
      { type: 'recogniser.eager', text: 'no' },
      { type: 'recogniser.resumed' },
      { type: 'recogniser.interim', text: 'no thanks' },
      { type: 'recogniser.eager', text: 'no thanks' },
      { type: 'recogniser.final', text: 'no thanks', endMs: undefined },
    ]);
  });

  it('stops with the call, in the middle of a message too', async () => {
    const deepgram = await open(flux);
    const { report } = vendor.around;
    Object.assign(vendor.around, {
      report: (event: Parameters<typeof report>[0]) => {
        report(event);
        deepgram.close();
      },
    });
    vendor.socket.says({ type: 'TurnInfo', event: 'StartOfTurn', transcript: 'hello', words: [] });
    expect(vendor.news).toEqual([{ type: 'recogniser.speech' }]);
    expect(vendor.socket.texts).toEqual([{ type: 'CloseStream' }]);
    expect(vendor.socket.closedWith).toBe(1000);
  });
});

describe('failures', () => {
  const body = (code: string) => JSON.stringify({ err_code: code, err_msg: 'x', request_id: 'req-1' });

  it.each([
    [400, 'INVALID_QUERY_PARAMETER', 'refused', false],
    [401, 'INVALID_AUTH', 'refused', false],
    [402, 'ASR_PAYMENT_REQUIRED', 'refused', false],
    [403, 'INSUFFICIENT_PERMISSIONS', 'refused', false],
    [404, 'NOT_FOUND', 'refused', false],
    [429, 'TOO_MANY_REQUESTS', 'rate-limited', true],
    [500, 'INTERNAL_SERVER_ERROR', 'refused', true],
    [503, 'X', 'refused', true],
  ])('handshake %i %s: %s, retryable %s', async (status, code, kind, retryable) => {
    vendor.answer = () => new Response(body(code), { status });
    new Deepgram(options, vendor.around);
    await settled();
    const detail = `Deepgram answered ${status} ${code} req-1`;
    expect(vendor.news).toEqual([{ type: 'recogniser.failed', failure: { kind, retryable, detail } }]);
  });

  it('handshake that nobody answers: unreachable, retryable', async () => {
    vendor.answer = () => Promise.reject(new Error('refused'));
    new Deepgram(options, vendor.around);
    await settled();
    expect(vendor.failure).toMatchObject({ kind: 'unreachable', retryable: true });
  });

  it.each([
    [1000, '', true, '1000'],
    [1005, '', true, '1005'],
    [1006, 'WebSocket disconnected without sending Close frame.', true, '1006'],
    [1008, 'DATA-0000: cannot be decoded', false, '1008 DATA-0000'],
    [1011, 'timeout window. See https://dpgr.am/net0001', true, '1011 net0001'],
    [1011, 'timeout window. See https://dpgr.am/net0000', true, '1011 net0000'],
    [1012, '', true, '1012'],
    [1013, '', true, '1013'],
  ])('close %i "%s": retryable %s', async (code, reason, retryable, told) => {
    const deepgram = await open();
    vendor.socket.ends(code, reason);
    vendor.socket.breaks();
    const detail = `Deepgram closed the socket with ${told}`;
    expect(vendor.news).toEqual([
      { type: 'recogniser.failed', failure: { kind: 'closed', retryable, detail } },
    ]);
    deepgram.audio(pcm(20));
    expect(deepgram.deadline).toBeUndefined();
  });

  it('error message of Flux: the socket is given up at once', async () => {
    await open(flux);
    vendor.socket.says({ type: 'Error', code: 'INTERNAL_SERVER_ERROR', description: 'd' });
    vendor.socket.ends(1011);
    expect(vendor.news).toHaveLength(1);
    expect(vendor.failure).toMatchObject({ kind: 'protocol', retryable: true });
    expect(vendor.socket.closedWith).toBe(1000);
  });

  it.each(['not JSON', '[]', new ArrayBuffer(2)])('something else than a JSON object: %s', async (data) => {
    await open();
    vendor.socket.says(data);
    expect(vendor.failure).toMatchObject({ kind: 'protocol', retryable: true });
  });

  it('none when the close is ours', async () => {
    const deepgram = await open();
    deepgram.close();
    vendor.socket.ends(1000);
    expect(vendor.news).toEqual([]);
    expect(vendor.socket.texts).toEqual([{ type: 'CloseStream' }]);
  });
});
