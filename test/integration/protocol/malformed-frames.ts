import { Packr } from 'msgpackr';
import type { Random } from '../../support/random.ts';

const packr = new Packr({ useRecords: false, variableMapSize: true });

/** A frame as it is sent: bytes, or the text of a text frame. */
export type AnyFrame = Uint8Array | string;

/** How many of the frames sent before may be sent again. */
const REMEMBERED = 200;
const LONGEST_RANDOM_BYTES = 300;
const DEEPEST = 3000;
const LARGEST_MAP = 6000;

/** Makes frames that no honest client sends, and honest ones at the wrong time; none of them ends the call. */
export class MalformedFrames {
  readonly #random: Random;
  readonly #sessionId: string;
  readonly #sent: AnyFrame[] = [];
  #count = 0;

  /** `sessionId`: of the call whose requests are imitated. */
  constructor(random: Random, sessionId: string) {
    this.#random = random;
    this.#sessionId = sessionId;
  }

  next(): AnyFrame {
    this.#count += 1;
    const frame = this.#make();
    this.#sent[this.#random.below(REMEMBERED)] = frame;
    return frame;
  }

  #make(): AnyFrame {
    const choice = this.#random.below(1000);
    // Dear ones are rare, so that a hundred thousand frames take seconds.
    if (choice < 3) return this.#hugeMap();
    if (choice < 10) return this.#deep();
    if (choice < 200) return this.#bytes(this.#random.below(LONGEST_RANDOM_BYTES));
    if (choice < 450) return this.#mutated(this.#valid());
    if (choice < 750) return packr.pack(this.#wrong());
    if (choice < 850) return this.#sent[this.#random.below(REMEMBERED)] ?? this.#text();
    if (choice < 900) return this.#text();
    return this.#valid();
  }

  #bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#random.below(256));
  }

  #text(): string {
    return this.#random.pick([
      '',
      'hello',
      '{"eventType":"voicechat.audio.start"}',
      '\u0000',
      'é'.repeat(500),
    ]);
  }

  #deep(): Uint8Array {
    const opener = this.#random.pick([[0x91], [0x81, 0xa1, 0x61], [0xdc, 0xff, 0xff], [0xde, 0xff, 0xff]]);
    const depth = 1 + this.#random.below(DEEPEST);
    const nested = Array.from({ length: depth }, () => opener).flat();
    return Uint8Array.from([...nested, 0xc0]);
  }

  #hugeMap(): Uint8Array {
    const keys = 1 + this.#random.below(LARGEST_MAP);
    return packr.pack(Object.fromEntries(Array.from({ length: keys }, (_, i) => [`k${i}`, i])));
  }

  /** An honest request, often at a time when nobody sends it. */
  #valid(): Uint8Array {
    const [eventType, payload] = this.#random.pick(this.#requests());
    return packr.pack({ ...this.#envelope(eventType), payload });
  }

  #requests(): readonly (readonly [string, Readonly<Record<string, unknown>>])[] {
    const quiet = new Uint8Array(2 + 2 * this.#random.below(320));
    const chunk = ['voicechat.audio.chunk', { audio: quiet }] as const;
    const report = {
      utteranceId: this.#word(),
      playedMs: this.#random.below(100_000),
      ended: this.#random.next() < 0.5,
    };
    const progress = ['voicechat.playback.progress', report] as const;
    const start = ['voicechat.audio.start', { samplingRate: 16_000 }] as const;
    // Each typed turn is answered by the model, and cuts the answer before it short.
    const typed = ['voicechat.text.input', { text: `turn ${this.#count}` }] as const;
    const seldom = this.#random.below(100) === 0 ? [typed] : [];
    return [chunk, chunk, chunk, progress, progress, start, ['voicechat.audio.end', {}], ...seldom];
  }

  #envelope(eventType: string): Readonly<Record<string, unknown>> {
    const sessionId = this.#random.below(4) === 0 ? '' : this.#sessionId;
    return { eventType, eventId: `e${this.#count}`, sessionId };
  }

  /** A request with values of wrong types, keys that are missing, and keys that nobody knows. */
  #wrong(): Readonly<Record<string, unknown>> {
    const types = [
      'voicechat.audio.start',
      'voicechat.audio.chunk',
      'voicechat.text.input',
      'voicechat.playback.progress',
      'voicechat.call.start',
      'connection.ack',
      'constructor',
      '__proto__',
      'no dots',
    ];
    const fields = [
      'samplingRate',
      'voiceId',
      'language',
      'audio',
      'isMuted',
      'text',
      'utteranceId',
      'playedMs',
    ];
    const payload = Object.fromEntries(
      Array.from({ length: this.#random.below(4) }, () => [this.#random.pick(fields), this.#value()]),
    );
    const frame: Record<string, unknown> = { ...this.#envelope(this.#random.pick(types)), payload };
    if (this.#random.below(3) > 0) return frame;
    const key = this.#random.pick(['eventType', 'eventId', 'sessionId', 'payload', 'toString']);
    if (this.#random.below(2) === 0) delete frame[key];
    // A type of this kind is never an honest `call.end`.
    else frame[key] = this.#value();
    return frame;
  }

  #value(): unknown {
    return this.#random.pick<() => unknown>([
      () => undefined,
      () => null,
      () => true,
      () => Number.NaN,
      () => Number.POSITIVE_INFINITY,
      () => -1,
      () => 2 ** 53,
      () => this.#random.below(100_000),
      () => this.#random.next(),
      () => '',
      () => this.#word(),
      () => 'x'.repeat(this.#random.below(3000)),
      () => this.#bytes(this.#random.below(9)),
      () => [this.#random.below(9)],
      () => ({ nested: { deeper: [] } }),
      () => new Date(this.#random.below(1_000_000)),
      () => /pattern/,
      () => new Set([1]),
    ])();
  }

  #word(): string {
    return this.#random.pick(['u', 'en', 'x-klingon', '\ud800', '😀', '\u202e', 'null', '../../etc/passwd']);
  }

  #mutated(bytes: Uint8Array): Uint8Array {
    let frame = [...bytes];
    for (let edits = 1 + this.#random.below(4); edits > 0; edits -= 1) {
      const at = this.#random.below(frame.length + 1);
      const edit = this.#random.below(5);
      if (edit === 0) frame = frame.slice(0, at);
      else if (edit === 1) frame.splice(at, 0, this.#random.below(256));
      else if (edit === 2) frame.splice(at, 1 + this.#random.below(4));
      else if (edit === 3) frame.splice(at, 0, ...frame.slice(at, at + this.#random.below(40)));
      else frame[Math.min(at, frame.length - 1)] = this.#random.below(256);
    }
    return Uint8Array.from(frame);
  }
}
