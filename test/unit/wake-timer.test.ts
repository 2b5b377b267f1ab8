import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { WakeTimer } from '../../src/wake-timer.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1000 }));
afterEach(() => void vi.useRealTimers());

function timer(): { readonly timer: WakeTimer; readonly woken: { at: number; late: boolean }[] } {
  const woken: { at: number; late: boolean }[] = [];
  return { timer: new WakeTimer(Date.now, (late) => woken.push({ at: Date.now(), late })), woken };
}

it('fires once, at the earliest time it was set to', () => {
  const { timer: one, woken } = timer();
  one.set(1500);
  one.set(1300);
  one.set(1400);
  one.set(undefined);
  vi.advanceTimersByTime(1000);
  expect(woken).toEqual([{ at: 1300, late: false }]);
});

it('fires at once when it was due before, which is not late', () => {
  const { timer: one, woken } = timer();
  one.set(200);
  vi.advanceTimersByTime(0);
  expect(woken).toEqual([{ at: 1000, late: false }]);
});

it('can be set again when it has fired, and not at all when it is cleared', () => {
  const { timer: one, woken } = timer();
  one.set(1100);
  vi.advanceTimersByTime(100);
  one.set(1200);
  one.clear();
  vi.advanceTimersByTime(1000);
  one.set(2500);
  vi.advanceTimersByTime(1000);
  expect(woken.map(({ at }) => at)).toEqual([1100, 2500]);
});

it.each([
  [99, false],
  [100, true],
])('that fires %i ms after it was due is late: %j', (ms, late) => {
  const { timer: one, woken } = timer();
  one.set(1100);
  vi.setSystemTime(1000 + ms);
  vi.advanceTimersByTime(100);
  expect(woken).toEqual([{ at: 1100 + ms, late }]);
});
