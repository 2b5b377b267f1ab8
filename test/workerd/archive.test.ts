import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { Archive } from '../../src/archive.ts';
import { MAX_TURNS } from '../../src/conversation/latency.ts';
import type { TurnMetrics } from '../../src/protocol/replies.ts';

const START = Date.UTC(2026, 9, 26, 12);
const full: TurnMetrics = {
  utteranceId: 'u-full',
  turnId: 't-full',
  endOfTurnMs: 310.5,
  firstTokenMs: 450,
  firstAudioMs: 640,
  firstHeardMs: 0,
  speculation: 'miss',
  wastedTokens: 12,
  pauses: 2,
  verdict: 'backchannel',
  verdictMs: 280.25,
  sentMs: 4000,
  heardMs: 912.5,
  wordsSaid: 11,
  wordsHeard: 3,
  interrupted: true,
};
const bare: TurnMetrics = {
  utteranceId: 'u-bare',
  speculation: 'none',
  wastedTokens: 0,
  pauses: 0,
  sentMs: 0,
  heardMs: 0,
  wordsSaid: 4,
  wordsHeard: 4,
  interrupted: false,
};
const ended = {
  reason: 'agent_ended',
  outcome: 'booked',
  latency: { turns: 2, firstAudioMs: { p50: 600, p95: 900.5, max: 1200 } },
} as const;

describe('the archive of a call', () => {
  it('is empty before the call', async () => {
    await inObject(({ archive }) => {
      expect(archive.call()).toBeUndefined();
      expect(archive.turns()).toEqual([]);
    });
  });

  it('gives back every metric of a turn as it was, and none that was not measured', async () => {
    await inObject(({ archive }) => {
      archive.turn(full, START + 1);
      archive.turn(bare, START + 2);
      expect(archive.turns()).toStrictEqual([
        { at: START + 1, ...full },
        { at: START + 2, ...bare },
      ]);
    });
  });

  it('knows how the call went', async () => {
    await inObject(({ archive }) => {
      archive.begin('s1', START, 'digest');
      expect(archive.call()).toStrictEqual({ sessionId: 's1', startedAt: START });
      archive.end(ended, START + 9000);
      expect(archive.call()).toStrictEqual({
        sessionId: 's1',
        startedAt: START,
        ended: { at: START + 9000, ...ended },
      });
    });
  });

  it('is there in another instance of the object, over the same storage', async () => {
    const name = crypto.randomUUID();
    const instances: object[] = [];
    await runInDurableObject(env.SESSIONS.getByName(name), (instance, { storage }) => {
      instances.push(instance);
      const archive = new Archive(storage);
      archive.begin('s1', START, 'digest');
      archive.turn(full, START + 1);
      archive.end(ended, START + 2);
    });
    await abortAllDurableObjects();
    await runInDurableObject(env.SESSIONS.getByName(name), (instance, { storage }) => {
      expect(instances).not.toContain(instance);
      const archive = new Archive(storage);
      expect(archive.turns()).toStrictEqual([{ at: START + 1, ...full }]);
      expect(archive.call()?.ended?.reason).toBe('agent_ended');
    });
  });

  it('migrates once: again is harmless, and writes nothing', async () => {
    await inObject(({ archive, storage }) => {
      archive.begin('s1', START, 'digest');
      archive.turn(full, START);
      const changes = () => storage.sql.exec('SELECT total_changes() AS n').one()['n'];
      const before = changes();
      const again = new Archive(storage);
      expect(changes()).toBe(before);
      expect(again.turns()).toEqual(archive.turns());
      expect(storage.sql.exec('SELECT version FROM schema').toArray()).toEqual([{ version: 2 }]);
      again.turn(bare, START);
      expect(archive.turns()).toHaveLength(2);
    });
  });

  it('leaves alone a schema from the future', async () => {
    await inObject(({ archive, storage }) => {
      archive.turn(bare, START);
      storage.sql.exec('UPDATE schema SET version = 99');
      expect(new Archive(storage).turns()).toHaveLength(1);
      expect(storage.sql.exec('SELECT version FROM schema').one()).toEqual({ version: 99 });
    });
  });

  it('takes the first word of a begin, a turn and an end', async () => {
    await inObject(({ archive }) => {
      archive.end(ended, START);
      expect(archive.call()).toBeUndefined();
      archive.begin('s1', START, 'digest');
      archive.begin('s2', START + 1, 'digest');
      archive.turn(full, START + 2);
      archive.turn({ ...full, pauses: 7 }, START + 3);
      archive.end(ended, START + 4);
      archive.end({ reason: 'caller_hung_up', latency: { turns: 9 } }, START + 5);
      expect(archive.call()).toMatchObject({ sessionId: 's1', startedAt: START, ended: { at: START + 4 } });
      expect(archive.call()?.ended?.latency.turns).toBe(2);
      expect(archive.turns()).toEqual([{ at: START + 2, ...full }]);
    });
  });

  it('forgets the oldest turns of a very long call', async () => {
    await inObject(({ archive }) => {
      for (let i = 0; i < MAX_TURNS + 3; i += 1) archive.turn({ ...bare, utteranceId: `u${i}` }, START + i);
      const turns = archive.turns();
      expect(turns).toHaveLength(MAX_TURNS);
      expect([turns[0]?.utteranceId, turns.at(-1)?.utteranceId]).toEqual(['u3', `u${MAX_TURNS + 2}`]);
    });
  });

  it('stores no words, not even of values that carry more than their types say', async () => {
    await inObject(({ archive, storage }) => {
      const secret = 'my card is 4111';
      const talkative = { ...full, text: secret };
      archive.begin('s1', START, 'digest');
      archive.turn(talkative, START);
      const latency = { turns: 1, firstTokenMs: { p50: 1, p95: 1, max: 1, text: secret }, text: secret };
      archive.end({ reason: 'agent_ended', outcome: secret, latency }, START);
      const rows = ['call', 'turn'].map((table) => storage.sql.exec(`SELECT * FROM ${table}`).toArray());
      expect(JSON.stringify(rows)).not.toContain('4111');
      expect(archive.call()?.ended).toEqual({
        at: START,
        reason: 'agent_ended',
        latency: { turns: 1, firstTokenMs: { p50: 1, p95: 1, max: 1 } },
      });
    });
  });

  it.each([
    [`UPDATE turn SET verdict = 'cough'`, /^archive: turn\.verdict: .*"echo".* is accepted, got "cough"$/],
    [`UPDATE call SET latency = '{'`, /^archive: call\.latency: JSON is accepted/],
    [`UPDATE call SET latency = '{}'`, /^archive: call\.latency\.turns: .* got undefined$/],
    [`UPDATE call SET reason = NULL`, /^archive: call\.reason: /],
  ])('does not pretend to read what it did not write: %s', async (damage, message) => {
    await inObject(({ archive, storage }) => {
      archive.begin('s1', START, 'digest');
      archive.turn(full, START);
      archive.end(ended, START);
      storage.sql.exec(damage);
      expect(() => [archive.call(), archive.turns()]).toThrow(message);
    });
  });
});

function inObject(scene: (inside: { archive: Archive; storage: DurableObjectStorage }) => void) {
  return runInDurableObject(env.SESSIONS.getByName(crypto.randomUUID()), (_, { storage }) =>
    scene({ archive: new Archive(storage), storage }),
  );
}
