import type { EngineVoice } from '../engines/ports.ts';
import { misfit, readJson } from '../parse.ts';
import type { Sources } from '../sources.ts';
import type { Timings } from '../timings.ts';
import { keyProblem } from '../vendor.ts';
import type { Link } from '../wire/link.ts';
import { engineVoice } from './catalogue.ts';
import { badMessage, failSocket, invalidKey, type SocketError, unknownVoice } from './errors.ts';
import type { OutputFormat } from './format.ts';
import { type MultiFrame, type multiFrame, type singleFrame, strangeKey } from './frames.ts';
import type { StreamQuery } from './stream-query.ts';

/** What a text socket was opened with. */
export interface Opening {
  readonly link: Link;
  readonly query: StreamQuery;
  readonly voiceId: string;
  readonly admitted: 'yes' | 'no' | 'later';
  readonly sources: Sources;
  readonly timings: Timings;
}

/** Why a socket cannot speak at all: its key, its voice or its format, in the vendor's order. */
export function openingProblem(
  { admitted, voiceId, query, sources }: Opening,
  first?: MultiFrame,
): SocketError | undefined {
  const isKeyFine =
    admitted === 'yes' ||
    (admitted === 'later' && first !== undefined && keyProblem(keyIn(first)) === undefined);
  if (!isKeyFine) return invalidKey;
  if (!engineVoice(voiceId, sources.voices)) return unknownVoice(voiceId);
  return 'error' in query.format ? query.format : undefined;
}

function keyIn(frame: MultiFrame): string | undefined {
  return frame['xi-api-key'] ?? frame.xi_api_key ?? frame.authorization?.replace(/^Bearer /, '') ?? undefined;
}

/** The voice and format of an opening that has no problem. */
export function cast({ voiceId, query, sources }: Opening): { voice: EngineVoice; format: OutputFormat } {
  const voice = engineVoice(voiceId, sources.voices);
  if (!voice || 'error' in query.format) throw new Error(`The opening for voice ${voiceId} was not checked.`);
  return { voice, format: query.format };
}

/** One end of a text socket: it reads frames, waits, and fails as the vendor does. */
export class Mouthpiece {
  readonly #opening: Opening;
  readonly #timers = new Set<NodeJS.Timeout>();
  #failed = false;

  constructor(opening: Opening) {
    this.#opening = opening;
  }

  get isFailed(): boolean {
    return this.#failed;
  }

  /** The frame, or `undefined` after the failure of one that does not fit. */
  read(text: string, schema: typeof singleFrame | typeof multiFrame): MultiFrame | undefined {
    const frame = readJson(text);
    const problem = misfit(schema, frame);
    if (problem) {
      this.#opening.link.complain(problem);
      this.fail(badMessage(problem));
      return undefined;
    }
    // The schema has just said so; a single frame is a multi frame with fewer keys.
    const read = frame as MultiFrame;
    const strange = strangeKey(read);
    if (strange) this.#opening.link.complain(`${strange}: no such key`);
    return read;
  }

  fail(problem: SocketError): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#timers.add(failSocket(this.#opening.link, problem, this.#opening.timings.lingerMs));
  }

  /** Runs `act` after `ms`, unless the socket is gone by then. */
  after(ms: number, act: () => void): NodeJS.Timeout {
    const timer = setTimeout(act, ms);
    this.#timers.add(timer);
    return timer;
  }

  forget(timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.#timers.delete(timer);
  }

  gone(): void {
    this.#failed = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
