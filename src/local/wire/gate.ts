import type { Fault } from '../faults.ts';

/** What a fault can do to the connection it strikes. */
export interface Strikes {
  close(code: number, reason: string): void;
  drop(): void;
  truncate(): void;
  garbage(): void;
  error(code: string, message: string): void;
}

const DEFAULT_CLOSE_CODE = 1011;

/** Everything a connection sends passes its gate, where the faults of that connection strike. */
export class Gate {
  readonly #strikes: Strikes;
  readonly #timers = new Set<NodeJS.Timeout>();
  #armed: Fault[] = [];
  #lateMs = 0;
  #received = 0;
  #sent = 0;
  #shut = false;

  constructor(strikes: Strikes) {
    this.#strikes = strikes;
  }

  /** Arms the faults of this connection; those without a moment strike now. */
  arm(faults: readonly Fault[]): void {
    for (const fault of faults) {
      const after = 'after' in fault ? fault.after : undefined;
      if (after && 'ms' in after) this.#later(after.ms, () => this.strike(fault));
      else this.#armed.push(fault);
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

  /** Lets a fault happen now. */
  strike(fault: Fault): void {
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
    const due = this.#armed.filter((fault) => this.#isDue(fault));
    if (due.length === 0) return;
    this.#armed = this.#armed.filter((fault) => !due.includes(fault));
    for (const fault of due) this.strike(fault);
  }

  #isDue(fault: Fault): boolean {
    const after = 'after' in fault ? fault.after : undefined;
    if (!after || 'ms' in after) return true;
    return 'received' in after ? this.#received >= after.received : this.#sent >= after.sent;
  }

  #later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }
}
