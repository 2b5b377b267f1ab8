import { expect, it } from 'vitest';
import { MissedFrames } from '../../../src/missed-frames.ts';
import type { Frame } from '../../../src/protocol/replies.ts';

it('[C7] keeps what happened since a frame, in order, and neither sound nor measurements', () => {
  const missed = kept(
    frame('1', 'voicechat.transcript.final'),
    frame('2', 'voicechat.response.chunk'),
    frame('3', 'voicechat.response.start'),
    frame('4', 'voicechat.transcript.interim'),
    frame('5', 'voicechat.turn.metrics'),
    frame('6', 'voicechat.response.text'),
  );
  expect(ids(missed, '2')).toEqual(['3', '6']);
  expect(ids(missed, '6')).toEqual([]);
});

it('[C7] knows where an answer stood that has the id of its request', () => {
  const missed = kept(frame('1', 'voicechat.response.start'));
  missed.answered('zz');
  missed.sent(frame('2', 'voicechat.response.text'));
  expect(ids(missed, 'zz')).toEqual(['2']);
});

it('[C7] tells a client that names no frame what happened since the loss', () => {
  const missed = kept(frame('1', 'voicechat.response.start'));
  expect(ids(missed, undefined)).toEqual([]);
  missed.lost();
  missed.sent(frame('2', 'voicechat.transcript.final'));
  missed.lost();
  expect(ids(missed, undefined)).toEqual(['2']);
  missed.found();
  expect(ids(missed, undefined)).toEqual([]);
});

it('[C7] leaves out the end of an utterance of which audio follows', () => {
  const missed = kept(
    frame('1', 'voicechat.response.complete', { utteranceId: 'a' }),
    frame('2', 'voicechat.response.complete', { utteranceId: 'b' }),
  );
  expect(missed.since('0', 'b').map(({ eventId }) => eventId)).toEqual(['1']);
});

it('[C10] is the same in another object', () => {
  const missed = kept(frame('1', 'voicechat.response.start'), frame('2', 'voicechat.response.text'));
  expect(ids(new MissedFrames(missed.kept), '1')).toEqual(['2']);
  expect(ids(new MissedFrames(missed.kept), undefined)).toEqual([]);
});

it('has a bound in frames and in characters', () => {
  const missed = new MissedFrames();
  for (let i = 0; i < 500; i++)
    missed.sent(frame(String(1000 + i), 'voicechat.response.text', { text: 'word' }));
  expect(missed.kept.frames).toHaveLength(128);
  missed.sent(frame('2000', 'voicechat.response.text', { text: 'x'.repeat(31_990) }));
  expect(missed.kept.frames.map(({ eventId }) => eventId)).toEqual(['1498', '1499', '2000']);
  missed.sent(frame('2001', 'voicechat.response.text', { text: 'x'.repeat(40_000) }));
  expect(missed.kept.frames).toEqual([]);
});

function kept(...frames: readonly Frame[]): MissedFrames {
  const missed = new MissedFrames();
  for (const sent of frames) missed.sent(sent);
  return missed;
}

function frame(eventId: string, eventType: string, payload: Frame['payload'] = {}): Frame {
  return { eventType, eventId, sessionId: 's1', payload };
}

function ids(missed: MissedFrames, after: string | undefined): readonly string[] {
  return missed.since(after, undefined).map(({ eventId }) => eventId);
}
