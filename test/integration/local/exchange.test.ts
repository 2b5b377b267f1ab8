import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { Exchange } from '../../../src/local/wire/exchange.ts';
import { WireLog } from '../../../src/local/wire/log.ts';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Opens one exchange that has begun its response and waits. */
async function begin() {
  const log = new WireLog(() => undefined);
  const exchange = new Promise<Exchange>((resolve) => {
    server = createServer((request, response) => {
      const url = new URL('http://127.0.0.1/openai/v1/x');
      const address = { provider: 'openai' as const, url, path: '/v1/x', connection: 1 };
      const opened = new Exchange(request, response, address, log, () => '', []);
      void opened.start({}).then(() => resolve(opened));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`;
  const control = new AbortController();
  const response = await fetch(url, { signal: control.signal });
  return { exchange: await exchange, response, control, log };
}

describe('Exchange', () => {
  it('aborts its signal when the client leaves, and records that once', async () => {
    const { exchange, control, log } = await begin();
    expect(exchange.signal.aborted).toBe(false);
    control.abort();
    await once(exchange.signal, 'abort');
    exchange.write('too late');
    exchange.end();
    expect(log.entries.filter((entry) => entry.kind === 'abort')).toHaveLength(1);
  });

  it('aborts its signal without a record when the response is complete', async () => {
    const { exchange, response, log } = await begin();
    const over = once(exchange.signal, 'abort');
    exchange.write('all');
    exchange.end();
    expect(await response.text()).toBe('all');
    await over;
    expect(log.entries).toEqual([]);
  });
});
