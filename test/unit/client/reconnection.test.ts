import { describe, expect, it } from 'vitest';
import { mayReturn, Reconnection, refusesForGood } from '../../../src/client/reconnection.ts';

describe('a lost connection', () => {
  it('is tried again after 0, 250, 500, 1000, 2000, 2000 ms, and given up after 60 s', () => {
    const lost = client();
    lost.policy.lost(0);
    const moves = lost.pass(70_000, () => lost.policy.failed(lost.now));
    expect(moves.slice(0, 7)).toEqual([
      [0, 'connect'],
      [250, 'connect'],
      [750, 'connect'],
      [1750, 'connect'],
      [3750, 'connect'],
      [5750, 'connect'],
      [7750, 'connect'],
    ]);
    expect(moves.at(-1)).toEqual([60_000, 'give-up']);
    expect(moves.filter(([, move]) => move === 'give-up')).toHaveLength(1);
  });

  it('is tried again when an attempt has hung for 5 s', () => {
    const lost = client();
    lost.policy.lost(1000);
    expect(lost.pass(7000, (move) => move === 'drop' && lost.policy.failed(lost.now))).toEqual([
      [1000, 'connect'],
      [6000, 'drop'],
      [6250, 'connect'],
    ]);
  });

  it('is given up in the middle of an attempt', () => {
    const lost = client();
    lost.policy.lost(0);
    lost.pass(59_000, () => lost.policy.failed(lost.now));
    expect(lost.pass(60_000, () => undefined).at(-1)).toEqual([60_000, 'give-up']);
  });

  it('is tried at once when the network comes back', () => {
    const lost = client();
    lost.policy.lost(0);
    lost.pass(8000, () => lost.policy.failed(lost.now));
    lost.policy.woken(8100);
    expect(lost.policy.deadline).toBe(8100);
    expect(lost.policy.due(8100)).toBe('connect');
    lost.policy.woken(8200);
    expect(lost.policy.due(8200)).toBeUndefined();
  });

  it('is over when the server has answered', () => {
    const lost = client();
    lost.policy.lost(0);
    lost.policy.due(0);
    lost.policy.connected(100);
    expect(lost.policy.deadline).toBeUndefined();
    expect(lost.policy.due(100_000)).toBeUndefined();
    lost.policy.woken(200);
    expect(lost.policy.deadline).toBeUndefined();
  });

  it('that is lost again soon is tried less often, after 5 s as the first time', () => {
    const lost = client();
    lost.policy.lost(0);
    lost.policy.due(0);
    lost.policy.connected(50);
    lost.policy.lost(100);
    expect(lost.policy.deadline).toBe(350);
    lost.policy.due(350);
    lost.policy.connected(400);
    lost.policy.lost(5400);
    expect(lost.policy.deadline).toBe(5400);
  });
});

it.each([1000, 1008, 1009, 4001])('a close with %i is final', (code) => {
  expect(mayReturn(code)).toBe(false);
});

it.each([1001, 1005, 1006, 1011, 1012, 1013, 4000])('a close with %i is not', (code) => {
  expect(mayReturn(code)).toBe(true);
});

it.each([400, 401, 403, 404, 409, 410])('a refusal with %i is for good', (status) => {
  expect(refusesForGood(status)).toBe(true);
});

it.each([200, 408, 425, 426, 429, 500, 502, 503])('an answer of %i is not', (status) => {
  expect(refusesForGood(status)).toBe(false);
});

function client() {
  const policy = new Reconnection();
  const state = {
    policy,
    now: 0,
    /** Lets the time pass to `until`; gives what was to be done, and when. */
    pass(until: number, done: (move: string) => unknown) {
      const moves: [number, string][] = [];
      while ((policy.deadline ?? Number.POSITIVE_INFINITY) <= until) {
        state.now = policy.deadline ?? until;
        const move = policy.due(state.now);
        if (move === undefined) break;
        moves.push([state.now, move]);
        if (move === 'give-up') break;
        done(move);
      }
      return moves;
    },
  };
  return state;
}
