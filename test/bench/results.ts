import type { BargeIn } from './barge-in.ts';
import type { FalsePause } from './false-pause.ts';
import type { HeardText } from './heard-text.ts';
import type { HotPath } from './hot-path.ts';
import type { SpeculationHits } from './speculation.ts';
import type { ArmLatency } from './voice-to-voice.ts';

/** The parts of the benchmark, in the order they run. */
export const PARTS = ['latency', 'barge-in', 'conversation', 'false-pause', 'heard', 'hot-path'] as const;
export type Part = (typeof PARTS)[number];

/** What was measured; a part that did not run is absent. */
export interface Results {
  latency?: readonly ArmLatency[];
  bargeIn?: readonly BargeIn[];
  conversation?: SpeculationHits;
  falsePause?: FalsePause;
  heard?: readonly HeardText[];
  hotPath?: readonly HotPath[];
}

/** How many of each are measured. */
export interface Sizes {
  readonly turns: number;
  readonly interruptions: number;
  readonly sounds: number;
  readonly cuts: number;
  /** Loads with more calls are left out. */
  readonly calls: number;
}
