/** The largest frame a client may send, in bytes; a larger one closes the socket with 1009. */
export const MAX_FRAME_BYTES = 64 * 1024;
/** How many values one message may hold, keys and everything inside included; a real one has a few dozen. */
export const MAX_VALUES = 4096;
/** The largest `audio` of one chunk, in bytes: 2 s at 16 kHz, and room for the envelope within a frame. */
export const MAX_AUDIO_BYTES = 64_000;
/** Caller audio rates, in Hz. */
export const MIN_SAMPLING_RATE = 8000;
export const MAX_SAMPLING_RATE = 48_000;
export const DEFAULT_SAMPLING_RATE = 16_000;
/** The longest typed caller turn, in UTF-16 units. */
export const MAX_TEXT_LENGTH = 2000;
/** The longest identifier a client may send, in UTF-16 units. */
export const MAX_ID_LENGTH = 128;
/** The longest playback a client may report, in ms: a day. */
export const MAX_PLAYED_MS = 86_400_000;
