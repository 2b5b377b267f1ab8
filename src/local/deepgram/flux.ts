import * as v from 'valibot';
import type { Fault } from '../faults.ts';
import { misfit, readJson } from '../parse.ts';
import type { Heard, Listener, Sources } from '../sources.ts';
import type { Timings } from '../timings.ts';
import type { Link } from '../wire/link.ts';
import type { FluxQuery, TurnThresholds } from './flux-query.ts';
import { type Configure, fluxFrame, fluxThresholds } from './frames.ts';
import { AudioInput } from './input.ts';
import { pausesFor, Turns } from './turns.ts';

/** The rest of one `/v2/listen` connection, from the open socket to its close. */
export class FluxSession {
  readonly #link: Link;
  readonly #query: FluxQuery;
  readonly #requestId: string;
  readonly #input: AudioInput;
  readonly #listener: Listener;
  readonly #idle: NodeJS.Timeout;
  readonly #turns: Turns;
  #thresholds: TurnThresholds;
  #sequence = 0;
  #closing = false;

  constructor(link: Link, query: FluxQuery, requestId: string, sources: Sources, timings: Timings) {
    this.#link = link;
    this.#query = query;
    this.#requestId = requestId;
    this.#thresholds = query.thresholds;
    this.#input = new AudioInput(query.audio);
    this.#turns = new Turns(query, timings.interimMs, (info) =>
      this.#send({ type: 'TurnInfo', request_id: requestId, ...info }),
    );
    const options = { keyterms: query.keyterms, ...pausesFor(query.thresholds) };
    this.#listener = sources.listen(options, (heard) => this.#hear(heard));
    this.#idle = setTimeout(
      () => this.#fail('INACTIVE_CLIENT', 'No audio came for too long.'),
      timings.fluxIdleMs,
    );
  }

  open(faults: readonly Fault[]): void {
    const ears = {
      text: (text: string) => this.#control(text),
      binary: (bytes: Uint8Array) => this.#audio(bytes),
      ping: () => void this.#idle.refresh(),
      gone: () => {
        clearTimeout(this.#idle);
        this.#listener.close();
      },
    };
    this.#link.open(ears, faults);
    this.#send({ type: 'Connected', request_id: this.#requestId });
  }

  #audio(bytes: Uint8Array): void {
    this.#idle.refresh();
    if (this.#closing || bytes.byteLength === 0) return;
    try {
      const samples = this.#input.write(bytes);
      if (samples.length > 0) this.#listener.write(samples);
    } catch (problem) {
      this.#unparsable(problem instanceof Error ? problem.message : String(problem));
    }
  }

  #control(text: string): void {
    this.#idle.refresh();
    if (this.#closing) return;
    const frame = readJson(text);
    const problem = misfit(fluxFrame, frame);
    if (problem) return this.#unparsable(problem);
    // The schema has just said so.
    const message = frame as v.InferOutput<typeof fluxFrame>;
    if (message.type === 'Configure') this.#configure(message);
    else if (message.type === 'ForceEndTurn') this.#forceEnd();
    else this.#finishStream();
  }

  #configure({ thresholds, keyterms, language_hints }: Configure): void {
    const wanted = {
      end: thresholds?.eot_threshold ?? this.#thresholds.end,
      eager:
        thresholds?.eager_eot_threshold === null
          ? undefined
          : (thresholds?.eager_eot_threshold ?? this.#thresholds.eager),
      timeoutMs: thresholds?.eot_timeout_ms ?? this.#thresholds.timeoutMs,
    };
    const fits = v.is(fluxThresholds, thresholds ?? {}) && (wanted.eager ?? 0) <= wanted.end;
    const hintsFit = language_hints === undefined || this.#query.model === 'flux-general-multi';
    if (!fits || !hintsFit) return this.#send({ type: 'ConfigureFailure', request_id: this.#requestId });
    this.#thresholds = wanted;
    this.#turns.thresholds = wanted;
    this.#listener.retune(pausesFor(wanted));
    this.#send({
      type: 'ConfigureSuccess',
      request_id: this.#requestId,
      thresholds: thresholds ?? {},
      keyterms: keyterms ?? this.#query.keyterms,
      ...(language_hints ? { language_hints } : {}),
    });
  }

  #forceEnd(): void {
    if (this.#turns.isOpen) return this.#listener.finish();
    const description = 'There is no turn to end.';
    this.#send({ type: 'Warning', code: 'FORCE_END_TURN_NO_ACTIVE_TURN', description });
  }

  /** The last update goes out, the open turn gets no end, and the close carries no code. */
  #finishStream(): void {
    this.#closing = true;
    this.#turns.flush(this.#input.ms);
    this.#link.close();
  }

  #hear(heard: Heard): void {
    if (this.#closing) return;
    if (heard.type === 'failure') return this.#fail('INTERNAL_SERVER_ERROR', 'The recogniser cannot go on.');
    this.#turns.hear(heard, this.#input.ms);
  }

  #unparsable(problem: string): void {
    this.#link.complain(problem);
    this.#fail('UNPARSABLE_CLIENT_MESSAGE', 'The message is neither audio nor a known control message.');
  }

  #fail(code: string, description: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#send({ type: 'Error', code, description });
    this.#link.close(1008, code);
  }

  #send(message: { type: string; [key: string]: unknown }): void {
    this.#link.send({ ...message, sequence_id: this.#sequence });
    this.#sequence += 1;
  }
}
