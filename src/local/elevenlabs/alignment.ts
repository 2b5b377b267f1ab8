/** When each character of one chunk sounds, in milliseconds from the chunk's first sample; keys sorted. */
export interface Alignment {
  readonly charDurationsMs: readonly number[];
  readonly charStartTimesMs: readonly number[];
  readonly chars: readonly string[];
}

interface Timing {
  readonly startMs: readonly number[];
  readonly endMs: readonly number[];
}

/** The vendor's normalised text begins with a space of this length. */
const LEADING_SPACE_MS = 35;

export function alignmentOf(text: string, timing: Timing): Alignment {
  const chars = [...text];
  const places = placesOf(chars);
  const startsMs = places.map(({ at }) => Math.round(timing.startMs[at] ?? 0));
  return {
    charDurationsMs: places.map(({ last }, i) =>
      Math.max(0, Math.round(timing.endMs[last] ?? 0) - (startsMs[i] ?? 0)),
    ),
    charStartTimesMs: startsMs,
    chars,
  };
}

export function normalizedAlignmentOf({ charDurationsMs, charStartTimesMs, chars }: Alignment): Alignment {
  return {
    charDurationsMs: [LEADING_SPACE_MS, ...charDurationsMs],
    charStartTimesMs: [0, ...charStartTimesMs.map((ms) => ms + LEADING_SPACE_MS)],
    chars: [' ', ...chars],
  };
}

/** The first and last UTF-16 unit of each character. */
function placesOf(chars: readonly string[]): { at: number; last: number }[] {
  let next = 0;
  return chars.map((char) => {
    const at = next;
    next += char.length;
    return { at, last: next - 1 };
  });
}
