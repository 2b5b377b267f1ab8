import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withOpening } from '../../src/opening.ts';
import { LEASE_MS } from '../../src/seats.ts';

const NOW = Date.UTC(2030, 0, 1);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(NOW);
});

afterEach(() => {
  vi.useRealTimers();
});

/** The seats of a key that no other test has. */
function seatsOf(key: string = crypto.randomUUID()) {
  return env.SEATS.getByName(key);
}

describe('the seats of a key', () => {
  it('are taken up to the limit, and again by whoever has one', async () => {
    const seats = seatsOf();
    expect(await seats.take('a', 2)).toBe(true);
    expect(await seats.full(2)).toBe(false);
    expect(await seats.take('b', 2)).toBe(true);
    expect(await seats.full(2)).toBe(true);
    expect(await seats.take('c', 2)).toBe(false);
    expect(await seats.take('a', 2)).toBe(true);
    await seats.leave('a');
    expect(await seats.take('c', 2)).toBe(true);
    expect(await seats.take('a', 2)).toBe(false);
  });

  it('become free by themselves when a call gives no sign of life', async () => {
    const seats = seatsOf();
    await seats.take('killed', 2);
    await seats.take('alive', 2);
    vi.setSystemTime(NOW + LEASE_MS - 1);
    expect(await seats.full(2)).toBe(true);
    await seats.keep('alive');
    vi.setSystemTime(NOW + LEASE_MS);
    expect(await seats.take('new', 2)).toBe(true);
    expect(await seats.take('newer', 2)).toBe(false);
  });

  it('belong again to a call that comes back late, over the limit if need be', async () => {
    const seats = seatsOf();
    await seats.take('late', 1);
    vi.setSystemTime(NOW + LEASE_MS);
    expect(await seats.take('new', 1)).toBe(true);
    await seats.keep('late');
    await seats.leave('new');
    expect(await seats.full(1)).toBe(true);
  });

  it('outlive the object that holds them', async () => {
    const key = crypto.randomUUID();
    await seatsOf(key).take('a', 1);
    await abortAllDurableObjects();
    expect(await seatsOf(key).full(1)).toBe(true);
  });

  it('are counted for each key alone', async () => {
    await seatsOf('one').take('a', 1);
    expect(await seatsOf('other').full(1)).toBe(false);
  });
});

describe('a session that begins with a ticket', () => {
  const upgrade = { headers: { Upgrade: 'websocket' } };

  async function knock(sessionId: string, key: string, init: RequestInit = upgrade) {
    const request = withOpening(new Request('http://localhost/ws', init), { sessionId, prospect: {}, key });
    return env.SESSIONS.getByName(sessionId).fetch(request);
  }

  it('has used it for good, even if it is killed before its first frame', async () => {
    const sessionId = crypto.randomUUID();
    const begun = await knock(sessionId, 'crm');
    expect(begun.status).toBe(101);
    begun.webSocket?.accept();
    await abortAllDurableObjects();
    const again = await knock(sessionId, 'crm');
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ error: 'ticket_used' });
  });

  it('renews its seat while the call lives, and leaves it when the call is over', async () => {
    const sessionId = crypto.randomUUID();
    const key = crypto.randomUUID();
    const { webSocket } = await knock(sessionId, key);
    webSocket?.accept();
    const seats = seatsOf(key);
    expect(await seats.full(1)).toBe(true);

    vi.setSystemTime(NOW + LEASE_MS - 1);
    expect(await runDurableObjectAlarm(env.SESSIONS.getByName(sessionId))).toBe(true);
    vi.setSystemTime(NOW + LEASE_MS);
    await vi.waitFor(async () => expect(await seats.full(1)).toBe(true));

    webSocket?.close(1000);
    await vi.waitFor(async () => expect(await seats.full(1)).toBe(false));
  });

  it('takes no seat and writes nothing when it is only looked at, or when all seats are taken', async () => {
    const key = crypto.randomUUID();
    const sessionId = crypto.randomUUID();
    expect((await knock(sessionId, key, {})).status).toBe(426);
    for (let taken = 0; taken < 20; taken += 1) await seatsOf(key).take(`call ${taken}`, 20);
    expect((await knock(sessionId, key, {})).status).toBe(429);
    expect((await knock(sessionId, key)).status).toBe(429);
    await runInDurableObject(env.SESSIONS.getByName(sessionId), (_, state) => {
      expect(
        state.storage.sql
          .exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")
          .toArray(),
      ).toEqual([]);
      expect([...state.storage.kv.list()]).toEqual([]);
    });
  });
});
