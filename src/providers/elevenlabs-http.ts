import type { SynthesiserConfig } from '../config.ts';
import { earliest } from '../conversation/deadline.ts';
import type { Failure } from '../conversation/events.ts';
import type { Surroundings } from './ports.ts';
import { jsonObject } from './socket.ts';

/** How long a request may take to its next audio, in ms. */
const NEXT_AUDIO_MS = 4000;
/** Audio is passed on in pieces of at least this many bytes, save the last. */
const PIECE_BYTES = 4096;

interface Speaking {
  readonly abort: AbortController;
  readonly texts: string[];
  complete: boolean;
  running: boolean;
  due: number | undefined;
}

/** ElevenLabs over HTTP: the pieces of a reply are requested one after the other and streamed as they come. */
export class SpeechRequests {
  readonly #config: SynthesiserConfig;
  readonly #url: string;
  readonly #around: Surroundings;
  readonly #speaking = new Map<number, Speaking>();

  constructor(config: SynthesiserConfig, url: string, around: Surroundings) {
    this.#config = config;
    this.#url = url;
    this.#around = around;
  }

  get deadline(): number | undefined {
    let due: number | undefined;
    for (const speaking of this.#speaking.values()) due = earliest(due, speaking.due);
    return due;
  }

  say(reply: number, text: string): void {
    const speaking = this.#of(reply);
    speaking.texts.push(text);
    if (!speaking.running) void this.#run(reply, speaking);
  }

  finish(reply: number): void {
    const speaking = this.#of(reply);
    speaking.complete = true;
    if (!speaking.running) this.#done(reply);
  }

  cancel(reply: number): void {
    this.#speaking.get(reply)?.abort.abort();
    this.#speaking.delete(reply);
  }

  tick(now: number): void {
    for (const [reply, speaking] of this.#speaking) {
      if (speaking.due === undefined || now < speaking.due) continue;
      this.#fail(reply, { kind: 'stalled', retryable: true, detail: 'ElevenLabs sent no audio over HTTP' });
      speaking.abort.abort();
    }
  }

  close(): void {
    for (const reply of [...this.#speaking.keys()]) this.cancel(reply);
  }

  #of(reply: number): Speaking {
    const known = this.#speaking.get(reply);
    if (known !== undefined) return known;
    const speaking: Speaking = {
      abort: new AbortController(),
      texts: [],
      complete: false,
      running: false,
      due: undefined,
    };
    this.#speaking.set(reply, speaking);
    return speaking;
  }

  async #run(reply: number, speaking: Speaking): Promise<void> {
    speaking.running = true;
    try {
      for (let text = speaking.texts.shift(); text !== undefined; text = speaking.texts.shift()) {
        const failure = await this.#request(reply, speaking, text);
        if (failure !== undefined) return this.#fail(reply, failure);
      }
    } catch {
      return this.#fail(reply, {
        kind: 'closed',
        retryable: true,
        detail: 'the request to ElevenLabs was lost',
      });
    }
    speaking.running = false;
    speaking.due = undefined;
    if (speaking.complete) this.#done(reply);
  }

  async #request(reply: number, speaking: Speaking, text: string): Promise<Failure | undefined> {
    speaking.due = this.#around.now() + NEXT_AUDIO_MS;
    const response = await this.#around.fetch(this.#url, {
      method: 'POST',
      headers: { 'xi-api-key': this.#config.apiKey, 'content-type': 'application/json' },
      body: JSON.stringify({ text, model_id: this.#config.model }),
      signal: speaking.abort.signal,
    });
    if (!response.ok || response.body === null) return statusFailure(response.status, await response.text());
    // Network chunks end anywhere, also in the middle of a sample.
    let held = new Uint8Array(0);
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      speaking.due = this.#around.now() + NEXT_AUDIO_MS;
      held = joined(held, chunk);
      if (held.byteLength >= PIECE_BYTES) held = this.#pass(reply, held);
    }
    this.#pass(reply, held);
    return undefined;
  }

  #pass(reply: number, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const whole = bytes.byteLength - (bytes.byteLength % 2);
    if (whole > 0 && this.#speaking.has(reply)) {
      this.#around.report({
        type: 'voice.audio',
        reply,
        pcm: bytes.subarray(0, whole),
        alignment: undefined,
      });
    }
    return bytes.slice(whole);
  }

  #done(reply: number): void {
    if (this.#speaking.delete(reply)) this.#around.report({ type: 'voice.done', reply });
  }

  #fail(reply: number, failure: Failure): void {
    if (this.#speaking.delete(reply)) this.#around.report({ type: 'voice.failed', reply, failure });
  }
}

/** The body outranks the status: an empty account is a 401 that says quota_exceeded. */
function statusFailure(status: number, body: string): Failure {
  const detail = jsonObject(body)?.['detail'];
  const code =
    typeof detail === 'object' && detail !== null && 'status' in detail ? String(detail.status) : '';
  const transient = status === 429 || status >= 500;
  return {
    kind: status === 429 ? 'rate-limited' : 'refused',
    retryable: transient,
    detail: `ElevenLabs answered ${status} ${code}`.trim(),
  };
}

function joined(a: Uint8Array<ArrayBuffer>, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.byteLength + b.byteLength);
  both.set(a);
  both.set(b, a.byteLength);
  return both;
}
