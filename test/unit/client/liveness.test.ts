import { describe, expect, it } from 'vitest';
import { Liveness, LOOK_EVERY_MS } from '../../../src/client/liveness.ts';

const IDLE = { sentBytes: 0, waitingBytes: 0 };

describe('a silent server', () => {
  it('is asked after 5 s, and taken for gone when it has not answered in 5 s more', () => {
    expect(watch(12_000).verdicts).toEqual([
      [5000, 'ask'],
      [10_000, 'dead'],
    ]);
  });

  it('that answers is asked again 5 s later, for as long as it likes to be silent', () => {
    const { verdicts } = watch(60_000, ({ now, liveness, asked }) => {
      if (asked) liveness.heard(now + 100);
    });
    expect(verdicts.every(([, verdict]) => verdict === 'ask')).toBe(true);
    expect(verdicts.length).toBeGreaterThanOrEqual(10);
  });

  it('is not asked while it speaks', () => {
    const { verdicts } = watch(60_000, ({ now, liveness }) => liveness.heard(now));
    expect(verdicts).toEqual([]);
  });
});

describe('an uplink', () => {
  it('of which nothing leaves for 3 s while nothing comes is dead', () => {
    const { verdicts } = watch(
      4000,
      () => undefined,
      (now) => ({ sentBytes: 40 * now, waitingBytes: 40 * now }),
    );
    expect(verdicts[0]).toEqual([3000, 'dead']);
  });

  it('that carries less than is said is slow, not dead', () => {
    const { verdicts } = watch(
      4500,
      () => undefined,
      (now) => ({ sentBytes: 40 * now, waitingBytes: 30 * now }),
    );
    expect(verdicts).toEqual([]);
  });

  it('that is stuck while the server is heard is alive', () => {
    const { verdicts } = watch(
      30_000,
      ({ now, liveness }) => liveness.heard(now),
      (now) => ({ sentBytes: 40 * now, waitingBytes: 40 * now }),
    );
    expect(verdicts).toEqual([]);
  });
});

it('a page that stood still for an hour begins to listen anew', () => {
  const liveness = new Liveness(0);
  expect(liveness.look(500, IDLE)).toBe('alive');
  const later = 3_600_000;
  expect(liveness.look(later, { sentBytes: 9, waitingBytes: 9 })).toBe('alive');
  expect(liveness.look(later + 500, { sentBytes: 9, waitingBytes: 9 })).toBe('alive');
});

/** Looks as often as the wire does; gives every verdict but `alive`, and when. */
function watch(
  untilMs: number,
  each: (seen: { now: number; liveness: Liveness; asked: boolean }) => void = () => undefined,
  uplink = (_now: number) => IDLE,
) {
  const liveness = new Liveness(0);
  const verdicts: [number, string][] = [];
  for (let now = LOOK_EVERY_MS; now <= untilMs; now += LOOK_EVERY_MS) {
    const verdict = liveness.look(now, uplink(now));
    if (verdict !== 'alive') verdicts.push([now, verdict]);
    if (verdict === 'dead') break;
    each({ now, liveness, asked: verdict === 'ask' });
  }
  return { verdicts };
}
