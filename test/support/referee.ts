import * as v from 'valibot';
import { readPlainMap } from '../integration/protocol/strict.ts';
import type { WireFrame } from './client.ts';
import { minted, payloads } from './payloads.ts';

/** A pause is over within a second by the server's clock; the rest is for the way here on a busy machine, in ms. */
const LONGEST_PAUSE_MS = 5000;
/** Violations kept word for word; all are counted. */
const KEPT = 20;
/** How many of the last events are told with a violation. */
const TRAIL = 16;

const envelope = v.strictObject({
  eventType: v.string(),
  eventId: v.string(),
  sessionId: minted,
  requestType: v.optional(v.string()),
  payload: v.record(v.string(), v.unknown()),
});

/** The agent's turn that is being sent, or was sent last. */
interface Utterance {
  readonly id: string;
  phase: 'open' | 'complete' | 'interrupted';
  pausedAt: number | undefined;
  measured: boolean;
}

/**
 * Holds everything that the server sends in one call, over all its connections, against what `docs/protocol.md` lets a
 * client rely on. It never throws: what is wrong is counted, and the first of it kept in words.
 */
export class Referee {
  readonly violations: string[] = [];
  #count = 0;
  #sessionId: string | undefined;
  readonly #seen = new Set<string>();
  #unanswered: { readonly eventType: string; readonly eventId: string }[] = [];
  #awaitsAck = true;
  #over = false;
  #state: unknown;
  #utterance: Utterance | undefined;
  readonly #utterances = new Set<string>();
  /** The turns of the caller, in the order in which they began, and those that were answered. */
  readonly #turns: string[] = [];
  readonly #replied = new Set<string>();
  readonly #finals = new Set<string>();
  /** After a loss a `pause` or `resume` may have been missed: they are not sent again. */
  #missedPause = false;

  /** What came last, by names and the ends of ids, without words: a violation is told with it. */
  readonly #trail: string[] = [];

  get count(): number {
    return this.#count;
  }

  /** The call goes on over another connection: what was asked over the old one has no answer any more. */
  reconnected(): void {
    this.#awaitsAck = true;
    this.#unanswered = [];
    this.#state = undefined;
    this.#missedPause = true;
    if (this.#utterance !== undefined) this.#utterance.pausedAt = undefined;
  }

  /** A request was sent that has an answer. */
  asked(eventType: string, eventId: string): void {
    this.#unanswered.push({ eventType, eventId });
  }

  /** Reads and judges a frame that came `at` ms; undefined when it cannot be read. */
  frame(data: Uint8Array, isBinary: boolean, at: number): WireFrame | undefined {
    if (!isBinary) this.#break('frames are binary');
    const frame = this.#read(data);
    if (frame === undefined) return undefined;
    if (this.#over) this.#break(`rule 10: ${frame.eventType} after call.ended`);
    this.#sessionId ??= frame.sessionId;
    if (frame.sessionId !== this.#sessionId) this.#break('another sessionId within a call');
    if (this.#awaitsAck !== (frame.eventType === 'connection.ack'))
      this.#break(`rule 1: connection.ack is the first frame, and comes once: ${frame.eventType}`);
    this.#awaitsAck = false;
    if (frame.requestType !== undefined) this.#refused(frame);
    else if ('success' in frame.payload && frame.eventType !== 'connection.ack') this.#answered(frame);
    else this.#event(frame, at);
    return frame;
  }

  /** The socket is closed; `asked`: by us, or with our consent. */
  closed(code: number, asked: boolean): void {
    if (this.#over ? code !== 1000 : !asked)
      this.#break(`closed with ${code} ${this.#over ? 'after' : 'without'} call.ended`);
  }

  #read(data: Uint8Array): WireFrame | undefined {
    try {
      return v.parse(envelope, readPlainMap(data)) as WireFrame; // the schema leaves nothing else
    } catch (problem) {
      this.#break(`a frame that cannot be read: ${problem instanceof Error ? problem.message : problem}`);
      return undefined;
    }
  }

  #answered({ eventType, eventId, payload }: WireFrame): void {
    const next = this.#unanswered.shift();
    if (next?.eventId !== eventId || next.eventType !== eventType || payload['success'] !== true)
      this.#break(`rule 1: answers come in the order of the requests: ${eventType}`);
  }

  /** A well-behaved client is never refused. */
  #refused({ eventType, eventId, requestType, payload }: WireFrame): void {
    const at = this.#unanswered.findIndex((request) => request.eventId === eventId);
    if (at >= 0) this.#unanswered.splice(at, 1);
    this.#break(`${requestType} was refused with ${eventType} ${payload['code']}: ${payload['message']}`);
  }

  #event({ eventType, eventId, payload }: WireFrame, at: number): void {
    const schema = (payloads as Readonly<Record<string, v.GenericSchema>>)[eventType]; // any name may come
    if (schema === undefined) return this.#break(`an event nobody knows: ${eventType}`);
    const read = v.safeParse(schema, payload);
    if (!read.success)
      this.#break(
        `${eventType}: ${read.issues.map((issue) => `${v.getDotPath(issue)} ${issue.message}`).join(', ')}`,
      );
    if (!v.is(minted, eventId) || this.#seen.has(eventId))
      this.#break(`${eventType}: its eventId is not new`);
    this.#seen.add(eventId);
    this.#order(eventType.replace('voicechat.', ''), payload, at);
  }

  #order(name: string, payload: Readonly<Record<string, unknown>>, at: number): void {
    const id = String(payload['utteranceId']);
    const turnId = String(payload['turnId']);
    this.#remember(name, String(payload['turnId'] ?? payload['utteranceId'] ?? payload['code'] ?? ''));
    switch (name) {
      case 'response.start':
        return this.#begin(id);
      case 'response.text':
      case 'response.chunk':
        if (this.#utterance?.id !== id || this.#utterance.phase !== 'open')
          this.#break(`rule 2: ${name} of an utterance that is not being sent`);
        return;
      case 'response.complete':
        if (this.#utterance?.id !== id || this.#utterance.phase !== 'open')
          return this.#break('rule 2: complete of an utterance that is not being sent');
        this.#utterance.phase = 'complete';
        return;
      case 'response.interrupt':
      case 'response.stop':
        if (this.#utterance?.id !== id || this.#utterance.phase === 'interrupted')
          return this.#break(`rule 3: ${name} of an utterance that is over`);
        this.#utterance.phase = 'interrupted';
        this.#utterance.pausedAt = undefined;
        return;
      case 'response.pause':
      case 'response.resume':
        return this.#pause(name === 'response.pause', id, at);
      case 'turn.metrics':
        return this.#measure(id, payload['turnId']);
      case 'transcript.interim':
      case 'transcript.final':
        return this.#heard(turnId, name === 'transcript.final');
      case 'state':
        if (payload['state'] === this.#state) this.#break(`state: ${this.#state} is no change`);
        this.#state = payload['state'];
        return;
      case 'call.ended':
        this.#over = true;
    }
  }

  #begin(id: string): void {
    if (this.#utterances.has(id)) this.#break('rule 2: an utterance begins once');
    if (this.#utterance?.phase === 'open')
      this.#break('rule 6: an utterance begins before the last one is over');
    if (this.#utterance?.pausedAt !== undefined) this.#break('rule 5: a pause without an end');
    this.#utterances.add(id);
    this.#utterance = { id, phase: 'open', pausedAt: undefined, measured: false };
    this.#missedPause = false;
  }

  #pause(pauses: boolean, id: string, at: number): void {
    const utterance = this.#utterance;
    if (utterance?.id !== id || utterance.phase === 'interrupted')
      return this.#break('rule 4: pause or resume of an utterance that is over');
    const { pausedAt } = utterance;
    utterance.pausedAt = pauses ? at : undefined;
    if (pauses === (pausedAt !== undefined) && !this.#missedPause)
      this.#break('rule 5: pause and resume take turns');
    this.#missedPause = false;
    if (!pauses && pausedAt !== undefined && at - pausedAt > LONGEST_PAUSE_MS)
      this.#break(`rule 5: a pause of ${Math.round(at - pausedAt)} ms`);
  }

  #measure(id: string, turnId: unknown): void {
    const utterance = this.#utterance;
    if (utterance?.id !== id || utterance.phase === 'interrupted' || utterance.measured)
      return this.#break('rule 4: metrics come once, and before the interrupt');
    utterance.measured = true;
    if (turnId === undefined) return;
    this.#replied.add(String(turnId));
    if (!this.#finals.has(String(turnId))) this.#break('rule 7: an answer to a turn without a final');
  }

  #remember(name: string, about: string): void {
    const label = `${name} ${about.slice(-4)}`.trim();
    if (this.#trail.at(-1) === label) return;
    this.#trail.push(label);
    if (this.#trail.length > TRAIL) this.#trail.shift();
  }

  /** A typed turn may come into a spoken one that has no final yet; turns that are not answered may come into one that goes on. */
  #heard(turnId: string, isFinal: boolean): void {
    const at = this.#turns.indexOf(turnId);
    const later = at < 0 ? [] : this.#turns.slice(at + 1);
    if (this.#finals.has(turnId) && later.some((other) => this.#replied.has(other)))
      this.#break('rule 7: a turn that was over goes on');
    if (at < 0) this.#turns.push(turnId);
    if (isFinal) this.#finals.add(turnId);
  }

  #break(what: string): void {
    this.#count += 1;
    if (this.violations.length < KEPT) this.violations.push(`${what}; before it: ${this.#trail.join(', ')}`);
  }
}
