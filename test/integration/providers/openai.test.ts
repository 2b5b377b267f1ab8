import { describe, expect, it } from 'vitest';
import { OUTCOMES } from '../../../src/outreach/outcome.ts';
import { ANSWER, QUESTION, Rig, reply, speak, trouble, type } from './rig.ts';

/** On a busy machine any request may be slow: here none has a rival. */
const rig = new Rig({ OPENAI_HEDGE_MS: '0' });

/** What the agent says when it has no answer. */
const APOLOGY = /sorry/i;
const LONG = 'It is ten dollars a month. That is for every user you have. Would that work for your team?';
/** The role, the tokens of the first sentence of `LONG`, and enough of the next that its end is known. */
const FIRST_SENTENCE = { sent: 11 };

const requests = () => rig.entries('openai', 'request');

describe('the model of a call', () => {
  it('gets the prompt, what was said, and nothing a vendor refuses', async () => {
    const client = await rig.call();
    const from = type(client, 'Is it safe?');
    expect((await reply(client, from)).text).toBe(ANSWER);
    const [request] = requests();
    expect(request).toMatchObject({
      method: 'POST',
      path: '/openai/v1/chat/completions',
      body: {
        model: 'gpt-6-luna',
        stream: true,
        reasoning_effort: 'none',
        messages: [{ role: 'system' }, { role: 'assistant' }, { role: 'user', content: 'Is it safe?' }],
      },
    });
  });

  it('is offered the function that ends the call', async () => {
    const client = await rig.call();
    await reply(client, type(client));
    const [request] = requests();
    expect(request?.body).toMatchObject({
      messages: [{ content: expect.stringContaining('end_call') }, {}, {}],
      tool_choice: 'auto',
      tools: [
        {
          type: 'function',
          function: {
            name: 'end_call',
            strict: true,
            parameters: { properties: { outcome: { enum: OUTCOMES } }, required: ['outcome'] },
          },
        },
      ],
    });
  });

  it.each(['Thank you, and goodbye.', ''])('ends it when its goodbye was heard: %j', async (content) => {
    const call = { name: 'end_call', arguments: '{"outcome":"not-interested"}' };
    rig.play({ model: { replies: [{ content, toolCalls: [call] }], splitBytes: 3 } });
    const client = await rig.call();
    const from = type(client, 'No, thank you.');
    const goodbye = await reply(client, from);
    expect(goodbye.text).toMatch(/goodbye\.$/);
    expect(goodbye.bytes).toBeGreaterThan(0);
    const { payload } = await client.next('voicechat.call.ended', from);
    expect(payload).toMatchObject({ reason: 'agent_ended', outcome: 'not-interested' });
    expect(requests()).toHaveLength(1);
  });

  it('is asked again without the function when its server knows none', async () => {
    rig.play({
      faults: [{ provider: 'openai', kind: 'refuse', status: 400, message: 'llama does not support tools' }],
    });
    const client = await rig.call();
    const from = type(client);
    expect((await reply(client, from)).text).toBe(ANSWER);
    expect(client.all('voicechat.error')).toEqual([]);
    expect((await reply(client, type(client))).text).toBe(ANSWER);
    expect(requests().map(({ body }) => JSON.stringify(body).includes('"tools"'))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('is heard before its last token exists', async () => {
    rig.play({
      model: { replies: [LONG] },
      // The tokens after the first sentence never come, so whatever sounds has not waited for them.
      faults: [{ provider: 'openai', kind: 'stall', after: FIRST_SENTENCE }],
    });
    const client = await rig.call();
    const from = type(client);
    const chunk = await client.next('voicechat.response.chunk', from);
    const text = await client.next('voicechat.response.text', from);
    expect(text.payload['text']).toBe('It is ten dollars a month.');
    expect(text.payload['utteranceId']).toBe(chunk.payload['utteranceId']);
    expect(client.frames.slice(from).map((frame) => frame.eventType)).not.toContain(
      'voicechat.response.complete',
    );
  });

  it('may cut its answer inside lines and characters', async () => {
    rig.play({ model: { replies: ['Grüezi, das kostet 10 € im Monat.'], splitBytes: 1 } });
    const client = await rig.call();
    const from = type(client);
    expect((await reply(client, from)).text).toBe('Grüezi, das kostet 10 € im Monat.');
  });
});

describe('a caller who interrupts', () => {
  it('stops the request and closes the context of the voice', async () => {
    rig.play({ model: { replies: [`${LONG} ${LONG}`, ANSWER], tokensPerSecond: 10 } });
    const client = await rig.call();
    const from = type(client);
    const first = await client.next('voicechat.response.text', from);
    // By the second piece the turn it answers is long over, so what is said next is a turn of its own.
    await client.next('voicechat.response.text', client.frames.indexOf(first) + 1);
    rig.providers.script.model.tokensPerSecond = 1000;
    const [asked] = requests();
    const interruption = speak(client);
    await client.next('voicechat.response.interrupt', interruption);
    const abort = await rig.entry('openai', 'abort');
    expect(abort.connection).toBe(asked?.connection);
    await rig.entry('elevenlabs', 'text', ({ frame }) => isClosing(frame, 'r2'));
    expect((await client.next('voicechat.transcript.final', interruption)).payload['text']).toBe(QUESTION);
    expect((await reply(client, interruption)).text).toBe(ANSWER);
  });

  function isClosing(frame: unknown, id: string): boolean {
    return JSON.stringify(frame) === JSON.stringify({ context_id: id, close_context: true });
  }
});

describe('a model that fails', () => {
  it('without money is not asked again: the agent apologises', async () => {
    rig.play({ faults: [{ provider: 'openai', kind: 'refuse', status: 429, code: 'insufficient_quota' }] });
    const client = await rig.call();
    const from = type(client);
    expect(await trouble(client, from)).toEqual({ code: 'model_unavailable', retryable: false });
    const apology = await reply(client, from);
    expect(apology.text).toMatch(APOLOGY);
    expect(apology.bytes).toBeGreaterThan(0);
    expect(requests()).toHaveLength(1);
    expect((await reply(client, type(client))).text).toBe(ANSWER);
  });

  it.each([
    { kind: 'refuse', status: 500 },
    { kind: 'refuse', status: 503 },
    { kind: 'refuse', status: 429 },
    { kind: 'drop' },
    { kind: 'truncate' },
    { kind: 'garbage' },
    { kind: 'error', code: 'server_error', after: { sent: 1 } },
  ] as const)('once, before a word, is asked again without a word to the caller: %j', async (fault) => {
    rig.play({ faults: [{ provider: 'openai', ...fault }] });
    const client = await rig.call();
    const from = type(client);
    expect((await reply(client, from)).text).toBe(ANSWER);
    expect(client.all('voicechat.error')).toEqual([]);
    expect(requests()).toHaveLength(2);
  });

  it.each([
    { kind: 'truncate', after: FIRST_SENTENCE },
    { kind: 'drop', after: FIRST_SENTENCE },
    { kind: 'error', code: 'server_error', after: FIRST_SENTENCE },
  ] as const)('in the middle goes on with its answer, and repeats nothing: %j', async (fault) => {
    rig.play({
      model: { replies: [LONG, LONG, ANSWER], tokensPerSecond: 50 },
      faults: [{ provider: 'openai', ...fault }],
    });
    const client = await rig.call();
    const from = type(client);
    const spoken = await reply(client, from);
    expect(spoken.text).toBe(LONG);
    expect(client.all('voicechat.error')).toEqual([]);
    expect(requests()).toHaveLength(2);
    expect(requests()[1]?.body).toMatchObject({
      messages: [
        { role: 'system' },
        { role: 'assistant' },
        { role: 'user', content: QUESTION },
        { role: 'assistant', content: expect.stringMatching(/^It is ten dollars/) },
        { role: 'system', content: expect.stringMatching(/repeat nothing/) },
      ],
    });
  });

  it.each([
    { kind: 'truncate', after: FIRST_SENTENCE },
    { kind: 'drop', after: FIRST_SENTENCE },
    { kind: 'error', code: 'server_error', after: FIRST_SENTENCE },
  ] as const)('in the middle, for good, leaves what was said standing, and tells: %j', async (fault) => {
    rig.play({
      model: { replies: [LONG, ANSWER], tokensPerSecond: 50 },
      faults: [
        { provider: 'openai', ...fault },
        { provider: 'openai', kind: 'refuse', status: 500, when: 2 },
      ],
    });
    const client = await rig.call();
    const from = type(client);
    expect(await trouble(client, from)).toEqual({ code: 'model_unavailable', retryable: true });
    const spoken = await reply(client, from);
    expect(spoken.text).toMatch(/^It is ten dollars/);
    expect(LONG.startsWith(spoken.text)).toBe(true);
    expect(spoken.bytes).toBeGreaterThan(0);
    expect((await reply(client, type(client))).text).toBe(ANSWER);
    expect(requests()).toHaveLength(3);
  });

  it('three times in a row makes the agent end the call', async () => {
    rig.play({ faults: [{ provider: 'openai', kind: 'refuse', status: 503, times: 6 }] });
    const client = await rig.call();
    const lines: string[] = [];
    for (let i = 0; i < 3; i++) lines.push((await reply(client, type(client))).text);
    expect(lines[0]).toMatch(APOLOGY);
    expect(lines[1]).toMatch(/trouble/);
    expect(lines[2]).toMatch(/call you back. Goodbye.$/);
    const { payload } = await client.next('voicechat.call.ended');
    expect(payload).toMatchObject({ reason: 'technical_trouble', outcome: 'no-decision' });
  });

  it('twice makes the agent apologise', async () => {
    rig.play({ faults: [{ provider: 'openai', kind: 'refuse', status: 500, times: 2 }] });
    const client = await rig.call();
    const from = type(client);
    expect(await trouble(client, from)).toEqual({ code: 'model_unavailable', retryable: true });
    expect((await reply(client, from)).text).toMatch(APOLOGY);
  });
});
