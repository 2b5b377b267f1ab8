import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config.ts';
import { startProviders } from '../../../src/local/server.ts';
import { ElevenLabs } from '../../../src/providers/elevenlabs/elevenlabs.ts';
import { localVariables } from '../../support/worker.ts';
import { ANSWER, Rig, reply, trouble, type, VOICE_LOST } from './rig.ts';
import { World } from './vendors.ts';

const rig = new Rig().primed();

const FIRST = 'It is ten dollars a month.';
const REST = 'That is for every user you have. Would that work for your team?';

interface Frame {
  readonly text?: string;
  readonly context_id?: string;
  readonly close_context?: boolean;
}

const frames = () => rig.providers.log.frames('elevenlabs') as readonly Frame[];
const overHttp = () => rig.overHttp('other').map(({ text }) => text);
const rendered = () => rig.overHttp('fixed').map(({ text }) => text);
/** What a socket was given to say, piece by piece. */
const saidOn = (connection: number) =>
  (rig.providers.log.frames('elevenlabs', connection) as readonly Frame[]).flatMap(({ text = '' }) =>
    text.trim() === '' ? [] : [text],
  );
/** The pieces that the newest socket was given. */
const saidLast = () =>
  saidOn(rig.entries('elevenlabs', 'open').at(-1)?.connection ?? 0)
    .join('')
    .trim();
const unavailable = (retryable: boolean) => ({ code: 'synthesiser_unavailable', retryable });

describe('the voice of a call', () => {
  it('speaks all replies on one socket, each in a context that is opened and closed once', async () => {
    const client = await rig.call();
    for (let turn = 0; turn < 6; turn++) expect((await reply(client, type(client))).text).toBe(ANSWER);
    // The greeting is a fixed line and has no context.
    const ids = ['r2', 'r3', 'r4', 'r5', 'r6', 'r7'];
    await rig.entry('elevenlabs', 'text', () => closed().length === ids.length);
    expect(closed()).toEqual(ids);
    expect(frames().flatMap(({ text, context_id }) => (text === ' ' ? [context_id] : []))).toEqual(ids);
    expect(rig.entries('elevenlabs', 'open')).toHaveLength(1);
    expect(overHttp()).toEqual([]);
    expect(client.all('voicechat.error')).toEqual([]);
    client.send('voicechat.call.end');
    await client.end();
    expect((await rig.entry('elevenlabs', 'close')).code).toBe(1000);
  });

  const closed = () =>
    frames().flatMap(({ close_context, context_id }) => (close_context ? [context_id] : []));

  it('has all that shapes its sound in the query', async () => {
    const client = await rig.call({
      samplingRate: 16_000,
      voiceId: 'JBFqnCBsd6RMkjVDRZzb',
      language: 'de-CH',
    });
    expect(rig.query('elevenlabs')).toEqual({
      model_id: 'eleven_flash_v2_5',
      output_format: 'pcm_24000',
      language_code: 'de',
      inactivity_timeout: '180',
      auto_mode: 'true',
    });
    expect(rig.entries('elevenlabs', 'open')[0]?.path).toContain('/JBFqnCBsd6RMkjVDRZzb/');
    expect((await client.next('voicechat.response.chunk')).payload['sampleRate']).toBe(24_000);
  });

  it('says as much as its text takes, whatever frames it comes in', async () => {
    rig.play({ synthesiser: { chunkMs: 10, msPerChar: 2 } });
    const client = await rig.call();
    const { bytes } = await reply(client, type(client));
    // The vendor ends every piece with a space, which sounds as well.
    const characters = ANSWER.length + 1;
    expect(bytes / 48).toBeCloseTo(characters * 2, 0);
  });

  it('never has too many contexts, however often it is interrupted', async () => {
    rig.play({ synthesiser: { firstAudioMs: 60_000 } });
    const client = await rig.connect();
    await client.start();
    for (let turn = 0; turn < 12; turn++) {
      const from = type(client);
      await client.next('voicechat.transcript.final', from);
      const id = `r${turn + 2}`;
      // With text on its way the context stays for as long as its audio takes, however it is closed.
      await rig.entry(
        'elevenlabs',
        'text',
        ({ frame }) => (frame as Frame).context_id === id && ((frame as Frame).text ?? '').trim() !== '',
      );
    }
    rig.providers.script.synthesiser.firstAudioMs = 5;
    expect((await reply(client, type(client))).text).toBe(ANSWER);
    expect(client.all('voicechat.error')).toEqual([]);
    expect(overHttp()).toEqual([]);
    for (const { connection } of rig.entries('elevenlabs', 'open')) {
      const opened = rig.providers.log
        .frames('elevenlabs', connection)
        .filter((frame) => (frame as Frame).text === ' ');
      expect(opened.length).toBeLessThanOrEqual(3);
    }
  });
});

describe('the fixed lines of a call', () => {
  it('are rendered once for all calls of the isolate, and greet while the synthesiser is down', async () => {
    const start = { samplingRate: 16_000, voiceId: 'onwK4e9ZLuTAKqWW03F9' };
    const first = await rig.connect();
    await first.start(start);
    const greeting = await reply(first, 0);
    expect(greeting.bytes).toBeGreaterThan(0);
    expect(rendered()).toContain(greeting.text);
    rig.providers.kill('elevenlabs');
    const before = rendered().length;
    const second = await rig.connect();
    await second.start(start);
    expect(await reply(second, 0)).toEqual(greeting);
    expect(rendered().slice(before)).not.toContain(greeting.text);
    expect(second.all('voicechat.error')).toEqual([]);
  });
});

describe('a voice whose socket fails', () => {
  /** From here on, the call's socket is a new one, which the faults strike. */
  async function reopened(): Promise<void> {
    await rig.entry('elevenlabs', 'open');
    rig.providers.strike({ provider: 'elevenlabs', kind: 'close' });
    await rig.entry('elevenlabs', 'close');
  }

  it.each([
    { kind: 'drop' },
    { kind: 'close', code: 1000 },
    { kind: 'close', code: 1011 },
    { kind: 'garbage' },
    { kind: 'error', code: 'something_went_wrong' },
  ] as const)('[V1] in the middle of a reply says only the rest on a fresh one: %j', async (fault) => {
    rig.play({ model: { replies: [`${FIRST} ${REST}`] } });
    const client = await rig.call();
    await reopened();
    // The next socket lives for one frame, which is the sound of the first sentence.
    rig.faults({ provider: 'elevenlabs', channel: 'socket', ...fault, after: { sent: 1 } });
    const from = type(client);
    const spoken = await reply(client, from);
    expect(spoken.text).toBe(`${FIRST} ${REST}`);
    expect(saidLast()).toBe(REST);
    expect(overHttp()).toEqual([]);
    expect(spoken.bytes / 48).toBeCloseTo((spoken.text.length + 1) * 2, 0);
    expect(client.all('voicechat.error')).toEqual([]);
    expect((await reply(client, type(client))).text).toBe(`${FIRST} ${REST}`);
    expect(rig.entries('elevenlabs', 'open')).toHaveLength(3);
  });

  it('[V1] before any sound says all of it on a fresh one', async () => {
    const client = await rig.call();
    rig.providers.script.synthesiser.firstAudioMs = 60_000;
    const from = type(client);
    await rig.entry(
      'elevenlabs',
      'text',
      ({ frame }) => (frame as Frame).text === 'Would that work for you? ',
    );
    rig.providers.script.synthesiser.firstAudioMs = 5;
    rig.providers.strike({ provider: 'elevenlabs', kind: 'drop' });
    expect((await reply(client, from)).text).toBe(ANSWER);
    expect(saidLast()).toBe(ANSWER);
    expect(overHttp()).toEqual([]);
  });

  const CHARACTER_MS = 10;
  /** Five characters a frame, so that faults strike within words. */
  const FRAMES = { msPerChar: CHARACTER_MS, chunkMs: 5 * CHARACTER_MS, paceMs: 1 };

  it.each([
    ['stall', 1],
    ['close', 1],
    ['close', 2],
    ['truncate', 1],
    ['error', 2],
  ] as const)(
    '[V3] by %s after %i frames lets every word sound once, whichever way it goes on',
    async (kind, sent) => {
      rig.play({ model: { replies: [FIRST] }, synthesiser: FRAMES });
      const client = await rig.call();
      await reopened();
      const fault =
        kind === 'error' ? ({ kind, code: 'something_went_wrong' } as const) : ({ kind } as const);
      rig.faults({ provider: 'elevenlabs', channel: 'socket', ...fault, times: 2, after: { sent } });
      // The other kinds may take what was sent over HTTP with them.
      if (kind === 'stall') rig.faults({ provider: 'elevenlabs', channel: 'http', kind, after: { sent } });
      const spoken = await reply(client, type(client));
      expect(spoken.text).toBe(FIRST);
      expect(client.all('voicechat.error')).toEqual([]);
      const sockets = rig.entries('elevenlabs', 'open').slice(1);
      const tries = [...sockets.map(({ connection }) => saidOn(connection).join('')), ...overHttp()];
      expect(tries.length).toBeGreaterThanOrEqual(3);
      // Each but the last was cut after so many frames, and the next takes up the first word of which less than half came.
      for (const [i, text] of tries.slice(1).entries()) {
        expect(text.trim()).toBe(rest(tries[i] ?? '', sent * 5).trim());
      }
      const lastTry = tries.at(-1) ?? '';
      const cutMs = (tries.length - 1) * sent * 5 * CHARACTER_MS;
      expect(spoken.bytes / 48).toBeCloseTo(cutMs + lastTry.length * CHARACTER_MS, 0);
    },
  );

  /** What is left of a text after so many characters: from the first word of which less than half is among them. */
  function rest(text: string, characters: number): string {
    const words = [...text.matchAll(/\S+/g)];
    const next = words.find(({ 0: word, index }) => index + word.length / 2 > characters);
    return next === undefined ? '' : text.slice(next.index);
  }

  it.each([500, 503, 429])('[V1] to open with %i says everything over HTTP', async (status) => {
    rig.play({
      faults: [{ provider: 'elevenlabs', channel: 'socket', kind: 'refuse', status, times: 'always' }],
    });
    const client = await rig.call();
    const spoken = await reply(client, type(client));
    expect(spoken.text).toBe(ANSWER);
    expect(spoken.bytes).toBeGreaterThan(0);
    expect(overHttp().join(' ')).toBe(ANSWER);
    expect(client.all('voicechat.error')).toEqual([]);
  });

  it('[V1] for want of the voice goes on in another one', async () => {
    const client = await rig.call();
    rig.providers.script.synthesiser.firstAudioMs = 60_000;
    const from = type(client);
    await rig.entry('elevenlabs', 'text', ({ frame }) => (frame as Frame).context_id === 'r2');
    rig.providers.script.synthesiser.firstAudioMs = 5;
    rig.providers.strike({ provider: 'elevenlabs', kind: 'error', code: 'voice_id_does_not_exist' });
    const spoken = await reply(client, from);
    expect(spoken.text).toBe(ANSWER);
    expect(spoken.bytes).toBeGreaterThan(0);
    expect(rig.overHttp('other').every(({ path }) => path.includes('/JBFqnCBsd6RMkjVDRZzb/'))).toBe(true);
    expect(overHttp().join(' ')).toBe(ANSWER);
    expect(client.all('voicechat.error')).toEqual([]);
  });

  it.each(['invalid_api_key', 'quota_exceeded'])(
    '[V7] for good (%s) says so, shows the text and tells; the next reply is spoken again',
    async (code) => {
      const client = await rig.call();
      rig.providers.script.synthesiser.firstAudioMs = 60_000;
      const from = type(client);
      await rig.entry('elevenlabs', 'text', ({ frame }) => (frame as Frame).context_id === 'r2');
      rig.providers.script.synthesiser.firstAudioMs = 5;
      rig.providers.strike({ provider: 'elevenlabs', kind: 'error', code });
      expect(await trouble(client, from)).toEqual(unavailable(false));
      expect((await reply(client, from)).text).toBe(`${VOICE_LOST} ${ANSWER}`);
      expect(overHttp()).toEqual([]);
      expect((await reply(client, type(client))).bytes).toBeGreaterThan(0);
    },
  );

  it.each([500, 429, 401])(
    '[V7] over HTTP too (%i) says so once, shows the text and tells',
    async (status) => {
      rig.play({
        faults: [
          { provider: 'elevenlabs', channel: 'socket', kind: 'refuse', status: 500, times: 'always' },
          { provider: 'elevenlabs', channel: 'http', kind: 'refuse', status, times: 'always' },
        ],
      });
      const client = await rig.call();
      const from = type(client);
      expect(await trouble(client, from)).toEqual(unavailable(status !== 401));
      const shown = await reply(client, from);
      expect(shown.text).toBe(`${VOICE_LOST} ${ANSWER}`);
      expect(shown.bytes / 48).toBeCloseTo(VOICE_LOST.length * 2, 0);
      expect(await reply(client, type(client))).toEqual({ text: ANSWER, bytes: 0 });
    },
  );
});

describe('a socket that the vendor closes because nothing is said', () => {
  it('is no news, and is opened again by the next prepare', async () => {
    // A unit is a second in real time, so the 180 that the voice asks for are 180 ms.
    const providers = await startProviders({
      port: 0,
      mode: 'scripted',
      timings: { inactivityUnitMs: 1, lingerMs: 5 },
    });
    const config = parseConfig(localVariables(providers.url));
    if (!('config' in config)) throw new Error('the local variables are not accepted');
    const { synthesiser } = config.config;
    const world = new World();
    const voice = world.run(new ElevenLabs(synthesiser, synthesiser.voices[0].id, 'en-US', world.around));
    const opened = () => providers.log.entries.filter(({ kind }) => kind === 'open').length;
    voice.prepare();
    await providers.log.waitFor(({ kind }) => kind === 'close');
    expect(world.news).toEqual([]);
    expect(opened()).toBe(1);
    voice.prepare();
    await providers.log.waitFor(({ kind }) => kind === 'open' && opened() === 2);
    voice.say(1, FIRST, 'socket');
    voice.finish(1);
    await world.until('voice.done');
    expect(opened()).toBe(2);
    world.end(voice);
    await providers.close();
  });
});
