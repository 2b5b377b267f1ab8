import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { healthy, startWrangler } from '../../src/local/wrangler.ts';

/** How long `wrangler dev` may take to serve, in ms: it compiles the Worker and the page. */
const START_MS = 60_000;
/** What wrangler prints once it listens. */
const READY = /Ready on http:\/\/127\.0\.0\.1:(\d+)/;

/** The Worker in a real `wrangler dev` that can be killed, and started again on what its objects have stored. */
export class WranglerDev {
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #port = 0;
  #output = '';

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** The first start, with nothing stored. `variables` are the Worker's, as in `.dev.vars`. */
  static async open(variables: Readonly<Record<string, string>>): Promise<WranglerDev> {
    const dev = new WranglerDev(await mkdtemp(join(tmpdir(), 'vantum-dev-')));
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    await writeFile(dev.#envFile, `${lines.join('\n')}\n`, { mode: 0o600 });
    await dev.start().catch(async (problem: unknown) => {
      await dev.close();
      throw problem;
    });
    return dev;
  }

  /** Where callers connect; another port after every start. */
  get socketUrl(): string {
    return `ws://127.0.0.1:${this.#port}/ws`;
  }

  /** Everything wrangler and the Worker have printed, over all starts. */
  get output(): string {
    return this.#output;
  }

  /** Starts the process again; rejects with what it printed when it does not serve within a minute. */
  async start(): Promise<void> {
    // Wrangler takes a free port: one that was free a moment ago may be somebody's when it comes to listen.
    const wrangler = startWrangler({
      port: 0,
      envFile: this.#envFile,
      persistTo: join(this.#folder, 'state'),
      output: 'pipe',
    });
    this.#process = wrangler;
    this.#ended = once(wrangler, 'exit');
    this.#port = await this.#ready(wrangler);
    if (!(await healthy(this.#port, this.#ended))) throw new Error(`wrangler has ended:\n${this.#output}`);
  }

  /** Kills wrangler, workerd and whatever else belongs to them, in an instant: nobody gets to say or store anything. */
  async kill(): Promise<void> {
    const { pid } = this.#process ?? {};
    if (pid === undefined || this.#process?.exitCode !== null) return;
    process.kill(-pid, 'SIGKILL');
    await this.#ended;
    this.#process = undefined;
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #envFile(): string {
    return join(this.#folder, 'variables.env');
  }

  /** The port, once wrangler has told it. */
  #ready(wrangler: ChildProcess): Promise<number> {
    return new Promise((resolve, reject) => {
      const refuse = () => reject(new Error(`wrangler dev does not serve:\n${this.#output}`));
      const timer = setTimeout(refuse, START_MS);
      let printed = '';
      const read = (text: string) => {
        this.#output += text;
        printed += text;
        const port = READY.exec(printed)?.[1];
        if (port === undefined) return;
        clearTimeout(timer);
        resolve(Number(port));
      };
      for (const stream of [wrangler.stdout, wrangler.stderr]) stream?.setEncoding('utf8').on('data', read);
      wrangler.once('exit', refuse);
      wrangler.once('error', reject);
    });
  }
}
