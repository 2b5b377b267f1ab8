/** One 20 ms frame of the microphone and what the agent sounds like meanwhile, both as root mean square, 0..1. */
export interface VoiceFrame {
  readonly level: number;
  readonly agentLevel: number;
}

/** The length of every frame, in ms. */
export const VOICE_FRAME_MS = 20;

/** 60 ms: a key click or a knock is over by then, and no syllable is. */
const ONSET_FRAMES = 60 / VOICE_FRAME_MS;
/** 300 ms: the stops and short breaths inside a sentence last up to about 250 ms. */
const HANGOVER_FRAMES = 300 / VOICE_FRAME_MS;
/** Speech stands this far above the room, as a factor (12 dB): the noise of a fan or a street stays within some 6 dB. */
const MARGIN = 4;
/** Nobody speaks more quietly than this (-42 dB below full scale) once a browser has set the microphone's gain. */
const MIN_SPEECH_LEVEL = 0.008;
/** A voice that was found may sink by this factor (6 dB) before it counts as quiet: vowels fade. */
const HYSTERESIS = 0.5;
/** How much of the agent's level a browser's echo canceller may leave in the microphone, as a share (-12 dB). */
const ECHO_SHARE = 0.25;
/** 240 ms: so late the echo of a sound may come, through output, air, a room that rings, and input. */
const ECHO_FRAMES = 240 / VOICE_FRAME_MS;
/** The quietest and the loudest room that is believed, root mean square. */
const FLOOR_RANGE = [0.0005, 0.1] as const;
/** The loudest room that the very first frame may claim, so that a caller who is already speaking is soon heard. */
const MAX_FIRST_FLOOR = 0.01;
/** The share of the way down to a quieter frame that the floor takes at once. */
const FLOOR_FALL = 0.3;
/** The factor by which the floor may rise in a frame (4 dB a second): a fan is learnt in seconds, a sentence is not. */
const FLOOR_RISE = 1.0093;

/**
 * Finds the caller's voice in the loudness of the microphone: louder than the room, whose noise it keeps learning, and
 * while the agent sounds louder than the echo of it may be. A voice is found 60 ms after it begins and lost 300 ms
 * after it ends.
 */
export class CallerVoice {
  #floor: number | undefined;
  /** The agent's level in the latest frames; any of them may sound in the microphone. */
  readonly #agentLevels: number[] = Array(ECHO_FRAMES).fill(0);
  #loudFrames = 0;
  #quietFrames = 0;
  #speaking = false;

  /** Takes the next frame; true while the caller speaks. */
  hear({ level, agentLevel }: VoiceFrame): boolean {
    this.#agentLevels.shift();
    this.#agentLevels.push(agentLevel);
    // Digital silence is a microphone that is switched off; it says nothing of the room.
    if (level > 0) this.#learnFloor(level);
    if (this.#speaking) this.#awaitEnd(level);
    else this.#awaitOnset(level);
    return this.#speaking;
  }

  /** Forgets a voice that is being heard, but not the room: the microphone was muted or lost. */
  forget(): void {
    this.#speaking = false;
    this.#loudFrames = 0;
  }

  get #threshold(): number {
    const echo = Math.max(...this.#agentLevels) * ECHO_SHARE;
    return Math.max(MIN_SPEECH_LEVEL, (this.#floor ?? 0) * MARGIN, echo);
  }

  #awaitOnset(level: number): void {
    this.#loudFrames = level > this.#threshold ? this.#loudFrames + 1 : 0;
    if (this.#loudFrames < ONSET_FRAMES) return;
    this.#speaking = true;
    this.#quietFrames = 0;
  }

  #awaitEnd(level: number): void {
    this.#quietFrames = level > this.#threshold * HYSTERESIS ? 0 : this.#quietFrames + 1;
    if (this.#quietFrames >= HANGOVER_FRAMES) this.forget();
  }

  #learnFloor(level: number): void {
    const [quietest, loudest] = FLOOR_RANGE;
    const floor = this.#floor ?? Math.min(level, MAX_FIRST_FLOOR);
    const next = level < floor ? floor + (level - floor) * FLOOR_FALL : Math.min(level, floor * FLOOR_RISE);
    this.#floor = Math.min(loudest, Math.max(quietest, next));
  }
}
