import { describe, expect, it } from 'vitest';
import { ANSWER, Rig, reply, trouble, type } from './rig.ts';

const rig = new Rig({ OPENAI_HEDGE_MS: '500' });

const requests = () => rig.entries('openai', 'request');

describe('a model that fails', () => {
  it.each([
    { kind: 'hang' },
    { kind: 'delay', ms: 20_000 },
    { kind: 'late', ms: 20_000 },
    { kind: 'stall' },
  ] as const)('by being slow is overtaken by a second request, and cancelled: %j', async (fault) => {
    rig.play({ faults: [{ provider: 'openai', ...fault }] });
    const client = await rig.call();
    const from = type(client);
    const abort = await rig.entry('openai', 'abort');
    // The slow request may not have been read when it is cancelled.
    const slow = requests().find(({ connection }) => connection === abort.connection);
    const others = requests().filter((request) => request !== slow);
    expect(others).toHaveLength(1);
    if (slow?.body !== undefined) expect(others[0]?.body).toEqual(slow.body);
    const spoken = await reply(client, from);
    // On a busy machine a filler comes first.
    expect(spoken.text.endsWith(ANSWER)).toBe(true);
    expect(spoken.bytes).toBeGreaterThan(0);
    expect(client.all('voicechat.error')).toEqual([]);
  });

  it('by hanging makes the agent apologise, and every request is given up', async () => {
    rig.play({ faults: [{ provider: 'openai', kind: 'hang', times: 2 }] });
    const client = await rig.call();
    const from = type(client);
    expect(await trouble(client, from)).toEqual({ code: 'model_unavailable', retryable: true });
    expect((await reply(client, from)).text).toMatch(/sorry/i);
    await rig.entry('openai', 'abort', () => rig.entries('openai', 'abort').length === 2);
    expect((await reply(client, type(client))).text).toBe(ANSWER);
  });
});
