import type { Archive } from './archive.ts';
import type { CallEvent, SendCommand } from './conversation/events.ts';
import { latencyOf } from './conversation/latency.ts';
import { type Ended, log, logEnd, logTurn } from './telemetry.ts';

/**
 * What is to be stored and logged of a call. A write makes the platform hold back what is sent after it, frames
 * and requests alike, so entries wait until all that their moment brought about has left.
 */
export class Journal {
  readonly #archive: Archive;
  readonly #sessionId: string;
  readonly #over: () => void;
  readonly #entries: (() => void)[] = [];

  /** `over` is told when the end of the call is stored. */
  constructor(archive: Archive, sessionId: string, over: () => void) {
    this.#archive = archive;
    this.#sessionId = sessionId;
    this.#over = over;
  }

  add(entry: () => void): void {
    this.#entries.push(entry);
  }

  /** Keeps what an event that was sent at `now`, in ms since the epoch, tells of the call. */
  sent(command: SendCommand, now: number): void {
    if (command.event === 'voicechat.turn.metrics') {
      this.add(() => this.#archive.turn(command.payload, now));
      this.add(() => logTurn(this.#sessionId, command.payload));
    }
    if (command.event === 'voicechat.call.ended') this.#end(command.payload, now);
  }

  /** The call ended at `now` by a throw, which is a bug of ours. */
  broke(error: unknown, now: number): void {
    const name = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
    const stack = error instanceof Error ? error.stack : undefined;
    log('call.bug', { sessionId: this.#sessionId, name, stack });
    this.add(() =>
      this.#end({ reason: 'technical_trouble', latency: latencyOf(this.#archive.turns()) }, now),
    );
  }

  failure(event: Extract<CallEvent, { failure: unknown }>): void {
    const { kind, retryable, detail } = event.failure;
    log(event.type, { sessionId: this.#sessionId, kind, retryable, detail });
  }

  /** Carries out what waits. A storage that refuses costs the record, not the call. */
  write(): void {
    for (let entry = this.#entries.shift(); entry !== undefined; entry = this.#entries.shift()) {
      try {
        entry();
      } catch (error) {
        const name = error instanceof Error ? error.name : 'unknown';
        log('archive.failed', { sessionId: this.#sessionId, name });
      }
    }
  }

  #end(ended: Ended, now: number): void {
    this.add(() => this.#archive.end(ended, now));
    this.add(() => logEnd(this.#sessionId, ended));
    this.add(this.#over);
  }
}
