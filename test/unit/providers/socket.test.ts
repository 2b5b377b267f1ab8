import { beforeEach, describe, expect, it } from 'vitest';
import { codesOf, type LineEvents, openLine } from '../../../src/providers/socket.ts';
import { never, Surround } from './surround.ts';

let vendor: Surround;
let heard: unknown[];
let events: LineEvents;
beforeEach(() => {
  vendor = new Surround();
  heard = [];
  events = {
    message: (data) => heard.push(data),
    closed: (code, reason) => heard.push([code, reason]),
  };
});

function open(signal = new AbortController().signal) {
  return openLine(
    vendor.around.fetch,
    'http://provider.test/x',
    { Authorization: 'Token k' },
    events,
    signal,
  );
}

async function opened() {
  const result = await open();
  if ('refusal' in result) throw new Error('refused');
  return result.line;
}

describe('openLine', () => {
  it('asks for an upgrade with its headers', async () => {
    await opened();
    const [request] = vendor.requests;
    expect(request?.headers.get('upgrade')).toBe('websocket');
    expect(request?.headers.get('authorization')).toBe('Token k');
    expect(vendor.socket.binaryType).toBe('arraybuffer');
  });

  it('returns the status and the body of a refusal', async () => {
    vendor.answer = () => new Response('{"err_code":"NO"}', { status: 402 });
    expect(await open()).toEqual({ refusal: { status: 402, body: '{"err_code":"NO"}' } });
  });

  it('takes a plain 200 for a refusal', async () => {
    vendor.answer = () => new Response('hello');
    expect(await open()).toEqual({ refusal: { status: 200, body: 'hello' } });
  });

  it('returns a refusal without status when nobody answers', async () => {
    vendor.answer = () => Promise.reject(new Error('Network connection lost.'));
    expect(await open()).toEqual({ refusal: { status: undefined, body: '' } });
  });

  it('gives up the handshake when told to', async () => {
    const abort = new AbortController();
    vendor.answer = ({ signal }) => never(signal);
    const opening = open(abort.signal);
    abort.abort();
    expect(await opening).toEqual({ refusal: { status: undefined, body: '' } });
  });

  it('closes a socket that came although the handshake was given up', async () => {
    const abort = new AbortController();
    vendor.answer = () => {
      abort.abort();
      return vendor.accept();
    };
    await open(abort.signal);
    expect(vendor.socket.closedWith).toBe(1000);
  });

  it('never aborts the request of an open socket, which would drop it', async () => {
    const abort = new AbortController();
    await open(abort.signal);
    abort.abort();
    expect(vendor.requests[0]?.signal?.aborted).toBe(false);
  });
});

describe('a line', () => {
  it('tells of one end only, whatever events come', async () => {
    await opened();
    vendor.socket.ends(1011, 'reason');
    vendor.socket.breaks();
    vendor.socket.says('late');
    expect(heard).toEqual([[1011, 'reason']]);
  });

  it('ends with an error that no close follows', async () => {
    await opened();
    vendor.socket.breaks();
    expect(heard).toEqual([[1006, '']]);
  });

  it('closes without news, once', async () => {
    const line = await opened();
    line.close();
    line.close();
    vendor.socket.says('late');
    vendor.socket.ends(1000);
    expect(vendor.socket.closedWith).toBe(1000);
    expect(heard).toEqual([]);
  });

  it('sends nothing into a socket that is not open', async () => {
    const line = await opened();
    line.send('a');
    vendor.socket.readyState = WebSocket.CLOSING;
    line.send('b');
    expect(vendor.socket.sent).toEqual(['a']);
  });
});

describe('what a vendor says of an error', () => {
  it('is logged if it is a code, and left out if it may hold what was said', () => {
    expect(codesOf('insufficient_quota')).toBe('insufficient_quota');
    expect(codesOf('INVALID_AUTH', '01a2-7f.3')).toBe('INVALID_AUTH 01a2-7f.3');
    expect(codesOf('we could not read: call me on Friday', undefined, 42, 'x'.repeat(65), '')).toBe('');
  });
});
