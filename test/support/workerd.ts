import { readdirSync, readFileSync } from 'node:fs';

/** One workerd process, seen from outside. Linux only: it reads /proc. */
export class Workerd {
  readonly #pid: string;

  private constructor(pid: string) {
    this.#pid = pid;
  }

  /** Runs `start` and finds the workerd that this process started in it. */
  static async startedBy<T>(start: () => Promise<T>): Promise<{ started: T; workerd: Workerd }> {
    const before = new Set(ours());
    const started = await start();
    const pid = ours().find((candidate) => !before.has(candidate));
    if (pid === undefined) throw new Error('no new workerd process was found');
    return { started, workerd: new Workerd(pid) };
  }

  /** The time all its threads have run, in microseconds, from the scheduler's own count of nanoseconds. */
  cpuMicroseconds(): number {
    const threads = readdirSync(`/proc/${this.#pid}/task`);
    const nanoseconds = threads.map((thread) =>
      Number(read(`/proc/${this.#pid}/task/${thread}/schedstat`).split(' ')[0] ?? 0),
    );
    return nanoseconds.reduce((sum, value) => sum + value, 0) / 1000;
  }

  /** Its resident memory, in KiB. */
  residentKib(): number {
    return Number(/VmRSS:\s+(\d+) kB/.exec(read(`/proc/${this.#pid}/status`))?.[1] ?? Number.NaN);
  }
}

/** The workerd processes that are children of this one. */
function ours(): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    const status = read(`/proc/${pid}/status`);
    return /^Name:\s+workerd$/m.test(status) && status.includes(`\nPPid:\t${process.pid}\n`);
  });
}

/** A file of /proc; nothing when its process has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
