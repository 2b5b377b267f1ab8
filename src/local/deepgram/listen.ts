import { createHash } from 'node:crypto';
import type { Fault } from '../faults.ts';
import { misfit, readJson } from '../parse.ts';
import type { Heard, HeardWord, Listener, Sources } from '../sources.ts';
import type { Timings } from '../timings.ts';
import type { Link } from '../wire/link.ts';
import { listenFrame } from './frames.ts';
import { identify } from './identity.ts';
import { AudioInput } from './input.ts';
import type { ListenQuery } from './listen-query.ts';
import { type ResultFlags, resultsMessage } from './results.ts';
import { seconds } from './transcript.ts';

const UNDECODABLE =
  'DATA-0000: The payload cannot be decoded as the declared audio, and is no control message. See https://dpgr.am/data0000';
const IDLE =
  'Deepgram did not receive audio data or a text message within the timeout window. See https://dpgr.am/net0001';
const NO_ANSWER =
  'Deepgram did not provide a response message within the timeout window. See https://dpgr.am/net0000';
/** Silence is reported as an empty interim this often when interims are asked for. */
const SILENT_INTERIM_MS = 1_000;
/** Words this close to the end of the audio may still change, so a window is not cut through them. */
const UNSETTLED_MS = 500;

/** The rest of one `/v1/listen` connection, from the open socket to its close. */
export class ListenSession {
  readonly #link: Link;
  readonly #query: ListenQuery;
  readonly #requestId: string;
  readonly #timings: Timings;
  readonly #input: AudioInput;
  readonly #listener: Listener;
  readonly #identity: ReturnType<typeof identify>;
  readonly #hash = createHash('sha256');
  readonly #idle: NodeJS.Timeout;
  /** The current result window begins here; windows do not overlap. */
  #windowMs = 0;
  #silentInterimMs = 0;
  #midSentence = false;
  #inSpeech = false;
  /** The end of the last word that was sent and has no `UtteranceEnd` yet. */
  #openWordEndMs: number | undefined;
  #finalizing = 0;
  #closing = false;

  constructor(link: Link, query: ListenQuery, requestId: string, sources: Sources, timings: Timings) {
    this.#link = link;
    this.#query = query;
    this.#requestId = requestId;
    this.#timings = timings;
    this.#input = new AudioInput(query.audio);
    this.#identity = identify(query.model);
    const options = { keyterms: query.keyterms, pauseMs: query.endpointingMs, eagerPauseMs: undefined };
    this.#listener = sources.listen(options, (heard) => this.#hear(heard));
    this.#idle = setTimeout(() => link.close(1011, IDLE), timings.listenIdleMs);
  }

  open(faults: readonly Fault[]): void {
    const ears = {
      text: (text: string) => this.#control(text),
      binary: (bytes: Uint8Array) => this.#audio(bytes),
      gone: () => {
        clearTimeout(this.#idle);
        this.#listener.close();
      },
    };
    this.#link.open(ears, faults);
  }

  #audio(bytes: Uint8Array): void {
    this.#idle.refresh();
    if (this.#closing) return;
    if (bytes.byteLength === 0) return this.#finishStream();
    try {
      const samples = this.#input.write(bytes);
      this.#hash.update(bytes);
      if (samples.length > 0) this.#listener.write(samples);
    } catch (problem) {
      this.#undecodable(problem instanceof Error ? problem.message : String(problem));
    }
  }

  #control(text: string): void {
    this.#idle.refresh();
    const frame = readJson(text);
    const problem = misfit(listenFrame, frame);
    if (problem) return this.#undecodable(problem);
    // The schema has just said so.
    const { type } = frame as { type: 'KeepAlive' | 'Finalize' | 'CloseStream' | 'Configure' };
    if (type === 'Finalize') this.#finalize();
    if (type === 'CloseStream') this.#finishStream();
  }

  #undecodable(problem: string): void {
    this.#link.complain(problem);
    this.#closing = true;
    this.#link.close(1008, UNDECODABLE);
  }

  /** With nothing heard since the last final there is nothing to flush, and no result is flagged. */
  #finalize(): void {
    if (this.#closing || this.#input.ms <= this.#windowMs) return;
    this.#finalizing += 1;
    this.#listener.finish();
  }

  #finishStream(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#listener.finish();
  }

  #hear(heard: Heard): void {
    switch (heard.type) {
      case 'activity':
        return this.#pass(heard.audioMs);
      case 'speech':
        this.#inSpeech = true;
        if (this.#query.speechEvents) this.#sendSpeechStarted(heard.startMs);
        return;
      case 'interim':
        return this.#interim(heard.audioMs, heard.words);
      case 'final':
        return this.#final(heard);
      case 'failure':
        return this.#link.close(1011, NO_ANSWER);
      case 'eager':
      case 'resumed':
        return; // Only Flux has eager ends.
      default:
        heard satisfies never;
    }
  }

  #interim(audioMs: number, words: readonly HeardWord[]): void {
    const open = this.#inWindow(words);
    const settled = open.filter((word) => word.endMs <= audioMs - UNSETTLED_MS);
    // Behind the last word the final is on its way, and may place the word anew.
    const cutMs = settled.length < open.length ? settled.at(-1)?.endMs : undefined;
    if (audioMs - this.#windowMs >= this.#timings.windowMs && cutMs !== undefined) {
      this.#sendResults(cutMs, settled, { isFinal: true, speechFinal: false, fromFinalize: false });
      this.#beginWindow(cutMs, true);
      return this.#interim(audioMs, words);
    }
    if (open.length > 0) this.#openWordEndMs = open.at(-1)?.endMs;
    if (this.#query.interims) this.#sendResults(audioMs, open, INTERIM);
  }

  #final({ audioMs, words, end }: Extract<Heard, { type: 'final' }>): void {
    const open = this.#inWindow(words);
    const fromFinalize = end === 'asked' && this.#finalizing > 0;
    if (fromFinalize) this.#finalizing -= 1;
    this.#inSpeech = false;
    if (open.length > 0) this.#openWordEndMs = open.at(-1)?.endMs;
    if (audioMs > this.#windowMs || fromFinalize) {
      this.#sendResults(audioMs, open, { isFinal: true, speechFinal: end === 'pause', fromFinalize });
      this.#beginWindow(audioMs, end === 'length');
    }
    if (this.#closing && end === 'asked' && !fromFinalize) this.#end();
  }

  /** What only the clock brings: empty results for silence, and the end of an utterance. */
  #pass(audioMs: number): void {
    // Words of the running speech may be known late: a gap behind the known ones is none yet.
    if (this.#inSpeech) return;
    const { utteranceEndMs, interims } = this.#query;
    const lastEndMs = this.#openWordEndMs;
    if (utteranceEndMs !== undefined && lastEndMs !== undefined && audioMs - lastEndMs >= utteranceEndMs) {
      this.#openWordEndMs = undefined;
      this.#link.send({ type: 'UtteranceEnd', channel: [0, 1], last_word_end: seconds(lastEndMs) });
    }
    if (audioMs - this.#windowMs >= this.#timings.windowMs) {
      this.#sendResults(audioMs, [], { isFinal: true, speechFinal: true, fromFinalize: false });
      this.#beginWindow(audioMs, false);
    } else if (interims && audioMs - Math.max(this.#windowMs, this.#silentInterimMs) >= SILENT_INTERIM_MS) {
      this.#silentInterimMs = audioMs;
      this.#sendResults(audioMs, [], INTERIM);
    }
  }

  #beginWindow(ms: number, midSentence: boolean): void {
    this.#windowMs = ms;
    this.#midSentence = midSentence;
  }

  #inWindow(words: readonly HeardWord[]): readonly HeardWord[] {
    return words.filter((word) => (word.startMs + word.endMs) / 2 >= this.#windowMs);
  }

  #end(): void {
    const { uuid, info } = this.#identity;
    const heard = this.#input.ms > 0;
    this.#link.send({
      type: 'Metadata',
      transaction_key: 'deprecated',
      request_id: this.#requestId,
      sha256: this.#hash.digest('hex'),
      created: new Date().toISOString(),
      duration: seconds(this.#input.ms),
      channels: heard ? this.#input.channels : 0,
      models: [uuid],
      model_info: { [uuid]: info },
    });
    this.#link.close(1000);
  }

  #sendSpeechStarted(startMs: number): void {
    this.#link.send({ type: 'SpeechStarted', channel: [0, 1], timestamp: seconds(startMs) });
  }

  #sendResults(toMs: number, words: readonly HeardWord[], flags: ResultFlags): void {
    const window = { fromMs: this.#windowMs, toMs, begins: !this.#midSentence, words };
    const source = { query: this.#query, requestId: this.#requestId, identity: this.#identity };
    this.#link.send(resultsMessage(window, flags, source));
  }
}

const INTERIM: ResultFlags = { isFinal: false, speechFinal: false, fromFinalize: false };
