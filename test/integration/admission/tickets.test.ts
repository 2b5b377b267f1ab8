import { describe, expect, it } from 'vitest';
import { CRM_KEY, Door, hangUp, type Issued, SITE_KEY } from './door.ts';

const door = new Door();
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** Everything secret that went over the wire in this file; the last test looks for it where it must not be. */
const tickets: string[] = [];

async function ticket(body?: unknown, key?: string): Promise<Issued> {
  const issued = await door.ticket(body, key);
  tickets.push(issued.ticket);
  return issued;
}

describe('POST /v1/sessions', () => {
  it('gives whoever has a key a session, its ticket, and where it lets in', async () => {
    const before = Date.now();
    const { status, body, headers } = await door.ask({ expiresInSeconds: 60 });
    expect(status).toBe(201);
    const issued = body as Issued; // compared field by field below
    tickets.push(issued.ticket);
    expect(issued).toEqual({
      sessionId: expect.stringMatching(UUID_V7),
      ticket: expect.stringMatching(/^v1\.[\w-]+\.[\w-]{43}$/),
      expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      url: `${door.worker.socketUrl}/ws?ticket=${issued.ticket}`,
      page: `${door.worker.url}/#ticket=${issued.ticket}`,
    });
    const lastsMs = Date.parse(issued.expiresAt) - before;
    expect(lastsMs).toBeGreaterThanOrEqual(59_000);
    expect(lastsMs).toBeLessThan(70_000);
    expect(headers.get('cache-control')).toBe('no-store');
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('takes every key of the server', async () => {
    await ticket({}, SITE_KEY);
  });

  it.each([
    ['no key', {}, 'key_required', 'got nothing'],
    ['another key', { authorization: `Bearer ${CRM_KEY.slice(0, -1)}X` }, 'key_invalid', 'got another'],
    ['half a key', { authorization: `Bearer ${CRM_KEY.slice(0, 20)}` }, 'key_invalid', 'got another'],
    ['a key and more', { authorization: `Bearer ${CRM_KEY}X` }, 'key_invalid', 'got another'],
    ['an empty key', { authorization: 'Bearer ' }, 'key_invalid', 'got another'],
    ['another scheme', { authorization: `Basic ${CRM_KEY}` }, 'key_invalid', 'got another'],
    ['name and key', { authorization: `Bearer crm:${CRM_KEY}` }, 'key_invalid', 'got another'],
  ])('refuses %s with 401', async (_, headers, error, got) => {
    const answer = await door.ask({}, headers);
    expect(answer.status).toBe(401);
    expect(answer.body).toEqual({
      error,
      message: `Authorization: Bearer and an API key are accepted, ${got}`,
    });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('refuses a body that says something else with 400, and one that is too large with 413', async () => {
    expect(await door.ask({ name: 'Jordan' })).toMatchObject({
      status: 400,
      body: {
        error: 'invalid_body',
        message: 'body: the fields prospect and expiresInSeconds are accepted, got "name"',
      },
    });
    expect(await door.ask('x'.repeat(5000))).toMatchObject({
      status: 413,
      body: { error: 'body_too_large' },
    });
  });

  it('refuses the pages of another origin, whatever they know', async () => {
    const headers = { authorization: `Bearer ${CRM_KEY}`, origin: 'https://evil.example' };
    expect(await door.ask({}, headers)).toMatchObject({ status: 403, body: { error: 'origin_refused' } });
  });
});

describe('GET /ws with a ticket', () => {
  it('begins the session of the ticket, with the person whom the ticket names', async () => {
    const { sessionId, ticket: text } = await ticket({ prospect: { name: 'Jordan' } });
    const client = await door.enter(`?ticket=${text}&name=Mallory&company=Acme`);
    expect(client.sessionId).toBe(sessionId);
    await client.start();
    await client.next('voicechat.response.complete');
    const said = client.all('voicechat.response.text').map(({ payload }) => payload['text']);
    expect(said.join(' ')).toContain('Jordan');
    expect(said.join(' ')).not.toContain('Mallory');
    await hangUp(client);
  });

  it('a ticket is used once: not again during the call, and not after it', async () => {
    const { ticket: text } = await ticket();
    const client = await door.enter(`?ticket=${text}`);
    const used = {
      error: 'ticket_used',
      message: 'ticket: a ticket is accepted once, got one that was used',
    };
    expect(await door.knock(`?ticket=${text}`)).toMatchObject({ status: 409, body: used });
    expect(await door.look(`?ticket=${text}`)).toMatchObject({ status: 409, body: used });
    await hangUp(client);
    expect(await door.knock(`?ticket=${text}`)).toMatchObject({ status: 409, body: used });
  });

  it('of two who come with it at once exactly one is let in', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { ticket: text } = await ticket();
      const came = await Promise.allSettled([1, 2, 3].map(() => door.enter(`?ticket=${text}`)));
      const entered = came.filter(({ status }) => status === 'fulfilled');
      expect(entered).toHaveLength(1);
      for (const one of came) if (one.status === 'fulfilled') await hangUp(one.value);
    }
  });

  it('a look at it does not use it', async () => {
    const { ticket: text } = await ticket();
    expect(await door.look(`?ticket=${text}`)).toMatchObject({
      status: 426,
      body: { error: 'upgrade_required' },
    });
    await hangUp(await door.enter(`?ticket=${text}`));
  });

  it.each(['knock', 'look'] as const)('is refused with 401 without one, by %s', async (way) => {
    const message = 'ticket: a ticket of POST /v1/sessions is accepted, got nothing';
    expect(await door[way]('')).toMatchObject({ status: 401, body: { error: 'ticket_required', message } });
  });

  it.each([0, 1, 2])('a ticket forged in part %d is refused with 401', async (part) => {
    const { ticket: text } = await ticket();
    const parts = text.split('.');
    const letter = parts[part]?.startsWith('A') ? 'B' : 'A';
    parts[part] = letter + (parts[part] ?? '').slice(1);
    for (const way of ['knock', 'look'] as const)
      expect(await door[way](`?ticket=${parts.join('.')}`)).toMatchObject({
        status: 401,
        body: { error: 'ticket_invalid' },
      });
  });

  it('an API key is no ticket, and neither is a session', async () => {
    const { sessionId } = await ticket();
    for (const text of [CRM_KEY, sessionId, `v1.${sessionId}.${CRM_KEY}`, ''])
      expect(await door.knock(`?ticket=${text}`)).toMatchObject({
        status: 401,
        body: { error: 'ticket_invalid' },
      });
  });

  it('a header of the client cannot stand for a ticket', async () => {
    const opening = encodeURIComponent(JSON.stringify({ sessionId: 'x', prospect: {}, key: 'crm' }));
    expect(await door.knock('', { 'x-vantum-opening': opening })).toMatchObject({ status: 401 });
  });

  it.each(['https://evil.example', 'null', 'http://127.0.0.1:1', 'http://localhost'])(
    'the origin %s is refused with 403, with a good ticket too',
    async (origin) => {
      const { ticket: text } = await ticket();
      const message = 'Origin: an origin of the list of this server is accepted, got another';
      for (const way of ['knock', 'look'] as const)
        expect(await door[way](`?ticket=${text}`, { origin })).toMatchObject({
          status: 403,
          body: { error: 'origin_refused', message },
        });
    },
  );

  it('the own origin is let in', async () => {
    const { ticket: text } = await ticket();
    expect((await door.look(`?ticket=${text}`, { origin: door.worker.url })).status).toBe(426);
  });
});

describe('nothing leaks', () => {
  it('answers carry the headers of data that nobody may show, frame or keep', async () => {
    for (const answer of [await door.look(''), await door.ask('{'), await door.knock('')])
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy':
          "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
  });

  it('GET /health tells no key, not even its name', async () => {
    const text = await (await fetch(`${door.worker.url}/health`)).text();
    expect(JSON.parse(text)).toMatchObject({ status: 'ok' });
    expect(text).not.toMatch(/crm|site|shop|key/i);
  });

  it('no key and no ticket of all the tests above is in a log line or a refusal', () => {
    const logs = door.worker.logs.join('\n');
    const refusals = door.answers.filter((text) => !text.includes('expiresAt')).join('\n');
    expect(tickets.length).toBeGreaterThan(10);
    expect(logs).toContain('call.ended');
    for (const secret of [CRM_KEY, SITE_KEY, ...tickets, ...tickets.map((text) => text.slice(-43))]) {
      expect(logs.includes(secret)).toBe(false);
      expect(refusals.includes(secret)).toBe(false);
    }
    expect(refusals).not.toMatch(/\bcrm\b|\bsite\b/);
  });
});
