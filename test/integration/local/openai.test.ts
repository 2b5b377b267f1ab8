import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { agentReply } from '../../../src/local/agent/agent.ts';
import { tokensOf } from '../../../src/local/openai/tokens.ts';
import type { ScriptInput } from '../../../src/local/script/script.ts';
import { type Providers, startProviders } from '../../../src/local/server.ts';
import { defaultPlaybook } from '../../../src/outreach/northgate.ts';
import { spokenLine, systemPrompt } from '../../../src/outreach/prompt.ts';

const REPLY = 'Yes, we do! It’s 25 € a month.';

let providers: Providers;
afterEach(() => providers.close());

async function start(model: NonNullable<ScriptInput['model']> = {}, faults: ScriptInput['faults'] = []) {
  const script = { model: { replies: [REPLY], firstTokenMs: 5, tokensPerSecond: 2_000, ...model }, faults };
  providers = await startProviders({ mode: 'scripted', script, warn: () => undefined });
}

function sdk(apiKey = 'any-key', maxRetries = 0): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${providers.url}/openai/v1`, maxRetries });
}

const ASK = { model: 'gpt-6-luna', messages: [{ role: 'user' as const, content: 'What is it?' }] };

function post(body: object, headers: Record<string, string> = { authorization: 'Bearer any-key' }) {
  const url = `${providers.url}/openai/v1/chat/completions`;
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function frames(body: object): Promise<string[]> {
  const text = await (await post(body)).text();
  expect(text.endsWith('\n\n')).toBe(true);
  return text.slice(0, -2).split('\n\n');
}

type Chunk = OpenAI.Chat.Completions.ChatCompletionChunk;

describe('the official OpenAI SDK', () => {
  it('streams a reply token by token, with usage at the end', async () => {
    await start();
    const { data, response, request_id } = await sdk()
      .chat.completions.create({ ...ASK, stream: true, stream_options: { include_usage: true } })
      .withResponse();
    const chunks: Chunk[] = [];
    for await (const chunk of data) chunks.push(chunk);
    expect(request_id).toMatch(/^req_/);
    expect(response.headers.get('x-ratelimit-remaining-requests')).toMatch(/^\d+$/);
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '', refusal: null });
    const tokens = chunks.slice(1).flatMap((chunk) => chunk.choices[0]?.delta.content ?? []);
    expect(tokens).toEqual(tokensOf(REPLY));
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: tokens.length } });
    expect(new Set(chunks.map((chunk) => chunk.system_fingerprint))).toEqual(
      new Set(['vantum-scripted-agent']),
    );
    expect(new Set(chunks.map((chunk) => chunk.model))).toEqual(new Set(['gpt-6-luna']));
  });

  it('gets a whole reply, a list of models and a missing model', async () => {
    await start();
    const whole = await sdk().chat.completions.create(ASK);
    expect(whole.choices[0]).toMatchObject({
      message: { role: 'assistant', content: REPLY },
      finish_reason: 'stop',
    });
    expect(whole.usage?.total_tokens).toBeGreaterThan(tokensOf(REPLY).length);
    const models = await sdk().models.list();
    expect(models.data.map(({ id }) => id)).toContain('gpt-6-luna');
    await expect(sdk().models.retrieve('nothing')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });

  it('receives tool calls in fragments', async () => {
    const call = { name: 'book', arguments: '{"day":"Tuesday","time":"10:00"}' };
    await start({ replies: [{ toolCalls: [call] }] });
    const tools = [{ type: 'function' as const, function: { name: 'book', parameters: {} } }];
    const stream = sdk().chat.completions.stream({ ...ASK, tools, reasoning_effort: 'none' });
    const completion = await stream.finalChatCompletion();
    expect(completion.choices[0]?.finish_reason).toBe('tool_calls');
    expect(completion.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      type: 'function',
      function: call,
    });
  });

  it('receives words, then the tool call in fragments, then the reason, then the usage', async () => {
    const call = { name: 'end_call', arguments: '{"outcome":"not-interested"}' };
    await start({ replies: [{ content: 'Thank you, goodbye.', toolCalls: [call] }] });
    const tools = [{ type: 'function' as const, function: { name: 'end_call' } }];
    const stream = await sdk().chat.completions.create({
      ...ASK,
      tools,
      reasoning_effort: 'none',
      stream: true,
      stream_options: { include_usage: true },
    });
    const choices: Chunk['choices'] = [];
    let usage = 0;
    for await (const chunk of stream) {
      choices.push(...chunk.choices);
      usage = chunk.usage?.completion_tokens ?? usage;
    }
    const [role, ...rest] = choices.map(({ delta }) => delta);
    expect(role).toEqual({ role: 'assistant', content: '', refusal: null });
    const kinds = rest.map((delta) => Object.keys(delta).join());
    expect(kinds.join(' ')).toMatch(/^(content )+(tool_calls )+$/);
    const calls = rest.flatMap((delta) => delta.tool_calls ?? []);
    expect(calls[0]).toEqual({
      index: 0,
      id: expect.stringMatching(/^call_[\w]{24}$/),
      type: 'function',
      function: { name: 'end_call', arguments: '' },
    });
    expect(calls.slice(1).every((piece) => Object.keys(piece).join() === 'index,function')).toBe(true);
    expect(calls.length).toBeGreaterThan(3);
    expect(calls.map((piece) => piece.function?.arguments).join('')).toBe(call.arguments);
    expect(choices.map((choice) => choice.finish_reason).filter(Boolean)).toEqual(['tool_calls']);
    expect(choices.at(-1)?.finish_reason).toBe('tool_calls');
    expect(usage).toBe(rest.length - 1);
  });

  it('gets a whole tool call, and none that max_completion_tokens cut off', async () => {
    const call = { name: 'book', arguments: '{"day":"Tuesday"}' };
    await start({ replies: [{ content: 'Fine.', toolCalls: [call] }] });
    const tools = [{ type: 'function' as const, function: { name: 'book' } }];
    const asked = { ...ASK, tools, reasoning_effort: 'none' as const };
    const whole = await sdk().chat.completions.create(asked);
    expect(whole.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: 'Fine.', tool_calls: [{ type: 'function', function: call }] },
    });
    const cut = await sdk().chat.completions.create({ ...asked, max_completion_tokens: 4 });
    expect(cut.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'Fine.' } });
    expect(cut.choices[0]?.message.tool_calls).toBeUndefined();
  });

  it.each([
    ['bad-key', 'invalid_api_key'],
    [' ', null],
  ])('is refused with 401 for the key "%s"', async (key, code) => {
    await start();
    await expect(sdk(key).chat.completions.create(ASK)).rejects.toMatchObject({ status: 401, code });
  });

  it('stops writing when the client aborts', async () => {
    await start({ replies: ['word '.repeat(500)], tokensPerSecond: 100 });
    const stream = await sdk().chat.completions.create({ ...ASK, stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    await providers.log.waitFor((entry) => entry.kind === 'abort');
  });

  it('tells both kinds of 429 apart and retries the one that passes', async () => {
    await start({}, [
      { provider: 'openai', kind: 'refuse', status: 429, retryAfterMs: 1 },
      { provider: 'openai', kind: 'refuse', status: 429, code: 'insufficient_quota', when: 3 },
    ]);
    const answer = await sdk('any-key', 1).chat.completions.create(ASK);
    expect(answer.choices[0]?.message.content).toBe(REPLY);
    const failure = sdk().chat.completions.create(ASK);
    await expect(failure).rejects.toMatchObject({
      status: 429,
      code: 'insufficient_quota',
      type: 'insufficient_quota',
    });
  });

  it('receives an error inside the stream', async () => {
    await start({}, [{ provider: 'openai', kind: 'error', code: 'server_error', after: { sent: 3 } }]);
    const stream = await sdk().chat.completions.create({ ...ASK, stream: true });
    const read = async () => {
      for await (const chunk of stream) void chunk;
    };
    await expect(read()).rejects.toMatchObject({ code: 'server_error' });
  });

  it('notices a truncated stream by its missing finish_reason', async () => {
    await start({}, [{ provider: 'openai', kind: 'truncate', after: { sent: 3 } }]);
    await expect(sdk().chat.completions.stream(ASK).finalChatCompletion()).rejects.toThrow(/finish_reason/);
  });
});

describe('the wire of /v1/chat/completions', () => {
  it('frames each chunk as one data line and ends with [DONE]', async () => {
    await start();
    const lines = await frames({ ...ASK, stream: true, stream_options: { include_usage: true } });
    expect(lines.every((line) => /^data: [^\n]+$/.test(line))).toBe(true);
    expect(lines.at(-1)).toBe('data: [DONE]');
    const chunks = lines
      .slice(0, -1)
      .map((line) => JSON.parse(line.slice(6)) as Chunk & { obfuscation?: string });
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(chunks.every((chunk) => (chunk.obfuscation ?? '').length > 0)).toBe(true);
  });

  it('sends neither usage nor obfuscation when told not to', async () => {
    await start();
    const text = (
      await frames({ ...ASK, stream: true, stream_options: { include_obfuscation: false } })
    ).join('');
    expect(text).not.toContain('usage');
    expect(text).not.toContain('obfuscation');
  });

  it('cuts the body inside lines and characters when scripted to', async () => {
    await start({ splitBytes: 3 });
    const response = await post({ ...ASK, stream: true });
    let chunks = 0;
    const bytes: Uint8Array[] = [];
    for await (const chunk of response.body ?? []) {
      chunks += 1;
      bytes.push(chunk);
    }
    expect(chunks).toBeGreaterThan(50);
    expect(Buffer.concat(bytes).toString()).toContain('"content":" It’s"');
  });

  it('stops at max_completion_tokens with finish_reason length', async () => {
    await start();
    const lines = await frames({ ...ASK, stream: true, max_completion_tokens: 2 });
    const chunks = lines.slice(0, -1).map((line) => JSON.parse(line.slice(6)) as Chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Yes,');
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('length');
  });

  it('keeps the first token and every later one back as long as the script says', async () => {
    await start({
      replies: ['one two three four five six seven eight nine ten'],
      firstTokenMs: 60,
      tokensPerSecond: 50,
    });
    const startedAt = performance.now();
    await (await post({ ...ASK, stream: true })).text();
    const tookMs = performance.now() - startedAt;
    expect(tookMs).toBeGreaterThanOrEqual(60 + 9 * 20 - 2);
  });

  const tools = [{ type: 'function', function: { name: 'book', parameters: {} } }];
  const strict = (parameters: object) => [
    { type: 'function', function: { name: 'book', parameters, strict: true } },
  ];
  it.each([
    ['max_tokens', { max_tokens: 10 }, 'max_tokens'],
    ['temperature', { temperature: 0.2 }, 'temperature'],
    ['top_p', { top_p: 0.5 }, 'top_p'],
    ['effort minimal', { reasoning_effort: 'minimal' }, 'reasoning_effort'],
    ['tools without an effort', { tools }, 'reasoning_effort'],
    ['tools with an effort', { tools, reasoning_effort: 'low' }, 'reasoning_effort'],
    ['a tool without a name', { tools: [{ type: 'function', function: {} }] }, 'tools.0.function.name'],
    ['a tool of no kind', { tools: [{ type: 'banana' }] }, 'tools.0.type'],
    ['a choice of no tools', { tool_choice: 'auto' }, 'tool_choice'],
    ['parallel calls of no tools', { parallel_tool_calls: false }, 'parallel_tool_calls'],
    ['a strict tool that is open', { tools: strict({ type: 'object' }) }, 'tools[0].function.parameters'],
    [
      'a strict tool with an optional parameter',
      { tools: strict({ type: 'object', properties: { a: {} }, required: [], additionalProperties: false }) },
      'tools[0].function.parameters',
    ],
    ['stream_options without stream', { stream_options: {} }, 'stream_options'],
    ['an unknown tier', { service_tier: 'gold' }, 'service_tier'],
    ['no messages', { messages: [] }, 'messages'],
    ['a misspelt role', { messages: [{ role: 'agent', content: 'x' }] }, 'messages.0.role'],
  ])('answers %s with 400 and the field at fault', async (_, extra, param) => {
    await start();
    const response = await post({ ...ASK, ...extra });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', param } });
    expect(providers.log.invalid).toHaveLength(1);
  });

  it('lets models of other vendors have temperature, max_tokens and tools', async () => {
    await start();
    const response = await post({ ...ASK, model: 'llama3.2', temperature: 0.2, max_tokens: 50, tools });
    expect(response.status).toBe(200);
  });

  it('answers a body that is not JSON with 400 and an unknown route with 404', async () => {
    await start();
    const headers = { authorization: 'Bearer any-key' };
    const url = `${providers.url}/openai/v1/chat/completions`;
    expect((await fetch(url, { method: 'POST', headers, body: '{' })).status).toBe(400);
    expect((await fetch(`${providers.url}/openai/v1/nothing`, { headers })).status).toBe(404);
  });

  it('takes replies in order, round again, or from a function of the messages', async () => {
    await start({ replies: ['one', 'two'] });
    const said: (string | null | undefined)[] = [];
    for (let i = 0; i < 3; i += 1)
      said.push((await sdk().chat.completions.create(ASK)).choices[0]?.message.content);
    expect(said).toEqual(['one', 'two', 'one']);
    providers.script = {
      model: { firstTokenMs: 0, replies: (messages) => `heard ${messages.at(-1)?.content}` },
    };
    expect((await sdk().chat.completions.create(ASK)).choices[0]?.message.content).toBe('heard What is it?');
  });
});

describe('the scripted agent behind the wire', () => {
  const messages = [
    { role: 'system' as const, content: systemPrompt(defaultPlaybook, {}) },
    { role: 'user' as const, content: 'Please leave a message after the tone.' },
  ];
  const asked = { ...ASK, messages, reasoning_effort: 'none' as const };
  const offer = (name: string) => [{ type: 'function' as const, function: { name } }];

  async function startAgent() {
    providers = await startProviders({
      mode: 'real',
      recogniser: { open: () => Promise.reject(new Error('deaf')), close: async () => undefined },
      synthesiser: {
        voices: [],
        speak: () => Promise.reject(new Error('mute')),
        close: async () => undefined,
      },
      reply: agentReply,
    });
  }

  it('ends a call by the function it is offered', async () => {
    await startAgent();
    const stream = sdk().chat.completions.stream({ ...asked, tools: offer('end_call') });
    const [choice] = (await stream.finalChatCompletion()).choices;
    expect(choice?.finish_reason).toBe('tool_calls');
    expect(choice?.message.content).toBe(spokenLine(defaultPlaybook, {}, 'voicemail'));
    expect(choice?.message.tool_calls).toMatchObject([
      { function: { name: 'end_call', arguments: '{"outcome":"voicemail"}' } },
    ]);
  });

  it.each([
    ['none', {}],
    ['another', { tools: offer('book') }],
    ['one it may not use', { tools: offer('end_call'), tool_choice: 'none' as const }],
  ])('only says goodbye when the function it is offered is %s', async (_, extra) => {
    await startAgent();
    const [choice] = (await sdk().chat.completions.create({ ...asked, ...extra })).choices;
    expect(choice?.finish_reason).toBe('stop');
    expect(choice?.message.content).toBe(spokenLine(defaultPlaybook, {}, 'voicemail'));
    expect(choice?.message.tool_calls).toBeUndefined();
  });

  it('leaves a call open that is not over', async () => {
    await startAgent();
    const [choice] = (
      await sdk().chat.completions.create({
        ...asked,
        messages: messages.slice(0, 1),
        tools: offer('end_call'),
      })
    ).choices;
    expect(choice?.finish_reason).toBe('stop');
  });
});

describe('tokensOf', () => {
  it.each(['Hello, world!', '  two  spaces ', 'naïve café — 3.5 %', 'line\nbreak', '“Quoted”…', '😀 ok'])(
    'loses nothing of %j',
    (text) => {
      expect(tokensOf(text).join('')).toBe(text);
    },
  );

  it('keeps the space before a word and gives punctuation its own token', () => {
    expect(tokensOf('Yes, we do.')).toEqual(['Yes', ',', ' we', ' do', '.']);
  });
});
