import { Buffer } from 'node:buffer';
import * as v from 'valibot';
import { type Phrase, PhraseShelf } from './phrase-shelf.ts';
import { jsonObject } from './socket.ts';

/** Phrases that all calls of an isolate share, in bytes: some three minutes at 24 kHz, of the isolate's 128 MB. */
const SHELF_BYTES = 8_000_000;
/** How long the platform's cache may keep a phrase, in s: 30 days. */
const MAX_AGE_S = 2_592_000;
/** Where phrases stand in the platform's cache. The name can belong to nobody (RFC 2606), and no request is made to it. */
const CACHE_ADDRESS = 'https://phrases.vantum.invalid/v1/';

/** A fixed line and all that shapes its sound. */
export interface FixedLine {
  /** Base URL of the synthesiser: a local one sounds different under the same names. */
  readonly origin: string;
  readonly voice: string;
  readonly model: string;
  /** In Hz. */
  readonly sampleRate: number;
  readonly language: string;
  readonly text: string;
}

/** What is used of the platform's Cache API. */
export type PhraseCache = Pick<Cache, 'match' | 'put'>;

/**
 * The fixed lines that were rendered before: on a shelf in memory, and behind it in the platform's cache, which other
 * isolates of the same data centre share. It never throws: a cache that fails, or holds something else, holds nothing.
 */
export class Phrases {
  readonly #shelf: PhraseShelf;
  readonly #cache: PhraseCache | undefined;

  constructor(shelf: PhraseShelf, cache: PhraseCache | undefined) {
    this.#shelf = shelf;
    this.#cache = cache;
  }

  /** The phrase, if it is in memory. */
  known(line: FixedLine): Phrase | undefined {
    return this.#shelf.find(keyOf(line));
  }

  /** True for the first of several calls that want to render the line at `now`, in ms since the epoch. */
  claim(line: FixedLine, now: number): boolean {
    return this.#shelf.claim(keyOf(line), now);
  }

  /** The line is not being rendered any more. */
  release(line: FixedLine): void {
    this.#shelf.release(keyOf(line));
  }

  /** Looks into the cache too, and puts what is found there on the shelf. */
  async find(line: FixedLine): Promise<Phrase | undefined> {
    const known = this.known(line);
    if (known !== undefined || this.#cache === undefined) return known;
    try {
      const stored = await this.#cache.match(await addressOf(line));
      const phrase = stored === undefined ? undefined : readPhrase(await stored.text());
      if (phrase !== undefined) this.#shelf.put(keyOf(line), phrase);
      return phrase;
    } catch {
      return undefined;
    }
  }

  /** Is in memory at once; resolves when the cache has it too, or has failed. */
  async keep(line: FixedLine, phrase: Phrase): Promise<void> {
    this.#shelf.put(keyOf(line), phrase);
    try {
      await this.#cache?.put(await addressOf(line), stored(phrase));
    } catch {
      // The next isolate renders the line again.
    }
  }
}

const isolateShelf = new PhraseShelf(SHELF_BYTES);

/**
 * The phrases of this isolate. What calls share are finished phrases, which are plain data; never the promise of one:
 * a promise belongs to the object whose I/O settles it, and in another object it throws or hangs. So two calls that
 * must say a line at the same moment render it twice; lines that are only made ready are claimed, and waited for.
 */
export function isolatePhrases(): Phrases {
  return new Phrases(isolateShelf, typeof caches === 'undefined' ? undefined : caches.default);
}

function keyOf({ origin, voice, model, sampleRate, language, text }: FixedLine): string {
  return JSON.stringify([origin, voice, model, sampleRate, language, text]);
}

/** A hash stands for the line, because addresses appear in logs and lines may hold a prospect's name. */
async function addressOf(line: FixedLine): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(keyOf(line)));
  return CACHE_ADDRESS + Buffer.from(hash).toString('hex');
}

const times = v.array(v.number());
const body = v.pipe(
  v.object({
    bytes: v.pipe(v.number(), v.minValue(2), v.multipleOf(2)),
    pcm: v.string(),
    alignment: v.pipe(
      v.object({ characters: v.array(v.string()), startMs: times, endMs: times }),
      v.check(({ characters, startMs, endMs }) =>
        [startMs.length, endMs.length].every((length) => length === characters.length),
      ),
    ),
  }),
  v.transform(({ bytes, pcm, alignment }) => ({ bytes, pcm: Buffer.from(pcm, 'base64'), alignment })),
  // Decoding skips what is not base64.
  v.check(({ bytes, pcm }) => pcm.byteLength === bytes),
);

function stored({ pcm, alignment }: Phrase): Response {
  const encoded = Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength).toString('base64');
  return Response.json(
    { bytes: pcm.byteLength, pcm: encoded, alignment },
    { headers: { 'cache-control': `public, max-age=${MAX_AGE_S}` } },
  );
}

function readPhrase(text: string): Phrase | undefined {
  const read = v.safeParse(body, jsonObject(text));
  return read.success ? { pcm: read.output.pcm, alignment: read.output.alignment } : undefined;
}
