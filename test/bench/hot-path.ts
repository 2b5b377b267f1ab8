import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../../src/local/wire/clock.ts';
import { rounded } from '../support/percentiles.ts';
import { Workerd } from '../support/workerd.ts';
import type { Caller } from './caller.ts';
import { inLanes } from './lanes.ts';
import { Microphones } from './microphones.ts';
import { Sink } from './sink.ts';
import { Stand, type Subject } from './stand.ts';

/** Ms after the microphones began. */
const EARLY = { from: 3000, to: 11_000 };
const LATE = { from: 60_000, to: 68_000 };
/** Calls that are opened at once. */
const OPENING = 20;
const REPLY = 'Here it is for you.';
const CHUNK_MS = 100;
/** The reply is being sent everywhere once every call has this many chunks of it. */
const CHUNKS_BEFORE = 3;
/** Of the time that a reply is sent, the share in which all calls ask for it, and the share that is measured. */
const ASKING_SHARE = 0.3;
const CHUNK_SHARE = 0.4;
/** How long the last of the replies may take to begin, in ms; calls that have none by then are counted. */
const BEGIN_MS = 10_000;

interface Load {
  readonly calls: number;
  /** Chunks of the synthesised reply that each call gets, and the ms from one to the next. */
  readonly chunks: number;
  readonly paceMs: number;
  /** Both subjects at once, in processes of their own: the machine has room for it. */
  readonly together: boolean;
  readonly minute: boolean;
}

const LOADS: readonly Load[] = [
  { calls: 1, chunks: 120, paceMs: 50, together: true, minute: false },
  { calls: 50, chunks: 80, paceMs: 75, together: true, minute: true },
  { calls: 200, chunks: 60, paceMs: 150, together: false, minute: true },
];
const SUBJECTS: readonly Subject[] = ['floor', 'vantum'];

/** Microphone frames in one window of 8 s. */
export interface FrameWindow {
  /** CPU of workerd for each frame that arrived, in microseconds. */
  readonly cpuPerFrame: number;
  /** The share of one core, in percent. */
  readonly core: number;
  readonly sent: number;
  readonly arrived: number;
  /** Frames that came more than 40 ms after they were sent, and the slowest, in ms. */
  readonly late: number;
  readonly slowestMs: number;
  /** How late the load generator itself was at most, in ms: beyond 10 the figures are its own. */
  readonly generatorLagMs: number;
}

/** One subject under one load. */
export interface HotPath {
  readonly calls: number;
  readonly subject: Subject;
  /** 3 to 11 s after the microphones began. */
  readonly early: FrameWindow;
  /** 60 to 68 s after. */
  readonly afterMinute: FrameWindow | undefined;
  /** CPU of workerd for each chunk of synthesised audio that reached a caller, in microseconds; absent when none did. */
  readonly cpuPerChunk: number | undefined;
  readonly chunks: number;
  /** Calls whose reply had not begun when the chunks were counted: the machine is too busy. */
  readonly silent: number;
  /** Resident memory at the end beyond that before the calls, for each call, in KiB; garbage that was not collected included. */
  readonly kibPerCall: number;
}

/** Measures floor and Vantum at 1, 50 and 200 calls, as far as these are no more than `mostCalls`. */
export async function measureHotPath(
  mostCalls: number,
  progress: (what: string) => void,
): Promise<readonly HotPath[]> {
  const results: HotPath[] = [];
  for (const load of LOADS.filter(({ calls }) => calls <= mostCalls)) {
    progress(`${load.calls} calls`);
    if (load.together) results.push(...(await inLanes(await openBoth(load))));
    else for (const subject of SUBJECTS) results.push(await (await Rig.open(subject, load)).measure());
  }
  return results;
}

/** One after the other, because each has to find its own process. */
async function openBoth(load: Load): Promise<readonly Promise<HotPath>[]> {
  const rigs: Rig[] = [];
  for (const subject of SUBJECTS) rigs.push(await Rig.open(subject, load));
  return rigs.map((rig) => rig.measure());
}

/** One subject with all its calls open. */
class Rig {
  readonly #load: Load;
  readonly #stand: Stand;
  readonly #sink: Sink;
  readonly #workerd: Workerd;
  readonly #callers: Caller[] = [];
  #kibBefore = 0;

  private constructor(load: Load, stand: Stand, sink: Sink, workerd: Workerd) {
    this.#load = load;
    this.#stand = stand;
    this.#sink = sink;
    this.#workerd = workerd;
  }

  static async open(subject: Subject, load: Load): Promise<Rig> {
    const sink = await Sink.open();
    const script = {
      model: { replies: [REPLY] },
      synthesiser: { msPerChar: 10, chunkMs: CHUNK_MS, paceMs: load.paceMs },
    };
    const variables = { DEEPGRAM_BASE_URL: sink.url };
    const { started, workerd } = await Workerd.startedBy(() =>
      Stand.open({ subject, script, variables, bare: true }),
    );
    const rig = new Rig(load, started, sink, workerd);
    await rig.#call();
    return rig;
  }

  async measure(): Promise<HotPath> {
    try {
      const microphones = new Microphones(this.#callers);
      microphones.start();
      const began = now();
      await sleep(EARLY.from);
      const early = await this.#window(microphones, began + EARLY.to);
      microphones.stop();
      const spoken = await this.#chunks();
      let afterMinute: FrameWindow | undefined;
      if (this.#load.minute) {
        microphones.start();
        await sleep(began + LATE.from - now());
        afterMinute = await this.#window(microphones, began + LATE.to);
        microphones.stop();
      }
      const kibPerCall = rounded((this.#workerd.residentKib() - this.#kibBefore) / this.#load.calls, 0);
      const { subject } = this.#stand;
      return { calls: this.#load.calls, subject, early, afterMinute, ...spoken, kibPerCall };
    } finally {
      await this.#close();
    }
  }

  async #call(): Promise<void> {
    this.#kibBefore = this.#workerd.residentKib();
    for (let open = 0; open < this.#load.calls; open += OPENING) {
      const some = Math.min(OPENING, this.#load.calls - open);
      this.#callers.push(...(await Promise.all(Array.from({ length: some }, () => this.#stand.call()))));
    }
    await this.#stand.quiet(...this.#callers);
    for (const caller of this.#callers) caller.onlyCount();
  }

  async #window(microphones: Microphones, until: number): Promise<FrameWindow> {
    microphones.takeLag();
    this.#sink.take();
    const from = { at: now(), sent: microphones.sent, cpu: this.#workerd.cpuMicroseconds() };
    await sleep(until - now());
    const spent = this.#workerd.cpuMicroseconds() - from.cpu;
    const sent = microphones.sent - from.sent;
    const { frames, late, slowest } = this.#sink.take();
    return {
      cpuPerFrame: rounded(spent / Math.max(1, frames), 1),
      core: rounded((100 * spent) / (1000 * (now() - from.at)), 1),
      sent,
      arrived: frames,
      late,
      slowestMs: rounded(slowest, 1),
      generatorLagMs: rounded(microphones.takeLag(), 1),
    };
  }

  /** Lets every call have a long reply, one call after the other, and measures while all of them are being sent. */
  async #chunks(): Promise<Pick<HotPath, 'cpuPerChunk' | 'chunks' | 'silent'>> {
    const { calls, chunks, paceMs } = this.#load;
    const replyMs = chunks * paceMs;
    this.#stand.providers.script.synthesiser.msPerChar = (chunks * CHUNK_MS) / REPLY.length;
    const wanted = this.#callers.map((caller) => caller.chunks + CHUNKS_BEFORE);
    for (const caller of this.#callers) {
      caller.send('voicechat.text.input', { text: 'What does it cost?' });
      await sleep((replyMs * ASKING_SHARE) / calls);
    }
    const silent = () => this.#callers.filter((caller, i) => caller.chunks < (wanted[i] ?? 0)).length;
    for (const deadline = now() + BEGIN_MS; silent() > 0 && now() < deadline; ) await sleep(paceMs);
    const never = silent();
    if (never === calls) return { cpuPerChunk: undefined, chunks: 0, silent: never };
    const from = { chunks: this.#received(), cpu: this.#workerd.cpuMicroseconds() };
    await sleep(replyMs * CHUNK_SHARE);
    const came = this.#received() - from.chunks;
    const spent = this.#workerd.cpuMicroseconds() - from.cpu;
    await sleep(replyMs * (1 - CHUNK_SHARE));
    return { cpuPerChunk: rounded(spent / came, 1), chunks: came, silent: never };
  }

  #received(): number {
    return this.#callers.reduce((sum, caller) => sum + caller.chunks, 0);
  }

  async #close(): Promise<void> {
    for (const caller of this.#callers) caller.close();
    await this.#stand.close();
    this.#sink.close();
  }
}
