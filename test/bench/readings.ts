import type { Script } from '../../src/local/script/script.ts';
import { now } from '../../src/local/wire/clock.ts';

/**
 * The moments at which the scripted recogniser read an utterance of `script`, on the clock of `now`, oldest first. It
 * reads one directly before it writes an interim or a final onto its socket, and at no other time.
 */
export function noteReadings(script: Script): number[] {
  const readings: number[] = [];
  for (const utterance of script.recogniser.utterances) {
    const { text } = utterance;
    Object.defineProperty(utterance, 'text', {
      enumerable: true,
      get: () => {
        readings.push(now());
        return text;
      },
    });
  }
  return readings;
}
