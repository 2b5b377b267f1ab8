import { describe, expect, it } from 'vitest';
import { CallerLine } from '../../../src/caller.ts';
import { MissedFrames } from '../../../src/missed-frames.ts';
import { decode, encode } from '../../../src/protocol/codec.ts';
import type { IntakePlan } from '../../../src/protocol/intake.ts';
import type { Frame } from '../../../src/protocol/replies.ts';

describe('a closed line', () => {
  it('reads nothing more: frames that were under way have no effect', () => {
    const { line } = connected();
    expect(line.read(request(), 0)).toMatchObject({ eventType: 'voicechat.call.end' });
    line.close(1011, 'internal error');
    expect(line.closed).toBe(true);
    expect(line.read(request(), 0)).toBeUndefined();
  });

  it('sends nothing more, and is closed once', () => {
    const { line, sent, closes } = connected();
    line.close(1000, 'agent_ended');
    line.close(1011, 'internal error');
    line.send('voicechat.state', { state: 'listening' });
    line.read('text', 0);
    expect(sent).toEqual([]);
    expect(closes).toEqual([1000]);
  });
});

describe('a line that gets too much', () => {
  it('drops what is too much unread, and says so once a second', () => {
    const { line, codes } = connected({ messagesPerSecond: 1, bytesPerSecond: 1_000_000 });
    const taken = Array.from({ length: 25 }, () => line.read(request(), 5000)).filter(Boolean);
    expect(taken).toHaveLength(20);
    expect(codes()).toEqual(['too_many_messages']);
    line.read(request(), 5999);
    expect(codes()).toHaveLength(1);
    expect(line.read(request(), 6000)).toBeDefined();
    line.read(request(), 6000);
    expect(codes()).toHaveLength(2);
  });

  it('counts bytes as well', () => {
    const { line, codes } = connected({ messagesPerSecond: 1000, bytesPerSecond: 10 });
    expect(line.read(request(), 0)).toBeDefined();
    expect(Array.from({ length: 10 }, () => line.read(request(), 0)).at(-1)).toBeUndefined();
    expect(codes()).toEqual(['too_many_bytes']);
  });

  it('is closed when it goes on for long', () => {
    const { line, closes } = connected({ messagesPerSecond: 1, bytesPerSecond: 1_000_000 });
    for (let i = 0; i < 30; i++) line.read(request(), 0);
    expect(closes).toEqual([]);
    line.read(request(), 0);
    expect(closes).toEqual([1008]);
  });
});

function request(): ArrayBuffer {
  const bytes = encode({ eventType: 'voicechat.call.end', eventId: 'e1' });
  return new Uint8Array(bytes).buffer;
}

function connected(intake: IntakePlan = { messagesPerSecond: 100, bytesPerSecond: 100_000 }): {
  line: CallerLine;
  sent: Uint8Array[];
  closes: number[];
  codes: () => unknown[];
} {
  const sent: Uint8Array[] = [];
  const closes: number[] = [];
  const socket = {
    readyState: 1,
    send: (frame: Uint8Array) => sent.push(frame),
    close: (code: number) => closes.push(code),
  };
  // All that a line uses of its socket.
  const line = new CallerLine(socket as unknown as WebSocket, 's1', intake, new MissedFrames());
  const codes = () => sent.map((frame) => (decode(frame) as Frame).payload['code']);
  return { line, sent, closes, codes };
}
