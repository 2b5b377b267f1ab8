import { beforeEach, describe, expect, it } from 'vitest';
import type { SynthesiserConfig } from '../../../src/config.ts';
import { ElevenLabs } from '../../../src/providers/elevenlabs/elevenlabs.ts';
import { PhraseShelf } from '../../../src/providers/phrase-shelf.ts';
import { Phrases } from '../../../src/providers/phrases.ts';
import { never, Surround, settled } from './surround.ts';

const config: SynthesiserConfig = {
  apiKey: 'secret',
  baseUrl: 'https://api.elevenlabs.io',
  model: 'eleven_flash_v2_5',
  voices: [{ id: 'v1', name: 'One' }],
  fallbackVoice: undefined,
  sampleRate: 16_000,
  place: 'live',
};
const GREETING = 'Hello, this is Vantum.';
const GOODBYE = 'Goodbye.';

let vendor: Surround;
let shelf: PhraseShelf;
let voice: ElevenLabs;
/** Bodies that are being streamed, with the text they were asked for. */
let bodies: { readonly text: string; readonly body: Body }[];
beforeEach(() => {
  vendor = new Surround();
  shelf = new PhraseShelf(1_000_000);
  voice = new ElevenLabs(config, 'v1', 'en-US', vendor.around, new Phrases(shelf, undefined));
  bodies = [];
  vendor.answer = ({ body, headers }) => {
    if (headers.has('upgrade')) return vendor.accept();
    const begun = new Body();
    bodies.push({ text: String(body['text']), body: begun });
    return begun.response;
  };
});

const MS_PER_CHARACTER = 50;
const BYTES_PER_CHARACTER = MS_PER_CHARACTER * 32;

/** The vendor's answer to one request with timestamps. */
class Body {
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  readonly response = new Response(
    new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
    }),
  );

  sends(text: string | Uint8Array): void {
    this.#controller?.enqueue(typeof text === 'string' ? new TextEncoder().encode(text) : text);
  }

  /** The sound of a text, as one line. */
  sounds(text: string, fromCharacter = 0): void {
    const characters = [...text];
    const at = (i: number) => ((fromCharacter + i) * MS_PER_CHARACTER) / 1000;
    const alignment = {
      characters,
      character_start_times_seconds: characters.map((_, i) => at(i)),
      character_end_times_seconds: characters.map((_, i) => at(i + 1)),
    };
    const audio = Buffer.alloc(characters.length * BYTES_PER_CHARACTER, 7).toString('base64');
    this.sends(`${JSON.stringify({ audio_base64: audio, alignment, normalized_alignment: null })}\n`);
  }

  ends(): void {
    this.#controller?.close();
  }

  breaks(): void {
    this.#controller?.error(new Error('Network connection lost.'));
  }
}

/** The newest request for a text. */
function asked(text: string): Body {
  const found = bodies.findLast((each) => each.text === text);
  if (found === undefined) throw new Error(`${text} was not asked for`);
  return found.body;
}

async function render(text: string): Promise<void> {
  asked(text).sounds(text);
  asked(text).ends();
  await settled();
}

const frame = (context: string, text: string) => ({
  contextId: context,
  audio: Buffer.alloc(text.length * 2, 1).toString('base64'),
  alignment: {
    chars: [...text],
    charStartTimesMs: [...text].map((_, i) => i),
    charDurationsMs: [...text].map(() => 1),
  },
});
const last = (contextId: string) => ({ contextId, audio: null, alignment: null, isFinal: true });
const kinds = () => vendor.news.map((event) => event.type);
const told = () => vendor.all('voice.audio').map(({ alignment }) => alignment?.characters.join('') ?? '');
const heardBytes = () => vendor.all('voice.audio').reduce((sum, { pcm }) => sum + pcm.byteLength, 0);

describe('a fixed line', () => {
  it('is rendered with the time of every character, sounds while it comes, and is kept', async () => {
    voice.say(1, GREETING, 'phrase');
    voice.finish(1);
    await settled();
    const [request] = vendor.requests;
    expect(request?.url.href).toBe(
      'https://api.elevenlabs.io/v1/text-to-speech/v1/stream/with-timestamps?output_format=pcm_16000',
    );
    expect(request?.headers.get('xi-api-key')).toBe('secret');
    expect(request?.body).toEqual({ text: GREETING, model_id: config.model, language_code: 'en' });
    asked(GREETING).sounds('Hello,');
    await settled();
    expect(told()).toEqual(['Hello,']);
    asked(GREETING).sounds(' this is Vantum.', 6);
    asked(GREETING).ends();
    await settled();
    expect(told()).toEqual(['Hello,', ' this is Vantum.']);
    expect(vendor.all('voice.audio')[1]?.alignment?.startMs[0]).toBe(0);
    expect(kinds()).toEqual(['voice.audio', 'voice.audio', 'voice.done']);
    expect(voice.deadline).toBeUndefined();

    vendor.news.length = 0;
    voice.say(2, GREETING, 'phrase');
    voice.finish(2);
    expect(told().join('')).toBe(GREETING);
    expect(heardBytes()).toBe(GREETING.length * BYTES_PER_CHARACTER);
    expect(vendor.all('voice.audio').every(({ pcm, reply }) => pcm.byteLength <= 32_000 && reply === 2)).toBe(
      true,
    );
    expect(kinds()).toEqual(['voice.audio', 'voice.audio', 'voice.done']);
    expect(vendor.requests).toHaveLength(1);
  });

  it('of another call of the isolate is there at once', async () => {
    voice.say(1, GREETING, 'phrase');
    await settled();
    await render(GREETING);
    const other = new Surround();
    const next = new ElevenLabs(config, 'v1', 'en-GB', other.around, new Phrases(shelf, undefined));
    next.say(1, GREETING, 'phrase');
    expect(other.all('voice.audio')).toHaveLength(2);
    const foreign = new ElevenLabs(config, 'v1', 'de', other.around, new Phrases(shelf, undefined));
    foreign.say(2, GREETING, 'phrase');
    expect(other.all('voice.audio')).toHaveLength(2);
  });

  it('is read whatever chunks it comes in', async () => {
    voice.say(1, 'Grüß Gott.', 'phrase');
    voice.finish(1);
    await settled();
    const characters = [...'Grüß Gott.'];
    const zeros = characters.map(() => 0);
    const alignment = {
      characters,
      character_start_times_seconds: zeros,
      character_end_times_seconds: zeros,
    };
    const first = { audio_base64: Buffer.of(1, 1, 1).toString('base64'), alignment };
    const second = { audio_base64: Buffer.of(1).toString('base64') };
    const bytes = Buffer.from(`${JSON.stringify(first)}\n\n${JSON.stringify(second)}`);
    for (let i = 0; i < bytes.byteLength; i++) asked('Grüß Gott.').sends(bytes.subarray(i, i + 1));
    asked('Grüß Gott.').ends();
    await settled();
    expect(told().join('')).toBe('Grüß Gott.');
    expect(heardBytes()).toBe(4);
    expect(kinds().at(-1)).toBe('voice.done');
  });

  it('comes before another fixed line of the reply', async () => {
    voice.say(1, GREETING, 'phrase');
    voice.say(1, GOODBYE, 'phrase');
    voice.finish(1);
    await settled();
    expect(bodies.map(({ text }) => text)).toEqual([GREETING]);
    await render(GREETING);
    await render(GOODBYE);
    expect(told().join('')).toBe(GREETING + GOODBYE);
    expect(kinds().at(-1)).toBe('voice.done');
  });

  it('stops when it is cancelled, and is not kept half', async () => {
    voice.say(1, GREETING, 'phrase');
    voice.finish(1);
    await settled();
    asked(GREETING).sounds('Hello,');
    await settled();
    voice.cancel(1);
    await render(GREETING);
    expect(kinds()).toEqual(['voice.audio']);
    expect(vendor.requests[0]?.signal?.aborted).toBe(true);
    expect(shelf.heldBytes).toBe(0);
    expect(voice.deadline).toBeUndefined();
  });

  it('leaves no request behind when the voice is closed', async () => {
    voice.say(1, GREETING, 'phrase');
    voice.learn([GOODBYE]);
    await settled();
    voice.close();
    await settled();
    expect(vendor.requests.map(({ signal }) => signal?.aborted)).toEqual([true]);
    expect(vendor.news).toEqual([]);
    expect(voice.deadline).toBeUndefined();
  });
});

describe('a fixed line that cannot be had', () => {
  it.each([
    [401, 'invalid_api_key', 'refused', false],
    [429, 'system_busy', 'rate-limited', true],
    [500, 'internal_error', 'refused', true],
  ])('%i %s: %s, retryable %s', async (status, code, kind, retryable) => {
    vendor.answer = () => Response.json({ detail: { status: code } }, { status });
    voice.say(1, GREETING, 'phrase');
    voice.finish(1);
    await settled();
    expect(kinds()).toEqual(['voice.failed']);
    expect(vendor.failure).toMatchObject({ kind, retryable });
  });

  it('[V2] fails after 1.5 s without audio, or 3 s within the line', async () => {
    vendor.answer = ({ signal }) => never(signal);
    voice.say(1, GREETING, 'phrase');
    await settled();
    vendor.pass(voice, 1499);
    await settled();
    expect(vendor.news).toEqual([]);
    vendor.pass(voice, 1);
    await settled();
    expect(vendor.failure).toMatchObject({ kind: 'stalled', retryable: true });
    expect(vendor.requests[0]?.signal?.aborted).toBe(true);

    vendor.news.length = 0;
    vendor.answer = ({ body }) => {
      const begun = new Body();
      bodies.push({ text: String(body['text']), body: begun });
      return begun.response;
    };
    voice.say(2, GREETING, 'phrase');
    await settled();
    vendor.pass(voice, 1000);
    asked(GREETING).sounds('Hello,');
    await settled();
    vendor.pass(voice, 2999);
    await settled();
    expect(kinds()).toEqual(['voice.audio']);
    vendor.pass(voice, 1);
    await settled();
    expect(kinds()).toEqual(['voice.audio', 'voice.failed']);
    expect(shelf.heldBytes).toBe(0);
  });

  it.each<[string, (body: Body) => void, string]>([
    ['a line that is none', (body) => body.sends('data: {}\n'), 'protocol'],
    ['a lost connection', (body) => body.breaks(), 'closed'],
    ['an end in the middle', (body) => body.ends(), 'truncated'],
  ])('%s: %s', async (_, happens, kind) => {
    voice.say(1, GREETING, 'phrase');
    await settled();
    asked(GREETING).sounds('Hello,');
    await settled();
    happens(asked(GREETING));
    await settled();
    expect(kinds()).toEqual(['voice.audio', 'voice.failed']);
    expect(vendor.failure).toMatchObject({ kind, retryable: true });
    expect(shelf.heldBytes).toBe(0);
  });

  it('is rendered when the cache does not answer within 300 ms', async () => {
    const mute = { match: () => new Promise<undefined>(() => undefined), put: async () => undefined };
    voice = new ElevenLabs(config, 'v1', 'en', vendor.around, new Phrases(shelf, mute));
    voice.say(1, GREETING, 'phrase');
    await settled();
    vendor.pass(voice, 299);
    await settled();
    expect(vendor.requests).toHaveLength(0);
    vendor.pass(voice, 1);
    await settled();
    await render(GREETING);
    expect(told().join('')).toBe(GREETING);
  });
});

describe('a fixed line with other text behind it', () => {
  beforeEach(async () => {
    voice.prepare();
    await settled();
  });

  it('sounds first, though the other text is ready before; the reply is done when both are', async () => {
    voice.say(1, GREETING, 'phrase');
    voice.say(1, 'So.', 'socket');
    voice.finish(1);
    vendor.socket.says(frame('r1', 'So. '));
    vendor.socket.says(last('r1'));
    await settled();
    expect(vendor.news).toEqual([]);
    await render(GREETING);
    expect(told().join('')).toBe(`${GREETING}So. `);
    expect(kinds().at(-1)).toBe('voice.done');
    expect(kinds().filter((kind) => kind === 'voice.done')).toHaveLength(1);
  });

  it('is not waited for once it has sounded', async () => {
    voice.say(1, GREETING, 'phrase');
    await settled();
    await render(GREETING);
    voice.say(1, 'So.', 'socket');
    voice.finish(1);
    expect(kinds()).not.toContain('voice.done');
    vendor.socket.says(frame('r1', 'So. '));
    vendor.socket.says(last('r1'));
    expect(told().join('')).toBe(`${GREETING}So. `);
    expect(kinds().at(-1)).toBe('voice.done');
  });

  it('is heard to its end before the failure of the other text is told', async () => {
    voice.say(1, GREETING, 'phrase');
    voice.say(1, 'So.', 'socket');
    vendor.socket.ends(1006);
    await settled();
    expect(vendor.news).toEqual([]);
    await render(GREETING);
    expect(told().join('')).toBe(GREETING);
    expect(kinds().at(-1)).toBe('voice.failed');
  });

  it('takes the other text with it when it fails, so that all can be said again', async () => {
    voice.say(1, GREETING, 'phrase');
    voice.say(1, 'So.', 'socket');
    voice.finish(1);
    await settled();
    vendor.socket.says(frame('r1', 'So. '));
    asked(GREETING).breaks();
    await settled();
    expect(kinds()).toEqual(['voice.failed']);
    vendor.news.length = 0;
    voice.say(1, 'Hello. So.', 'socket');
    voice.finish(1);
    vendor.socket.says(frame('r1-2', 'Hello. So. '));
    vendor.socket.says(last('r1'));
    vendor.socket.says(last('r1-2'));
    expect(told()).toEqual(['Hello. So. ']);
    expect(kinds()).toEqual(['voice.audio', 'voice.done']);
  });

  it('lets nothing of the other text through after it was cancelled', async () => {
    voice.say(1, GREETING, 'phrase');
    voice.say(1, 'So.', 'socket');
    vendor.socket.says(frame('r1', 'So. '));
    await settled();
    voice.cancel(1);
    await render(GREETING);
    expect(vendor.news).toEqual([]);
  });

  it('sounds first though it was said last, while the other text has no sound yet', async () => {
    voice.say(1, 'So.', 'socket');
    voice.say(1, GREETING, 'phrase');
    voice.finish(1);
    vendor.socket.says(frame('r1', 'So. '));
    vendor.socket.says(last('r1'));
    await settled();
    await render(GREETING);
    expect(told().join('')).toBe(`${GREETING}So. `);
    expect(kinds().at(-1)).toBe('voice.done');
  });

  it('goes behind other text that sounds already, the same way', async () => {
    voice.say(1, 'So.', 'socket');
    vendor.socket.says(frame('r1', 'So. '));
    voice.say(1, GOODBYE, 'phrase');
    expect(vendor.socket.texts.at(-1)).toEqual({ text: `${GOODBYE} `, context_id: 'r1', flush: true });
    voice.cancel(1);
    voice.say(2, 'So.', 'http');
    await settled();
    asked('So.').sounds('So.');
    await settled();
    voice.say(2, GOODBYE, 'phrase');
    asked('So.').ends();
    await settled();
    expect(vendor.requests.at(-1)?.body).toMatchObject({ text: GOODBYE, previous_text: 'So.' });
  });
});

describe('learning', () => {
  const ready = () => vendor.all('voice.ready').map(({ text }) => text);

  it('renders one line after the other, and tells at once which are there', async () => {
    voice.learn([GREETING, GOODBYE, GREETING]);
    await settled();
    expect(bodies.map(({ text }) => text)).toEqual([GREETING]);
    await render(GREETING);
    expect(ready()).toEqual([GREETING]);
    await render(GOODBYE);
    expect(ready()).toEqual([GREETING, GOODBYE]);
    expect(bodies).toHaveLength(2);
    vendor.news.length = 0;
    voice.learn([GOODBYE, GREETING]);
    expect(ready()).toEqual([GOODBYE, GREETING]);
    expect(heardBytes()).toBe(0);
  });

  it('goes on after a line that cannot be had, without news of it', async () => {
    voice.learn([GREETING, GOODBYE]);
    await settled();
    asked(GREETING).breaks();
    await settled();
    await render(GOODBYE);
    expect(vendor.news).toEqual([{ type: 'voice.ready', text: GOODBYE }]);
  });

  it('gives up a line that stalls', async () => {
    voice.learn([GREETING, GOODBYE]);
    await settled();
    vendor.pass(voice, 4000);
    await settled();
    expect(bodies.map(({ text }) => text)).toEqual([GREETING, GOODBYE]);
    expect(vendor.news).toEqual([]);
  });

  it('rests while a reply needs a line, and does not render that line again', async () => {
    voice.learn([GREETING, GOODBYE]);
    await settled();
    voice.say(1, GREETING, 'phrase');
    voice.finish(1);
    await settled();
    expect(vendor.requests.map(({ signal }) => signal?.aborted)).toEqual([true, false]);
    await render(GREETING);
    expect(ready()).toEqual([GREETING]);
    await render(GOODBYE);
    expect(ready()).toEqual([GREETING, GOODBYE]);
    expect(bodies.map(({ text }) => text)).toEqual([GREETING, GREETING, GOODBYE]);
    expect(vendor.failure).toBeUndefined();
  });

  it('leaves a line to the call that renders it, and looks for it again', async () => {
    const other = new ElevenLabs(config, 'v1', 'en-US', vendor.around, new Phrases(shelf, undefined));
    voice.learn([GREETING]);
    other.learn([GREETING]);
    await settled();
    expect(bodies).toHaveLength(1);
    await render(GREETING);
    expect(ready()).toEqual([GREETING]);
    vendor.pass(other, 1000);
    await settled();
    expect(ready()).toEqual([GREETING, GREETING]);
    expect(bodies).toHaveLength(1);
  });

  it('renders a line itself when the call that began to was closed', async () => {
    const other = new ElevenLabs(config, 'v1', 'en-US', vendor.around, new Phrases(shelf, undefined));
    voice.learn([GREETING]);
    other.learn([GREETING]);
    await settled();
    voice.close();
    vendor.pass(other, 1000);
    await settled();
    expect(bodies).toHaveLength(2);
    await render(GREETING);
    expect(ready()).toEqual([GREETING]);
  });

  it('stops when the voice is closed', async () => {
    voice.learn([GREETING, GOODBYE]);
    await settled();
    voice.close();
    await render(GREETING);
    expect(bodies).toHaveLength(1);
    expect(vendor.requests[0]?.signal?.aborted).toBe(true);
    expect(vendor.news).toEqual([]);
    expect(voice.deadline).toBeUndefined();
  });
});
