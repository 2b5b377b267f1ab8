import type { Failure } from '../../conversation/events.ts';
import { readTimedLine, type TimedAudio } from './frames.ts';

/** The longest answer to one text that is read, in characters: two minutes at 24 kHz. */
const MAX_ANSWER_CHARACTERS = 8_000_000;

const UNKNOWN: Failure = { kind: 'protocol', retryable: true, detail: 'ElevenLabs sent an unknown line' };

/**
 * Reads an answer of `stream/with-timestamps` as it comes, until `take` wants no more; resolves to what was wrong with
 * it. Throws when the connection is lost.
 */
export async function readAnswer(
  body: ReadableStream<Uint8Array>,
  take: (audio: TimedAudio) => boolean,
): Promise<Failure | undefined> {
  let characters = 0;
  for await (const text of linesOf(body)) {
    characters += text.length;
    const timed = characters > MAX_ANSWER_CHARACTERS ? undefined : readTimedLine(text);
    if (timed === undefined) return UNKNOWN;
    if (!take(timed)) return undefined;
  }
  return undefined;
}

/** The lines of a text that comes in chunks; empty ones are left out, and one too long ends the text. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const text = decoder.decode(chunk, { stream: true });
    rest += text;
    if (rest.length > MAX_ANSWER_CHARACTERS) break;
    // A line of a second's sound comes in many chunks and is searched once.
    if (!text.includes('\n')) continue;
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line.trim() !== '');
  }
  if (rest.trim() !== '') yield rest;
}
