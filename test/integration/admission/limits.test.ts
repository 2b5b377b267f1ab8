import { describe, expect, it } from 'vitest';
import { type Answer, CRM_KEY, Door, hangUp, SHOP_KEY, SITE_KEY } from './door.ts';

const TOO_MANY = { error: 'too_many_requests', message: 'Too many requests came; try again later.' };

/** More attempts than a seat takes to become free. */
const MANY = 200;

function from(address: string): Readonly<Record<string, string>> {
  return { 'cf-connecting-ip': address };
}

describe('rates', () => {
  const door = new Door({}, { RATE_PER_KEY: 3, RATE_PER_ADDRESS: 3 });

  it('limits what one address knocks, and nobody else', async () => {
    expect((await door.knock('', from('192.0.2.1'))).status).toBe(401);
    for (const way of ['knock', 'look'] as const) {
      const refused = await untilRefused(() => door[way]('', from('192.0.2.1')));
      expect(refused.body).toEqual(TOO_MANY);
      expect(refused.headers.get('retry-after')).toBe('60');
    }
    expect((await door.knock('', from('192.0.2.2'))).status).toBe(401);
  });

  it('takes a good ticket from an address over its limit no better', async () => {
    const { ticket } = await door.ticket({}, SITE_KEY);
    expect((await door.look(`?ticket=${ticket}`, from('192.0.2.3'))).status).toBe(426);
    await untilRefused(() => door.look(`?ticket=${ticket}`, from('192.0.2.3')));
    expect((await door.look(`?ticket=${ticket}`, from('192.0.2.4'))).status).toBe(426);
  });

  it('counts the addresses of an IPv6 network as one', async () => {
    const addresses = ['2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::ffff', '2001:db8:1:2:9::1'];
    await untilRefused((attempt) => door.knock('', from(addresses[attempt % addresses.length] ?? '')));
    expect((await door.knock('', from('2001:db8:1:3::1'))).status).toBe(401);
  });

  it('limits wrong keys by address', async () => {
    const wrong = { authorization: 'Bearer wrong', ...from('192.0.2.5') };
    expect((await door.ask({}, wrong)).status).toBe(401);
    expect((await untilRefused(() => door.ask({}, wrong))).body).toEqual(TOO_MANY);
  });

  it('limits the tickets of a key, and of no other', async () => {
    expect((await door.ask()).status).toBe(201);
    const refused = await untilRefused(() => door.ask());
    expect(refused.body).toEqual(TOO_MANY);
    expect(refused.headers.get('retry-after')).toBe('60');
    expect((await door.ask({}, { authorization: `Bearer ${SITE_KEY}` })).status).toBe(201);
  });
});

describe('seats', () => {
  const door = new Door({ MAX_CALLS_PER_KEY: '2' });
  const FULL = {
    error: 'too_many_calls',
    message: 'All calls of this key are taken; try again when one has ended.',
  };

  it('are as many as the server says, for each key, and a call that ends frees its own', async () => {
    const tickets = await Promise.all([1, 2, 3, 4].map(() => door.ticket()));
    const [first, second, third, fourth] = tickets.map(({ ticket }) => `?ticket=${ticket}`);
    const one = await door.enter(first ?? '');
    const two = await door.enter(second ?? '');

    for (const way of ['knock', 'look'] as const) {
      const refused = await door[way](third ?? '');
      expect(refused).toMatchObject({ status: 429, body: FULL });
      expect(refused.headers.get('retry-after')).toBe('10');
    }
    expect(await door.ask()).toMatchObject({ status: 429, body: FULL });
    const other = await door.enter(`?ticket=${(await door.ticket({}, SITE_KEY)).ticket}`);

    await hangUp(one);
    // Refused before, the ticket is as good as it was.
    const three = await untilFree(() => door.enter(third ?? ''));
    // A used ticket frees no seat, and takes none.
    for (const used of [first, second, third])
      expect(await door.knock(used ?? '')).toMatchObject({ status: 409, body: { error: 'ticket_used' } });
    expect(await door.knock(fourth ?? '')).toMatchObject({ status: 429, body: FULL });
    await hangUp(two);
    await hangUp(await untilFree(() => door.enter(fourth ?? '')));
    await Promise.all([hangUp(three), hangUp(other)]);
  });

  it('are not taken twice by those who come at once', async () => {
    const tickets = await Promise.all([1, 2, 3, 4].map(() => door.ticket({}, SHOP_KEY)));
    const came = await Promise.allSettled(tickets.map(({ ticket }) => door.enter(`?ticket=${ticket}`)));
    const entered = came.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(entered).toHaveLength(2);
    await Promise.all(entered.map(hangUp));
  });
});

describe('a list of origins', () => {
  const door = new Door({ ALLOWED_ORIGINS: 'https://a.example, https://b.example' });

  it('lets in the pages of the list and programs, and not even the own origin', async () => {
    const { ticket } = await door.ticket();
    const status = async (origin?: string) =>
      (await door.look(`?ticket=${ticket}`, origin === undefined ? {} : { origin })).status;
    expect(await status('https://a.example')).toBe(426);
    expect(await status('https://b.example')).toBe(426);
    expect(await status()).toBe(426);
    for (const origin of [
      door.worker.url,
      'https://a.example:444',
      'http://a.example',
      'https://xa.example',
      'null',
    ])
      expect(await status(origin)).toBe(403);
  });
});

describe('a server that is open on localhost', () => {
  const door = new Door({ OPEN_ON_LOCALHOST: 'on' }, { RATE_PER_ADDRESS: 1, RATE_PER_KEY: 1 });

  it('lets this machine in without a ticket, as often as it likes', async () => {
    for (let times = 0; times < 3; times += 1) expect((await door.look('')).status).toBe(426);
    await hangUp(await door.enter(''));
  });

  it('still reads a ticket that is shown', async () => {
    expect(await door.look('?ticket=x')).toMatchObject({ status: 401, body: { error: 'ticket_invalid' } });
    const { ticket, sessionId } = await door.ticket();
    const client = await door.enter(`?ticket=${ticket}`);
    expect(client.sessionId).toBe(sessionId);
    await hangUp(client);
  });

  it('needs a ticket when it is reached by another name', async () => {
    const host = { host: 'rebound.example' };
    expect(await door.knock('', host)).toMatchObject({ status: 401, body: { error: 'ticket_required' } });
  });

  it('is closed to the pages of the web', async () => {
    for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example'])
      expect(await door.look('', { origin })).toMatchObject({
        status: 403,
        body: { error: 'origin_refused' },
      });
    for (const origin of ['http://localhost:3000', 'http://127.0.0.1:8787', 'http://[::1]:1'])
      expect((await door.look('', { origin })).status).toBe(426);
  });
});

describe('a server without keys', () => {
  const door = new Door({ API_KEYS: '' });
  const NO_KEYS = {
    error: 'not_configured',
    names: ['API_KEYS'],
    problems: ['API_KEYS: name:key pairs are needed, got nothing'],
  };

  it('refuses to serve: /ws and /v1/sessions answer 503 with the name of what is missing', async () => {
    for (const answer of [await door.knock(''), await door.look('?ticket=x'), await door.ask()])
      expect(answer).toMatchObject({ status: 503, body: NO_KEYS });
    const health = await (await fetch(`${door.worker.url}/health`)).json();
    expect(health).toMatchObject({ status: 'degraded', problems: NO_KEYS.problems });
  });
});

describe('a server whose keys cannot be read', () => {
  const door = new Door({ API_KEYS: `crm:${CRM_KEY},site:short` });

  it('says which pair, and nothing of it; those without a ticket are not even told that', async () => {
    const text = JSON.stringify([await door.ask(), await (await fetch(`${door.worker.url}/health`)).json()]);
    expect(text).toContain('got pair 2');
    expect(text).not.toMatch(/short|crm-key/);
    expect((await door.knock('')).status).toBe(401);
  });
});

/** Comes until it is refused: at the latest with the last of two limits and one, when a new minute began in between. */
async function untilRefused(come: (attempt: number) => Promise<Answer>): Promise<Answer> {
  for (let attempt = 0; attempt < 7; attempt += 1) {
    const answer = await come(attempt);
    if (answer.status === 429) return answer;
  }
  throw new Error('nothing was refused');
}

/** A seat is free a moment after its caller has seen the end. */
async function untilFree<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (attempts === MANY || !/429/.test(String(error))) throw error;
    }
  }
}
