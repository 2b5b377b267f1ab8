/** The vendors' own timeouts and cadences, in milliseconds; tests shorten them. */
export interface Timings {
  /** Deepgram v1 closes with NET-0001 after this long without a message (documented: 10 s). */
  readonly listenIdleMs: number;
  /** Deepgram v2 gives up an inactive client after this long (documented: about 60 s). */
  readonly fluxIdleMs: number;
  /** Audio between two interim results or updates while the caller speaks. */
  readonly interimMs: number;
  /** Audio after which long speech gets an `is_final` without an end (documented: 3..5 s). */
  readonly windowMs: number;
  /** ElevenLabs keeps a socket open this long after its last frame (measured: 0.75..0.8 s). */
  readonly lingerMs: number;
  /** Multiplies ElevenLabs' `inactivity_timeout`, which counts seconds; 1000 is real time. */
  readonly inactivityUnitMs: number;
}

export const defaultTimings: Timings = {
  listenIdleMs: 10_000,
  fluxIdleMs: 60_000,
  interimMs: 250,
  windowMs: 4_000,
  lingerMs: 800,
  inactivityUnitMs: 1_000,
};
