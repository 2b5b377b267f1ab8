import type { PlayoutNews, PlayoutOrder } from './playout.ts';

/** Names under which the worklet files register their processors, and the files themselves. */
export const MICROPHONE_PROCESSOR = 'vantum-microphone';
export const MICROPHONE_FILE = 'microphone-worklet.js';
export const SPEAKER_PROCESSOR = 'vantum-speaker';
export const SPEAKER_FILE = 'speaker-worklet.js';

/** What recognisers are trained on, in Hz. */
export const MICROPHONE_RATE = 16_000;
/** The shortest message the recognisers ask for, in ms. */
export const MICROPHONE_FRAME_MS = 20;

/** What the speaker's worklet is told: an order about an utterance, or the gain (0..1) of everything. */
export type SpeakerOrder = PlayoutOrder | { readonly duckTo: number };

/** What the speaker's worklet says: news of an utterance, or the loudness of the last moments (root mean square, 0..1). */
export type SpeakerNews = PlayoutNews | { readonly level: number };
