import { expect, it } from 'vitest';
import { Seen } from '../../../src/protocol/seen.ts';

it('takes an id once', () => {
  const seen = new Seen(10);
  expect([seen.take('a'), seen.take('b'), seen.take('a')]).toEqual([true, true, false]);
});

it('forgets the oldest beyond its bound', () => {
  const seen = new Seen(2);
  for (const id of ['a', 'b', 'c']) seen.take(id);
  expect([seen.take('b'), seen.take('c'), seen.take('a')]).toEqual([false, false, true]);
});
