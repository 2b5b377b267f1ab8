import { describe, expect, it } from 'vitest';
import { CallerLine } from '../../../src/caller.ts';
import { MissedFrames } from '../../../src/missed-frames.ts';
import { encode } from '../../../src/protocol/codec.ts';

describe('a closed line', () => {
  it('reads nothing more: frames that were under way have no effect', () => {
    const { line } = connected();
    expect(line.read(request())).toMatchObject({ eventType: 'voicechat.call.end' });
    line.close(1011, 'internal error');
    expect(line.closed).toBe(true);
    expect(line.read(request())).toBeUndefined();
  });

  it('sends nothing more, and is closed once', () => {
    const { line, sent, closes } = connected();
    line.close(1000, 'agent_ended');
    line.close(1011, 'internal error');
    line.send('voicechat.state', { state: 'listening' });
    line.read('text');
    expect(sent).toEqual([]);
    expect(closes).toEqual([1000]);
  });
});

function request(): ArrayBuffer {
  const bytes = encode({ eventType: 'voicechat.call.end', eventId: 'e1' });
  return new Uint8Array(bytes).buffer;
}

function connected(): { line: CallerLine; sent: unknown[]; closes: number[] } {
  const sent: unknown[] = [];
  const closes: number[] = [];
  const socket = {
    readyState: 1,
    send: (frame: unknown) => sent.push(frame),
    close: (code: number) => closes.push(code),
  };
  // All that a line uses of its socket.
  return { line: new CallerLine(socket as unknown as WebSocket, 's1', new MissedFrames()), sent, closes };
}
