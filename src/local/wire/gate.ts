import type { Fault } from '../faults.ts';

/** What a fault can do to the connection it strikes. */
export interface Strikes {
  close(code: number, reason: string): void;
  drop(): void;
  truncate(): void;
  garbage(): void;
  error(code: string, message: string): void;
}

/** A fault that waits for its moment, and how many messages had gone each way when it was armed. */
interface Armed {
  readonly fault: Fault;
  readonly receivedBefore: number;
  readonly sentBefore: number;
}

const DEFAULT_CLOSE_CODE = 1011;

/** Everything a connection sends passes its gate, where the faults of that connection strike. */
export class Gate {
  readonly #strikes: Strikes;
  readonly #timers = new Set<NodeJS.Timeout>();
  #armed: Armed[] = [];
  #lateMs = 0;
  #received = 0;
  #sent = 0;
  #shut = false;

  constructor(strikes: Strikes) {
    this.#strikes = strikes;
  }

  /** Arms faults: each strikes at its moment, counted from now, and those without one at once. */
  arm(faults: readonly Fault[]): void {
    if (this.#shut) return;
    for (const fault of faults) {
      const after = 'after' in fault ? fault.after : undefined;
      if (after && 'ms' in after) this.#later(after.ms, () => this.#strike(fault));
      else this.#armed.push({ fault, receivedBefore: this.#received, sentBefore: this.#sent });
    }
    this.#check();
  }

  /** Sends something: `act` runs now, late or never. */
  send(act: () => void): void {
    if (this.#shut) return;
    const pass = () => {
      if (this.#shut) return;
      act();
      this.#sent += 1;
      this.#check();
    };
    if (this.#lateMs > 0) this.#later(this.#lateMs, pass);
    else pass();
  }

  /** Counts a message of the client. */
  receive(): void {
    this.#received += 1;
    this.#check();
  }

  #strike(fault: Fault): void {
    if (this.#shut) return;
    switch (fault.kind) {
      case 'close':
        return this.#last(() => this.#strikes.close(fault.code ?? DEFAULT_CLOSE_CODE, fault.reason ?? ''));
      case 'drop':
        return this.#last(() => this.#strikes.drop());
      case 'truncate':
        return this.#last(() => this.#strikes.truncate());
      case 'stall':
        return this.shut();
      case 'garbage':
        return this.#strikes.garbage();
      case 'late':
        this.#lateMs = fault.ms;
        return;
      case 'error':
        return this.#last(() => this.#strikes.error(fault.code, fault.message ?? `Fault ${fault.code}.`));
      case 'refuse':
      case 'delay':
      case 'hang':
        return; // These strike before a connection is open.
      default:
        fault satisfies never;
    }
  }

  /** Nothing passes from now on, and nothing is left waiting. */
  shut(): void {
    this.#shut = true;
    this.#armed = [];
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #last(act: () => void): void {
    this.shut();
    act();
  }

  #check(): void {
    const due = this.#armed.filter((armed) => this.#isDue(armed));
    if (due.length === 0) return;
    this.#armed = this.#armed.filter((armed) => !due.includes(armed));
    for (const { fault } of due) this.#strike(fault);
  }

  #isDue({ fault, receivedBefore, sentBefore }: Armed): boolean {
    const after = 'after' in fault ? fault.after : undefined;
    if (!after || 'ms' in after) return true;
    return 'received' in after
      ? this.#received - receivedBefore >= after.received
      : this.#sent - sentBefore >= after.sent;
  }

  #later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }
}
