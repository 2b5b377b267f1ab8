import { beforeEach, describe, expect, it } from 'vitest';
import { IncomingPhrase, soundsOf } from '../../../src/providers/elevenlabs/phrase-sound.ts';
import { type Phrase, PhraseShelf } from '../../../src/providers/phrase-shelf.ts';
import { type FixedLine, Phrases } from '../../../src/providers/phrases.ts';

const line: FixedLine = {
  origin: 'https://api.elevenlabs.io',
  voice: 'v1',
  model: 'm1',
  sampleRate: 1000,
  language: 'en',
  text: 'Hello Jordan.',
};

function phrase(text: string, bytes: number, value = 1): Phrase {
  const characters = [...text];
  return {
    pcm: Buffer.alloc(bytes, value),
    alignment: {
      characters,
      startMs: characters.map((_, i) => i * 100),
      endMs: characters.map((_, i) => (i + 1) * 100),
    },
  };
}

describe('the shelf', () => {
  it('lets the least recently used phrases go when it is full', () => {
    const shelf = new PhraseShelf(3000);
    for (const key of ['a', 'b', 'c']) shelf.put(key, phrase('', 1000));
    shelf.find('a');
    shelf.put('d', phrase('', 1000));
    expect(['a', 'b', 'c', 'd'].map((key) => shelf.find(key) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ]);
    shelf.put('e', phrase('', 2500));
    expect(['a', 'c', 'd', 'e'].filter((key) => shelf.find(key))).toEqual(['e']);
    expect(shelf.heldBytes).toBe(2500);
  });

  it('counts the alignment too, and a phrase that replaces another once', () => {
    const shelf = new PhraseShelf(3000);
    shelf.put('a', phrase('Hello', 1000));
    expect(shelf.heldBytes).toBeGreaterThan(1000);
    shelf.put('a', phrase('', 600, 2));
    expect(shelf.heldBytes).toBe(600);
    expect(shelf.find('a')?.pcm[0]).toBe(2);
  });

  it('does not empty itself for a phrase that is too large', () => {
    const shelf = new PhraseShelf(3000);
    shelf.put('a', phrase('', 1000));
    shelf.put('b', phrase('', 3002));
    expect(shelf.find('a')).toBeDefined();
    expect(shelf.find('b')).toBeUndefined();
  });
});

/** The platform's cache, as far as it is used; what it holds can be spoilt. */
class Stored {
  readonly bodies = new Map<string, string>();
  readonly headers: Headers[] = [];
  match = async (address: unknown) => {
    const body = this.bodies.get(String(address));
    return body === undefined ? undefined : new Response(body);
  };
  put = async (address: unknown, response: Response) => {
    this.headers.push(response.headers);
    this.bodies.set(String(address), await response.text());
  };
}

describe('stored phrases', () => {
  const kept = phrase(line.text, 2600);
  let stored: Stored;
  beforeEach(async () => {
    stored = new Stored();
    await new Phrases(new PhraseShelf(10_000), stored).keep(line, kept);
  });
  const elsewhere = () => new Phrases(new PhraseShelf(10_000), stored);

  it('are found by another isolate, which then has them in memory', async () => {
    const phrases = elsewhere();
    expect(phrases.known(line)).toBeUndefined();
    expect(await phrases.find(line)).toEqual(kept);
    expect(phrases.known(line)).toEqual(kept);
  });

  it('are kept for 30 days under an address that tells no words', () => {
    expect(stored.headers[0]?.get('cache-control')).toBe('public, max-age=2592000');
    expect([...stored.bodies.keys()]).toEqual([
      expect.stringMatching(/^https:\/\/phrases\.vantum\.invalid\/v1\/[0-9a-f]{64}$/),
    ]);
  });

  it.each<Partial<FixedLine>>([
    { origin: 'http://127.0.0.1:1' },
    { voice: 'v2' },
    { model: 'm2' },
    { sampleRate: 2000 },
    { language: 'de' },
    { text: 'Hello Jordan!' },
  ])('are not those of another line: %j', async (other) => {
    const phrases = elsewhere();
    await phrases.find(line);
    expect(await phrases.find({ ...line, ...other })).toBeUndefined();
    expect(phrases.known({ ...line, ...other })).toBeUndefined();
  });

  it.each<[string, (body: string) => string]>([
    ['nothing', () => ''],
    ['no JSON', (body) => body.slice(1)],
    ['a list', () => '[]'],
    ['sound cut short', (body) => body.replace(/"pcm":"..../, '"pcm":"')],
    ['half a sample', (body) => body.replace('"bytes":2600', '"bytes":2599')],
    ['sound that is no base64', (body) => body.replace(/"pcm":"..../, '"pcm":"????')],
    ['a time too few', (body) => body.replace('"startMs":[0,', '"startMs":[')],
    ['times that are none', (body) => body.replace('"startMs":[0,', '"startMs":["0",')],
  ])('count as absent when they hold %s', async (_, spoil) => {
    const [address = '', body = ''] = [...stored.bodies][0] ?? [];
    expect(spoil(body)).not.toBe(body);
    stored.bodies.set(address, spoil(body));
    expect(await elsewhere().find(line)).toBeUndefined();
  });

  it('are done without when the cache fails or is missing', async () => {
    const broken = {
      match: () => Promise.reject(new Error('no cache')),
      put: () => {
        throw new Error('no cache');
      },
    };
    for (const cache of [broken, undefined]) {
      const phrases = new Phrases(new PhraseShelf(10_000), cache);
      expect(await phrases.find(line)).toBeUndefined();
      await phrases.keep(line, kept);
      expect(await phrases.find(line)).toBe(kept);
    }
  });
});

describe('a phrase in pieces', () => {
  it('has at most a second in each, and every character where it begins', () => {
    const whole = phrase('abcdefghijklmnopqrstuvw', 4600);
    const sounds = soundsOf(whole, 1000);
    expect(sounds.map(({ pcm }) => pcm.byteLength)).toEqual([2000, 2000, 600]);
    expect(sounds.map(({ alignment }) => alignment?.characters.join(''))).toEqual([
      'abcdefghij',
      'klmnopqrst',
      'uvw',
    ]);
    expect(sounds[2]?.alignment).toEqual({
      characters: ['u', 'v', 'w'],
      startMs: [0, 100, 200],
      endMs: [100, 200, 300],
    });
  });

  it('loses no character that begins after its sound', () => {
    const sounds = soundsOf(phrase('abcdefghijklm', 2002), 1000);
    expect(sounds.map(({ alignment }) => alignment?.characters.join(''))).toEqual(['abcdefghij', 'klm']);
    expect(soundsOf(phrase('', 100), 1000)).toEqual([{ pcm: Buffer.alloc(100, 1), alignment: undefined }]);
  });
});

describe('a phrase that comes in', () => {
  const alignment = (text: string, fromMs: number) => {
    const characters = [...text];
    return {
      characters,
      startMs: characters.map((_, i) => fromMs + i * 10),
      endMs: characters.map((_, i) => fromMs + (i + 1) * 10),
    };
  };

  it('is put together from pieces that end within a sample, with times from its start', () => {
    const incoming = new IncomingPhrase(1000);
    const sounds = [
      ...incoming.take({ audio: Uint8Array.of(1), alignment: alignment('A', 0) }),
      ...incoming.take({ audio: new Uint8Array(22).fill(2), alignment: undefined }),
      ...incoming.take({ audio: new Uint8Array(17).fill(3), alignment: alignment('b', 10) }),
    ];
    expect(sounds.map(({ pcm }) => pcm.byteLength)).toEqual([22, 18]);
    expect(Buffer.concat(sounds.map(({ pcm }) => pcm))).toEqual(incoming.whole('Ab')?.pcm);
    // The second piece begins 11 ms into the phrase, the character at 10 ms.
    expect(sounds.map((sound) => sound.alignment)).toEqual([alignment('A', 0), alignment('b', -1)]);
    expect(incoming.whole('Ab')?.alignment).toEqual(alignment('Ab', 0));
  });

  it.each<[string, string, number, boolean]>([
    ['all of it', 'It costs $10', 240, true],
    ['nearly all characters', 'It costs 10', 240, true],
    ['too few characters', 'It costs', 240, false],
    ['too little sound', 'It costs $10', 200, false],
    ['no sound', 'It costs $10', 0, false],
    ['no characters', '', 240, false],
  ])('is whole or not: %s', (_, told, bytes, isWhole) => {
    const incoming = new IncomingPhrase(1000);
    incoming.take({ audio: new Uint8Array(bytes), alignment: alignment(told, 0) });
    expect(incoming.whole('It costs $10') !== undefined).toBe(isWhole);
  });
});
