import { expect, it } from 'vitest';
import { errorType } from '../../../src/protocol/replies.ts';

it.each([
  ['voicechat.audio.start', 'voicechat.audio.error'],
  ['voicechat.audio.chunk', 'voicechat.audio.error'],
  ['voicechat.playback.progress', 'voicechat.playback.error'],
  ['a.b.c.d', 'a.b.c.error'],
  ['a.b', 'a.error'],
  ['a.', 'a.error'],
  ['a..b', 'a..error'],
  ['nodots', 'error.unknown'],
  ['.b', 'error.unknown'],
  ['.', 'error.unknown'],
  ['', 'error.unknown'],
  [undefined, 'error.unknown'],
])('the error that answers %j is %s', (requestType, expected) => {
  expect(errorType(requestType)).toBe(expected);
});
