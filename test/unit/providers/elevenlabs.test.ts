import { beforeEach, describe, expect, it } from 'vitest';
import type { SynthesiserConfig } from '../../../src/config.ts';
import { ElevenLabs } from '../../../src/providers/elevenlabs/elevenlabs.ts';
import { never, Surround, settled } from './surround.ts';

const config: SynthesiserConfig = {
  apiKey: 'secret',
  baseUrl: 'https://api.elevenlabs.io',
  model: 'eleven_flash_v2_5',
  voices: [{ id: 'v1', name: 'One' }],
  fallbackVoice: undefined,
  sampleRate: 24_000,
  place: 'live',
};

let vendor: Surround;
let voice: ElevenLabs;
beforeEach(() => {
  vendor = new Surround();
  voice = new ElevenLabs(config, 'v1', 'de-CH', vendor.around);
});

async function open(): Promise<void> {
  voice.prepare();
  await settled();
}

const CHARACTER_MS = 50;
/** When a socket that rests is closed, in ms. */
const IDLE_MS = 150_000;

const BYTES_PER_CHARACTER = CHARACTER_MS * 48;

/** The vendor's frame for a piece of text. */
function sound(contextId: string, text: string, bytes = text.length * BYTES_PER_CHARACTER): object {
  const chars = [...text];
  const alignment = {
    chars,
    charStartTimesMs: chars.map((_, i) => i * CHARACTER_MS),
    charDurationsMs: chars.map(() => CHARACTER_MS),
  };
  const audio = Buffer.alloc(bytes, 1).toString('base64');
  return { alignment, audio, contextId, isFinal: null, normalizedAlignment: null };
}

const last = (contextId: string) => ({
  alignment: null,
  audio: null,
  contextId,
  isFinal: true,
  normalizedAlignment: null,
});
const closing = (id: string) => ({ context_id: id, close_context: true });

describe('the socket', () => {
  it('is opened once, with the key in a header and all that shapes the sound in the query', async () => {
    voice.prepare();
    voice.say(1, 'Hello.', 'socket');
    await settled();
    voice.prepare();
    expect(vendor.requests).toHaveLength(1);
    const [request] = vendor.requests;
    expect(request?.headers.get('xi-api-key')).toBe('secret');
    expect(request?.url.pathname).toBe('/v1/text-to-speech/v1/multi-stream-input');
    expect(Object.fromEntries(request?.url.searchParams ?? [])).toEqual({
      model_id: 'eleven_flash_v2_5',
      output_format: 'pcm_24000',
      language_code: 'de',
      inactivity_timeout: '180',
      auto_mode: 'true',
    });
  });

  it('gets what was said while it opened, in order', async () => {
    voice.say(1, 'One.', 'socket');
    voice.say(1, 'Two.', 'socket');
    await settled();
    voice.say(1, 'Three.', 'socket');
    expect(vendor.socket.texts).toEqual([
      { text: ' ', context_id: 'r1' },
      { text: 'One. ', context_id: 'r1', flush: true },
      { text: 'Two. ', context_id: 'r1', flush: true },
      { text: 'Three. ', context_id: 'r1', flush: true },
    ]);
  });

  it('serves the next reply too, in a context of its own', async () => {
    await open();
    voice.say(1, 'One.', 'socket');
    voice.finish(1);
    vendor.socket.says(sound('r1', 'One. '));
    vendor.socket.says(last('r1'));
    voice.say(2, 'Two.', 'socket');
    expect(vendor.requests).toHaveLength(1);
    expect(vendor.socket.texts.at(-1)).toEqual({ text: 'Two. ', context_id: 'r2', flush: true });
  });

  it('is opened anew, without news, after it was idle too long', async () => {
    await open();
    vendor.socket.says({ message: 'm', error: 'input_timeout_exceeded', code: 1008 });
    vendor.socket.ends(1008, 'Have not received a new text input within the timeout');
    expect(vendor.news).toEqual([]);
    voice.say(1, 'Hello.', 'socket');
    await settled();
    expect(vendor.sockets).toHaveLength(2);
    expect(vendor.socket.texts).toHaveLength(2);
  });

  it.each([
    [1008, 'Have not received a new text input within the timeout'],
    [1000, ''],
    [1006, ''],
  ])(
    'that the vendor closes between replies (%i %s) is opened by the next prepare, without news',
    async (code, reason) => {
      await open();
      voice.say(1, 'Hi.', 'socket');
      voice.finish(1);
      vendor.socket.says(sound('r1', 'Hi. '));
      vendor.socket.says(last('r1'));
      const before = vendor.news.length;
      vendor.socket.ends(code, reason);
      expect(vendor.news).toHaveLength(before);
      await open();
      expect(vendor.sockets).toHaveLength(2);
      voice.say(2, 'Two.', 'socket');
      expect(vendor.requests).toHaveLength(2);
      expect(vendor.socket.texts.at(-1)).toMatchObject({ context_id: 'r2' });
    },
  );

  it('fails when nobody answers the handshake', async () => {
    vendor.answer = ({ signal }) => never(signal);
    await open();
    expect(voice.deadline).toBe(vendor.now + 5000);
    vendor.pass(voice, 4000);
    voice.say(1, 'Hello.', 'socket');
    vendor.pass(voice, 1000);
    expect(vendor.failure).toMatchObject({ kind: 'timeout', retryable: true });
    expect(vendor.requests[0]?.signal?.aborted).toBe(true);
    vendor.answer = () => vendor.accept();
    voice.say(2, 'Again.', 'socket');
    await settled();
    expect(vendor.news).toHaveLength(1);
    expect(vendor.socket.texts.at(-1)).toEqual({ text: 'Again. ', context_id: 'r2', flush: true });
  });

  it('[V2] fails 1.5 s after text was to be said, when the handshake hangs', async () => {
    vendor.answer = ({ signal }) => never(signal);
    voice.say(1, 'Hello.', 'socket');
    await settled();
    vendor.pass(voice, 1499);
    expect(vendor.news).toEqual([]);
    vendor.pass(voice, 1);
    expect(vendor.failure).toMatchObject({ kind: 'stalled', retryable: true });
  });

  it('[V6] that rests for 150 s is closed before the vendor does it, and opened by the next prepare', async () => {
    await open();
    vendor.pass(voice, 100_000);
    voice.say(1, 'Hi.', 'socket');
    voice.finish(1);
    vendor.socket.says(sound('r1', 'Hi. '));
    vendor.socket.says(last('r1'));
    const news = vendor.news.length;
    vendor.pass(voice, IDLE_MS - 1);
    expect(vendor.socket.closedWith).toBeUndefined();
    vendor.pass(voice, 1);
    expect(vendor.socket.closedWith).toBe(1000);
    expect(vendor.news).toHaveLength(news);
    expect(voice.deadline).toBeUndefined();
    await open();
    voice.say(2, 'Two.', 'socket');
    expect(vendor.sockets).toHaveLength(2);
    expect(vendor.socket.texts.at(-1)).toMatchObject({ context_id: 'r2' });
  });

  it('[V6] that closes in the very moment of a reply fails it, and takes the reply again', async () => {
    await open();
    vendor.socket.readyState = WebSocket.CLOSING;
    voice.say(1, 'Hello.', 'socket');
    expect(vendor.socket.texts).toEqual([]);
    vendor.socket.ends(1008, 'Have not received a new text input within the timeout');
    expect(vendor.news).toMatchObject([
      { type: 'voice.failed', failure: { kind: 'closed', retryable: true } },
    ]);
    voice.cancel(1);
    voice.say(1, 'Hello.', 'fresh-socket');
    await settled();
    expect(vendor.sockets).toHaveLength(2);
    expect(vendor.socket.texts.at(-1)).toMatchObject({ text: 'Hello. ', context_id: 'r1' });
  });

  it('leaves nothing behind when it is closed while opening', async () => {
    voice.prepare();
    voice.close();
    await settled();
    expect(vendor.socket.closedWith).toBe(1000);
    expect(voice.deadline).toBeUndefined();
  });
});

describe('a reply', () => {
  beforeEach(async () => {
    await open();
    voice.say(1, 'Hi there.', 'socket');
  });

  it('is reported with its alignment', () => {
    vendor.socket.says(sound('r1', 'Hi'));
    expect(vendor.news).toEqual([
      {
        type: 'voice.audio',
        reply: 1,
        pcm: Buffer.alloc(2 * BYTES_PER_CHARACTER, 1),
        alignment: { characters: ['H', 'i'], startMs: [0, 50], endMs: [50, 100] },
      },
    ]);
  });

  it('is understood in the older spellings too', () => {
    const alignment = { chars: ['H'], charStartTimesMs: [0], charsDurationsMs: [70] };
    vendor.socket.says({ context_id: 'r1', audio: 'AQE=', alignment });
    expect(vendor.all('voice.audio')[0]?.alignment).toEqual({
      characters: ['H'],
      startMs: [0],
      endMs: [70],
    });
  });

  it('is closed when all of it has sounded, and done with its last frame; the tail counts', () => {
    voice.finish(1);
    expect(vendor.socket.texts.at(-1)).not.toEqual(closing('r1'));
    vendor.socket.says(sound('r1', 'Hi there. '));
    expect(vendor.socket.texts.at(-1)).toEqual(closing('r1'));
    vendor.socket.says({ ...sound('r1', ''), alignment: null, audio: 'AQE=' });
    vendor.socket.says(last('r1'));
    vendor.socket.says(last('r1'));
    expect(vendor.news.map((event) => event.type)).toEqual(['voice.audio', 'voice.audio', 'voice.done']);
    expect(voice.deadline).toBe(vendor.now + IDLE_MS);
  });

  it('is closed at once when it had sounded before the model was done', () => {
    vendor.socket.says(sound('r1', 'Hi there. '));
    voice.finish(1);
    expect(vendor.socket.texts.at(-1)).toEqual(closing('r1'));
  });

  it('is closed after a second of quiet when not every character was told', () => {
    voice.say(1, 'It costs $100 a month, all in.', 'socket');
    voice.finish(1);
    vendor.socket.says(sound('r1', 'Hi there. It costs 100 a month, all in.'));
    vendor.pass(voice, 999);
    expect(vendor.socket.texts.at(-1)).not.toEqual(closing('r1'));
    vendor.pass(voice, 1);
    expect(vendor.socket.texts.at(-1)).toEqual(closing('r1'));
  });

  it('is done though its last frame never comes', () => {
    voice.finish(1);
    vendor.socket.says(sound('r1', 'Hi there. '));
    vendor.pass(voice, 1500);
    expect(vendor.news.at(-1)).toEqual({ type: 'voice.done', reply: 1 });
  });

  it('[V2] fails when no audio comes for 1.5 s, and the socket is given up', () => {
    voice.finish(1);
    vendor.pass(voice, 1499);
    expect(vendor.news).toEqual([]);
    vendor.pass(voice, 1);
    expect(vendor.failure).toMatchObject({ kind: 'stalled', retryable: true });
    expect(vendor.socket.closedWith).toBe(1000);
  });

  it('[V3] is not over while sound is missing whose characters were told, and fails without it', () => {
    voice.finish(1);
    vendor.socket.says(sound('r1', 'Hi there. ', 6 * BYTES_PER_CHARACTER));
    expect(vendor.socket.texts.at(-1)).not.toEqual(closing('r1'));
    vendor.socket.ends(1006);
    expect(vendor.failure).toMatchObject({ kind: 'closed', retryable: true });
  });

  it('fails when the vendor ends it early', () => {
    vendor.socket.says(sound('r1', 'Hi'));
    voice.finish(1);
    vendor.socket.says(last('r1'));
    expect(vendor.failure).toMatchObject({ kind: 'truncated', retryable: true });
  });

  it('takes no notice of frames it does not know', () => {
    vendor.socket.says({ type: 'flush_done', context_id: 'r1', done: false, data: '', flush_done: true });
    vendor.socket.says(sound('r9', 'other'));
    expect(vendor.news).toEqual([]);
    expect(voice.deadline).toBe(vendor.now + 1500);
  });
});

describe('cancel', () => {
  beforeEach(open);

  it('closes the context and drops what still comes', () => {
    voice.say(1, 'Hi there.', 'socket');
    voice.cancel(1);
    voice.cancel(1);
    expect(vendor.socket.texts.slice(2)).toEqual([closing('r1')]);
    vendor.socket.says(sound('r1', 'Hi there.'));
    vendor.socket.says(last('r1'));
    expect(vendor.news).toEqual([]);
    expect(voice.deadline).toBe(vendor.now + IDLE_MS);
  });

  it('waits for the last frame of a reply that was closing, without news', () => {
    voice.say(1, 'Hi.', 'socket');
    vendor.socket.says(sound('r1', 'Hi. '));
    voice.finish(1);
    voice.cancel(1);
    vendor.socket.says(last('r1'));
    expect(vendor.news.map((event) => event.type)).toEqual(['voice.audio']);
    expect(vendor.socket.texts.filter((text) => JSON.stringify(text).includes('close'))).toHaveLength(1);
  });

  const interrupted = () => {
    for (let reply = 1; reply <= 3; reply++) {
      voice.say(reply, 'Hi.', 'socket');
      voice.cancel(reply);
    }
  };

  it('never has more than three contexts on one socket: a new socket takes over', async () => {
    interrupted();
    vendor.pass(voice, 60_000);
    expect(vendor.sockets).toHaveLength(1);
    voice.say(4, 'Hello.', 'socket');
    await settled();
    expect(vendor.sockets).toHaveLength(2);
    expect(vendor.sockets[0]?.closedWith).toBe(1000);
    expect(vendor.socket.texts).toEqual([
      { text: ' ', context_id: 'r4' },
      { text: 'Hello. ', context_id: 'r4', flush: true },
    ]);
    expect(vendor.news).toEqual([]);
  });

  it('leaves a full socket as soon as the next reply is prepared for', async () => {
    interrupted();
    voice.prepare();
    await settled();
    expect(vendor.sockets).toHaveLength(2);
    voice.prepare();
    voice.say(4, 'Hello.', 'socket');
    expect(vendor.sockets).toHaveLength(2);
  });

  it('never leaves a socket on which a reply is being spoken', async () => {
    voice.say(1, 'Hi.', 'socket');
    voice.cancel(1);
    voice.say(2, 'Hi.', 'socket');
    voice.cancel(2);
    voice.say(3, 'Hi.', 'socket');
    voice.prepare();
    await settled();
    vendor.socket.says(sound('r3', 'Hi. '));
    expect(vendor.sockets).toHaveLength(1);
    expect(vendor.all('voice.audio')).toHaveLength(1);
  });

  it('keeps a reply that is said again apart from its cancelled context', () => {
    voice.say(1, 'Hi.', 'socket');
    voice.cancel(1);
    voice.say(1, 'Hi.', 'socket');
    expect(vendor.socket.texts.at(-1)).toEqual({ text: 'Hi. ', context_id: 'r1-2', flush: true });
    vendor.socket.says(sound('r1', 'Hi. '));
    expect(vendor.news).toEqual([]);
    vendor.socket.says(sound('r1-2', 'Hi. '));
    expect(vendor.all('voice.audio')).toHaveLength(1);
  });

  it('[V1] begins a reply anew on a fresh socket, once for all its pieces', async () => {
    voice.say(1, 'Hi there.', 'socket');
    voice.cancel(1);
    voice.say(1, 'Hi there.', 'fresh-socket');
    voice.say(1, 'More.', 'fresh-socket');
    await settled();
    expect(vendor.sockets).toHaveLength(2);
    expect(vendor.sockets[0]?.closedWith).toBe(1000);
    expect(vendor.socket.texts).toHaveLength(3);
    voice.finish(1);
    vendor.socket.says(sound('r1', 'Hi there. More. '));
    vendor.socket.says(last('r1'));
    expect(vendor.news.map(({ type }) => type)).toEqual(['voice.audio', 'voice.done']);
  });

  it('[V1] takes a socket on which nothing was said for a fresh one', async () => {
    voice.say(1, 'Hi there.', 'fresh-socket');
    await settled();
    expect(vendor.sockets).toHaveLength(1);
  });

  it('[V5] counts a reply whose last frame never came until the vendor says that it is over', async () => {
    for (let reply = 1; reply <= 3; reply++) {
      voice.say(reply, 'Hi.', 'socket');
      vendor.socket.says(sound(`r${reply}`, 'Hi. '));
      voice.finish(reply);
      vendor.pass(voice, 1500);
    }
    expect(vendor.all('voice.done')).toHaveLength(3);
    voice.say(4, 'Hello.', 'socket');
    await settled();
    expect(vendor.sockets).toHaveLength(2);
  });

  it('[V5] never has more than three contexts on a socket in fifty barge-ins whose ends are not confirmed', async () => {
    for (let reply = 1; reply <= 50; reply++) {
      voice.prepare();
      voice.say(reply, 'Hi.', 'socket');
      await settled();
      voice.cancel(reply);
    }
    const begun = vendor.sockets.map(({ texts }) =>
      texts.filter((text) => (text as { text?: string }).text === ' '),
    );
    expect(Math.max(...begun.map(({ length }) => length))).toBe(3);
    expect(begun.flat()).toHaveLength(50);
    expect(vendor.sockets.filter(({ closedWith }) => closedWith === undefined)).toHaveLength(1);
    expect(vendor.news).toEqual([]);
  });

  it('frees a place with the last frame', () => {
    for (let reply = 1; reply <= 20; reply++) {
      voice.say(reply, 'Hi.', 'socket');
      voice.cancel(reply);
      vendor.socket.says(last(`r${reply}`));
    }
    expect(vendor.sockets).toHaveLength(1);
  });
});

describe('failures on the socket', () => {
  beforeEach(async () => {
    await open();
    voice.say(1, 'Hi there.', 'socket');
  });

  it.each([
    ['invalid_api_key', 'refused', false],
    ['voice_id_does_not_exist', 'unknown-voice', false],
    ['quota_exceeded', 'refused', false],
    ['detected_unusual_activity', 'refused', false],
    ['invalid_input_message', 'refused', false],
    ['input_timeout_exceeded', 'refused', true],
    ['max_active_conversations', 'refused', true],
    ['too_many_concurrent_requests', 'rate-limited', true],
    ['something_went_wrong', 'refused', true],
  ])('error %s: %s, retryable %s, told once', (error, kind, retryable) => {
    vendor.socket.says({ message: 'm', error, code: 1008 });
    vendor.socket.ends(1008, 'm');
    expect(vendor.news).toHaveLength(1);
    expect(vendor.failure).toMatchObject({ kind, retryable });
    expect(vendor.socket.closedWith).toBe(1000);
  });

  it.each([
    [1000, '', 'closed', true],
    [1006, '', 'closed', true],
    [1008, 'Invalid API key', 'refused', false],
    [1008, 'A voice with voice_id X does not exist.', 'unknown-voice', false],
    [1008, 'This request exceeds your quota.', 'refused', false],
    [1008, 'Unusual activity detected.', 'refused', false],
    [1008, 'voice_settings field must be provided in the first message', 'refused', false],
    [1008, 'Have not received a new text input within the timeout', 'closed', true],
    [1009, '', 'unknown-voice', false],
    [1011, '', 'closed', true],
  ])('close %i "%s": %s, retryable %s', (code, reason, kind, retryable) => {
    vendor.socket.ends(code, reason);
    expect(vendor.failure).toMatchObject({ kind, retryable });
    expect(vendor.news).toHaveLength(1);
  });

  it.each(['not JSON', '{"audio":1}'])('%s: protocol, retryable', (data) => {
    vendor.socket.says(data);
    expect(vendor.failure).toMatchObject({ kind: 'protocol', retryable: true });
  });

  it.each([
    [400, 'unsupported_model', false],
    [403, 'forbidden', false],
    [429, 'system_busy', true],
    [500, 'internal_error', true],
  ])('handshake %i %s: retryable %s', async (status, code, retryable) => {
    vendor.answer = () => Response.json({ detail: { status: code } }, { status });
    vendor.socket.ends(1006);
    vendor.news.length = 0;
    voice.say(2, 'Hi.', 'socket');
    await settled();
    expect(vendor.news).toHaveLength(1);
    expect(vendor.failure).toMatchObject({ retryable, detail: `ElevenLabs answered ${status} ${code}` });
  });

  it('end a reply whose sound has all come', () => {
    vendor.socket.says(sound('r1', 'Hi there. '));
    voice.finish(1);
    vendor.socket.ends(1006);
    expect(vendor.news.map((event) => event.type)).toEqual(['voice.audio', 'voice.done']);
  });

  it('do not touch a reply that was cancelled', () => {
    voice.cancel(1);
    vendor.socket.ends(1006);
    expect(vendor.news).toEqual([]);
  });
});
