import { CallerVoice, VOICE_FRAME_MS } from './caller-voice.ts';

/** The agent's gain while the caller speaks over it (-12 dB): clearly in the background, and still to be understood. */
export const DUCKED_GAIN = 0.25;

/** Quieter than this, root mean square, the agent does not sound. */
const AGENT_SILENCE = 0.001;
/** The agent still counts as sounding this long after it was last heard: 500 ms, a pause between two sentences. */
const SOUNDING_FRAMES = 500 / VOICE_FRAME_MS;
/**
 * A sound of the caller that has not stopped the agent within this time (2 s) is no attempt to: the server decides
 * about an interruption within a second. A radio in the room must not hold the agent's voice down.
 */
const MAX_DUCKED_FRAMES = 2000 / VOICE_FRAME_MS;

/**
 * Decides when the agent's voice steps back because the caller has begun to speak over it, without asking the server.
 * `duck` is called with a gain whenever that changes: `DUCKED_GAIN`, or 1.
 */
export class Ducking {
  readonly #voice = new CallerVoice();
  readonly #duck: (gain: number) => void;
  #agentLevel = 0;
  /** Frames since the agent was last heard. */
  #silentFrames = SOUNDING_FRAMES;
  #speaking = false;
  /** Frames since the voice was lowered; `undefined` while it is not. */
  #duckedFrames: number | undefined;

  constructor(duck: (gain: number) => void) {
    this.#duck = duck;
  }

  /** How loud the agent's output is from now on, root mean square, 0..1. */
  agent(level: number): void {
    this.#agentLevel = level;
  }

  /** Takes the loudness of the microphone's next 20 ms, root mean square, 0..1. */
  caller(level: number): void {
    this.#silentFrames = this.#agentLevel > AGENT_SILENCE ? 0 : this.#silentFrames + 1;
    const speaking = this.#voice.hear({ level, agentLevel: this.#agentLevel });
    const begins = speaking && !this.#speaking;
    this.#speaking = speaking;
    if (begins && this.#silentFrames < SOUNDING_FRAMES) this.#lower();
    else if (this.#duckedFrames !== undefined) this.#hold(this.#duckedFrames + 1);
  }

  /** The microphone is muted or gone: whatever it heard is over. */
  rest(): void {
    this.#voice.forget();
    this.#speaking = false;
    this.#raise();
  }

  #lower(): void {
    this.#duckedFrames = 0;
    this.#duck(DUCKED_GAIN);
  }

  #hold(duckedFrames: number): void {
    this.#duckedFrames = duckedFrames;
    if (!this.#speaking || duckedFrames >= MAX_DUCKED_FRAMES) this.#raise();
  }

  #raise(): void {
    if (this.#duckedFrames === undefined) return;
    this.#duckedFrames = undefined;
    this.#duck(1);
  }
}
