import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ModelConfig } from '../../../src/config.ts';
import type { Message } from '../../../src/conversation/events.ts';
import { OUTCOMES } from '../../../src/outreach/outcome.ts';
import { OpenAIModel } from '../../../src/providers/openai/openai.ts';
import { never, Surround, settled } from './surround.ts';

const config: ModelConfig = {
  apiKey: 'secret',
  baseUrl: 'https://api.openai.com/v1',
  model: 'gpt-6-luna',
  maxTokens: 300,
  reasoningEffort: 'none',
  place: 'live',
};
const messages: readonly Message[] = [
  { role: 'system', content: 'PROMPT' },
  { role: 'user', content: 'hi' },
];

let vendor: Surround;
let body: Body;
beforeEach(() => {
  vendor = new Surround();
  body = new Body();
  vendor.answer = ({ signal }) => body.response(signal);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The vendor's end of one streamed response. */
class Body {
  readonly #encoder = new TextEncoder();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  response(signal: AbortSignal | undefined): Response {
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
    });
    signal?.addEventListener('abort', () => this.#controller?.error(signal.reason));
    return new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
  }

  bytes(bytes: Uint8Array): void {
    this.#controller?.enqueue(bytes);
  }

  event(data: object | string): Uint8Array {
    return this.#encoder.encode(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
  }

  send(...events: readonly (object | string)[]): this {
    for (const event of events) this.bytes(this.event(event));
    return this;
  }

  end(): void {
    this.#controller?.close();
  }

  drop(): void {
    this.#controller?.error(new TypeError('Network connection lost.'));
  }
}

const role = { choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] };
const text = (content: string) => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
const finish = (reason: string) => ({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });
const usage = { choices: [], usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 } };

const endCall = {
  type: 'function',
  function: {
    name: 'end_call',
    description: expect.any(String),
    parameters: {
      type: 'object',
      properties: { outcome: { type: 'string', enum: OUTCOMES, description: expect.any(String) } },
      required: ['outcome'],
      additionalProperties: false,
    },
    strict: true,
  },
};
const tool = (call: object) => ({
  choices: [{ index: 0, delta: { tool_calls: [call] }, finish_reason: null }],
});
const opening = (index: number, name: string) =>
  tool({ index, id: `call_${index}`, type: 'function', function: { name, arguments: '' } });
const piece = (index: number, text: string) => tool({ index, function: { arguments: text } });

async function ask(reply = 1, chosen = config): Promise<OpenAIModel> {
  const model = new OpenAIModel(chosen, vendor.around);
  model.ask(reply, messages);
  await settled();
  return model;
}

const said = () => vendor.all('model.text').map((event) => event.text);

describe('a request', () => {
  it('goes out once, as OpenAI wants it', async () => {
    await ask();
    const [request] = vendor.requests;
    expect(request?.url.href).toBe('https://api.openai.com/v1/chat/completions');
    expect(request?.headers.get('authorization')).toBe('Bearer secret');
    expect(request?.body).toEqual({
      model: 'gpt-6-luna',
      messages,
      stream: true,
      stream_options: { include_usage: true, include_obfuscation: false },
      max_completion_tokens: 300,
      reasoning_effort: 'none',
      verbosity: 'low',
      store: false,
      tools: [endCall],
      tool_choice: 'auto',
      parallel_tool_calls: false,
    });
  });

  it('holds nothing that other servers may refuse', async () => {
    await ask(1, { ...config, place: 'local', reasoningEffort: 'unset' });
    expect(Object.keys(vendor.requests[0]?.body ?? {}).sort()).toEqual([
      'max_completion_tokens',
      'messages',
      'model',
      'stream',
      'tool_choice',
      'tools',
    ]);
  });
});

describe('a stream', () => {
  it('is reported as it comes and then done; the usage has no choice', async () => {
    await ask(7);
    body.send(role, text('Hel'));
    await settled();
    expect(vendor.news).toEqual([{ type: 'model.text', ask: 7, text: 'Hel' }]);
    body.send(text('lo.'), finish('stop'), usage, '[DONE]').end();
    await settled();
    expect(said()).toEqual(['Hel', 'lo.']);
    expect(vendor.news.at(-1)).toEqual({ type: 'model.done', ask: 7 });
  });

  it('survives cuts inside lines and characters', async () => {
    await ask();
    for (const byte of body.event(text('Grüezi 👋'))) {
      body.bytes(Uint8Array.of(byte));
      await settled();
    }
    body.send(finish('stop'), '[DONE]').end();
    await settled();
    expect(said().join('')).toBe('Grüezi 👋');
    expect(vendor.news.at(-1)?.type).toBe('model.done');
  });

  it.each(['length', 'content_filter'])('that ends by %s is cut', async (reason) => {
    await ask();
    body.send(text('As far as it goes'), finish(reason), '[DONE]').end();
    await settled();
    expect(vendor.news.at(-1)).toEqual({ type: 'model.done', ask: 1, cut: true });
  });

  it.each([
    ['does not end', () => undefined],
    ['is cut off', () => body.drop()],
    ['ends with an error', () => body.send({ error: { message: 'm', code: 'server_error' } })],
  ])('that has told why it stops is whole, although it %s', async (_, happen) => {
    const model = await ask();
    body.send(text('Hello.'), finish('stop'));
    await settled();
    happen();
    await settled();
    vendor.pass(model, 499);
    vendor.pass(model, 1);
    await settled();
    expect(vendor.news.slice(1)).toEqual([{ type: 'model.done', ask: 1 }]);
    expect(model.deadline).toBeUndefined();
  });

  it('that has told why it stops, and does not end, is given up after 500 ms', async () => {
    const model = await ask();
    body.send(text('Hello.'), finish('stop'));
    await settled();
    vendor.pass(model, 499);
    expect(vendor.news).toHaveLength(1);
    vendor.pass(model, 1);
    expect(vendor.news).toHaveLength(2);
    expect(vendor.requests[0]?.signal?.aborted).toBe(true);
  });

  it('of a refusal is spoken like any other answer', async () => {
    await ask();
    const refusal = { choices: [{ index: 0, delta: { refusal: 'I cannot help.' }, finish_reason: null }] };
    body.send(role, refusal, finish('stop'), '[DONE]').end();
    await settled();
    expect(said()).toEqual(['I cannot help.']);
    expect(vendor.news.at(-1)).toEqual({ type: 'model.done', ask: 1 });
  });

  it('without a finish reason is truncated', async () => {
    await ask();
    body.send(text('Cut ')).end();
    await settled();
    expect(said()).toEqual(['Cut ']);
    expect(vendor.failure).toMatchObject({ kind: 'truncated', retryable: true });
  });

  it('that is cut off is closed', async () => {
    await ask();
    body.send(text('Cut '));
    await settled();
    body.drop();
    await settled();
    expect(vendor.failure).toMatchObject({ kind: 'closed', retryable: true });
  });

  it.each([
    ['server_error', true],
    ['insufficient_quota', false],
  ])('with the error %s inside: retryable %s', async (code, retryable) => {
    await ask();
    body.send(text('So far '), { error: { message: 'm', type: 'server_error', param: null, code } }).end();
    await settled();
    expect(vendor.failure).toMatchObject({ kind: 'protocol', retryable });
    expect(vendor.failure?.detail).toContain(code);
  });

  it('that holds no JSON fails, and its words reach no log', async () => {
    const logs = (['log', 'warn', 'error', 'info', 'debug'] as const).map((level) =>
      vi.spyOn(console, level).mockReturnValue(undefined),
    );
    await ask();
    body.send('{"choices":[{"delta":{"content":"a secret').end();
    await settled();
    expect(vendor.failure).toMatchObject({ kind: 'protocol', retryable: true });
    expect(logs.flatMap((log) => log.mock.calls)).toEqual([]);
  });
});

describe('the function that ends the call', () => {
  const ends = (outcome: string) => [
    { type: 'model.end-call', ask: 1, outcome },
    { type: 'model.done', ask: 1 },
  ];
  const finished = async (...events: readonly object[]) => {
    body.send(...events, finish('tool_calls'), usage, '[DONE]').end();
    await settled();
  };

  it('is reported once, after the words and before the end', async () => {
    await ask();
    body.send(role, text('Goodbye.'), opening(0, 'end_call'), piece(0, '{"outcome":"booked"}'));
    await settled();
    expect(vendor.all('model.end-call')).toEqual([]);
    await finished();
    expect(vendor.news).toEqual([{ type: 'model.text', ask: 1, text: 'Goodbye.' }, ...ends('booked')]);
  });

  it('needs no words', async () => {
    await ask();
    await finished(opening(0, 'end_call'), piece(0, '{"outcome":"voicemail"}'));
    expect(vendor.news).toEqual(ends('voicemail'));
  });

  it.each(OUTCOMES)('is understood as %s wherever its arguments are torn apart', async (outcome) => {
    // An escaped letter and a surrogate pair are what a cut can tear apart.
    const text = `{"note":"\\u0062 👋","outcome":"${outcome.replace('b', '\\u0062')}"}`;
    for (let at = 0; at <= text.length; at++) {
      vendor = new Surround();
      body = new Body();
      vendor.answer = ({ signal }) => body.response(signal);
      await ask();
      await finished(opening(0, 'end_call'), piece(0, text.slice(0, at)), piece(0, text.slice(at)));
      expect(vendor.news, `at ${at}`).toEqual(ends(outcome));
    }
  });

  it('is understood unit by unit, and byte by byte', async () => {
    await ask();
    const pieces = Array.from('{"outcome":"not-interested"}', (unit) => piece(0, unit));
    for (const event of [opening(0, 'end_call'), ...pieces]) {
      for (const byte of body.event(event)) body.bytes(Uint8Array.of(byte));
    }
    await finished();
    expect(vendor.news).toEqual(ends('not-interested'));
  });

  it.each([
    ['no JSON', '{"outcome":"boo'],
    ['nothing', ''],
    ['no object', '"booked"'],
    ['an unknown outcome', '{"outcome":"sold"}'],
    ['no outcome', '{}'],
  ])('with %s as arguments still ends the call, undecided', async (_, broken) => {
    await ask();
    await finished(opening(0, 'end_call'), piece(0, broken));
    expect(vendor.news).toEqual(ends('no-decision'));
  });

  it('is the only one: another function is ignored', async () => {
    await ask();
    await finished(text('Fine.'), opening(0, 'book'), piece(0, '{"outcome":"booked"}'));
    expect(vendor.news.map(({ type }) => type)).toEqual(['model.text', 'model.done']);
  });

  it('counts once among several calls, the first that can be read', async () => {
    await ask();
    const events = [
      opening(0, 'book'),
      opening(1, 'end_call'),
      opening(2, 'end_call'),
      opening(3, 'end_call'),
    ];
    const mixed = [piece(3, '{"outcome":"callback"}'), piece(2, '{"outcome":'), piece(1, '{"out')];
    await finished(...events, ...mixed, piece(2, '"booked"}'), piece(0, '{}'));
    expect(vendor.news).toEqual(ends('booked'));
  });

  it.each([
    [
      'whole and without an index',
      [tool({ id: 'c', function: { name: 'end_call', arguments: '{"outcome":"booked"}' } })],
    ],
    [
      'in pieces without an index',
      [
        tool({ function: { name: 'book', arguments: '{}' } }),
        tool({ function: { name: 'end_call', arguments: '{"outcome"' } }),
        tool({ function: { arguments: ':"booked"}' } }),
      ],
    ],
    [
      'with its name in every piece',
      [
        tool({ index: 0, function: { name: 'end_call', arguments: '{"outcome"' } }),
        tool({ index: 0, function: { name: 'end_call', arguments: ':"booked"}' } }),
      ],
    ],
    [
      'in the chunk of the role',
      [
        {
          choices: [
            {
              index: 0,
              delta: {
                role: 'assistant',
                content: null,
                tool_calls: [{ index: 0, function: { name: 'end_call', arguments: '{"outcome":"booked"}' } }],
              },
              finish_reason: null,
            },
          ],
        },
      ],
    ],
  ])('may come %s', async (_, events) => {
    await ask();
    await finished(...events);
    expect(vendor.news).toEqual(ends('booked'));
  });

  it('of an unreadable form is ignored', async () => {
    await ask();
    const odd = {
      choices: [{ index: 0, delta: { tool_calls: 'end_call', content: 'Hm.' }, finish_reason: null }],
    };
    await finished(odd);
    expect(vendor.news.map(({ type }) => type)).toEqual(['model.text', 'model.done']);
  });

  it('does not count in a stream that was cut off, or whose reply was cancelled', async () => {
    const model = await ask();
    body.send(text('Bye.'), opening(0, 'end_call'), piece(0, '{"outcome":"booked"}')).end();
    await settled();
    expect(vendor.news.map(({ type }) => type)).toEqual(['model.text', 'model.failed']);
    body = new Body();
    model.ask(2, messages);
    await settled();
    body.send(opening(0, 'end_call'), piece(0, '{"outcome":'));
    await settled();
    model.cancel(2);
    await settled();
    expect(vendor.requests[1]?.signal?.aborted).toBe(true);
    expect(vendor.news).toHaveLength(2);
  });

  it('keeps a stream from counting as stalled', async () => {
    const model = await ask();
    body.send(opening(0, 'end_call'));
    await settled();
    vendor.pass(model, 4999);
    body.send(piece(0, '{"outcome":'));
    await settled();
    vendor.pass(model, 4999);
    expect(vendor.failure).toBeUndefined();
  });

  it.each([
    ['Ollama', 400, 'gemma3:4b does not support tools', null],
    ['vLLM', 400, '"auto" tool choice requires --enable-auto-tool-choice', null],
    ['OpenAI', 400, 'Function tools with reasoning_effort are not supported', 'reasoning_effort'],
    ['a validator', 422, 'Extra inputs are not permitted', 'body.tools'],
  ])(
    'is left out after %s refused it, and the request can be made again',
    async (_, status, message, param) => {
      const error = { message, type: 'api_error', param, code: null };
      vendor.answer = () => Response.json({ error }, { status });
      const model = await ask();
      expect(vendor.failure).toMatchObject({ kind: 'refused', retryable: true });
      vendor.answer = ({ signal }) => body.response(signal);
      model.ask(2, messages);
      await settled();
      body.send(text('Hi.'), finish('stop'), '[DONE]').end();
      await settled();
      expect(vendor.news.at(-1)).toEqual({ type: 'model.done', ask: 2 });
      expect(Object.keys(vendor.requests[1]?.body ?? {}).filter((key) => key.includes('tool'))).toEqual([]);
      vendor.answer = () => Response.json({ error }, { status });
      model.ask(3, messages);
      await settled();
      expect(vendor.all('model.failed').at(-1)?.failure.retryable).toBe(false);
    },
  );
});

describe('cancel', () => {
  it('stops the request in the middle of its stream, without news', async () => {
    const model = await ask();
    body.send(text('One '));
    await settled();
    model.cancel(1);
    await settled();
    expect(vendor.requests[0]?.signal?.aborted).toBe(true);
    expect(vendor.news).toHaveLength(1);
    expect(model.deadline).toBeUndefined();
  });

  it('stops a request that has no answer yet, without news', async () => {
    vendor.answer = ({ signal }) => never(signal);
    const model = await ask();
    model.close();
    await settled();
    expect(vendor.requests[0]?.signal?.aborted).toBe(true);
    expect(vendor.news).toEqual([]);
  });

  it('holds for text that came with the text that led to it', async () => {
    const model = await ask();
    const { report } = vendor.around;
    Object.assign(vendor.around, {
      report: (event: Parameters<typeof report>[0]) => {
        report(event);
        model.cancel(1);
      },
    });
    body.bytes(Buffer.concat([body.event(text('One ')), body.event(text('two '))]));
    await settled();
    expect(said()).toEqual(['One ']);
  });

  it('leaves other replies alone', async () => {
    const model = await ask(1);
    const first = body;
    body = new Body();
    model.ask(2, messages);
    await settled();
    first.send(text('late'));
    model.cancel(1);
    body.send(text('now'), finish('stop'), '[DONE]').end();
    await settled();
    expect(vendor.news).toEqual([
      { type: 'model.text', ask: 2, text: 'now' },
      { type: 'model.done', ask: 2 },
    ]);
  });
});

describe('a stall', () => {
  it('is no first token for 4 s', async () => {
    vendor.answer = ({ signal }) => never(signal);
    const model = await ask();
    vendor.pass(model, 3999);
    expect(vendor.news).toEqual([]);
    vendor.pass(model, 1);
    expect(vendor.failure).toMatchObject({ kind: 'stalled', retryable: true });
    expect(vendor.requests[0]?.signal?.aborted).toBe(true);
    await settled();
    expect(vendor.news).toHaveLength(1);
  });

  it.each([
    ['nothing but headers', () => undefined],
    ['a role', () => body.send(role)],
    ['empty chunks', () => body.send(text(''))],
    ['chunks without a choice', () => body.send(usage)],
    ['comments that keep the connection alive', () => body.bytes(Buffer.from(': ping\n\n'))],
  ])('is no first token for 4 s, whatever else comes: %s', async (_, comes) => {
    const model = await ask();
    for (let i = 0; i < 3; i++) {
      comes();
      await settled();
      vendor.pass(model, 1300);
    }
    vendor.pass(model, 99);
    expect(vendor.news).toEqual([]);
    vendor.pass(model, 1);
    expect(vendor.failure).toMatchObject({ kind: 'stalled', retryable: true });
    expect(vendor.requests[0]?.signal?.aborted).toBe(true);
  });

  it('is a body that only keeps its connection alive for 5 s', async () => {
    const model = await ask();
    body.send(text('word '));
    await settled();
    for (let i = 0; i < 3; i++) {
      vendor.pass(model, 1600);
      body.send(text('')).bytes(Buffer.from(': ping\n\n'));
      await settled();
    }
    vendor.pass(model, 199);
    expect(vendor.failure).toBeUndefined();
    vendor.pass(model, 1);
    expect(vendor.failure).toMatchObject({ kind: 'stalled', retryable: true });
  });

  it('of one request leaves another alone', async () => {
    const model = await ask(1);
    vendor.pass(model, 3000);
    model.ask(2, messages);
    await settled();
    vendor.pass(model, 1000);
    expect(vendor.all('model.failed').map((event) => event.ask)).toEqual([1]);
    expect(vendor.requests.map(({ signal }) => signal?.aborted)).toEqual([true, false]);
  });

  it('is a pause of 5 s between tokens', async () => {
    const model = await ask();
    for (let i = 0; i < 3; i++) {
      vendor.pass(model, 3900);
      body.send(text('word '));
      await settled();
    }
    vendor.pass(model, 4999);
    expect(vendor.failure).toBeUndefined();
    vendor.pass(model, 1);
    expect(vendor.failure).toMatchObject({ kind: 'stalled' });
    expect(vendor.requests[0]?.signal?.aborted).toBe(true);
  });
});

describe('failures', () => {
  it.each([
    [400, 'invalid_request_error', 'context_length_exceeded', 'refused', false, false],
    [401, 'invalid_request_error', 'invalid_api_key', 'refused', false, true],
    [403, 'invalid_request_error', 'unsupported_country', 'refused', false, true],
    [404, 'invalid_request_error', 'model_not_found', 'refused', false, true],
    [408, 'server_error', null, 'refused', true, false],
    [409, 'server_error', null, 'refused', true, false],
    [429, 'requests', 'rate_limit_exceeded', 'rate-limited', true, false],
    [429, 'insufficient_quota', 'insufficient_quota', 'rate-limited', false, true],
    [429, 'insufficient_quota', null, 'rate-limited', false, true],
    [429, 'requests', 'credit_balance_exhausted', 'rate-limited', false, true],
    [429, 'requests', 'organization_spend_limit_exceeded', 'rate-limited', false, true],
    [429, 'requests', 'project_spend_limit_exceeded', 'rate-limited', false, true],
    [429, 'requests', 'organization_usage_limit_exceeded', 'rate-limited', false, true],
    [500, 'server_error', 'server_error', 'refused', true, false],
    [502, 'server_error', null, 'refused', true, false],
    [503, 'server_error', 'server_is_overloaded', 'refused', true, false],
    [504, 'server_error', null, 'refused', true, false],
  ])('%i %s %s: %s, retryable %s, elsewhere %s', async (status, type, code, kind, retryable, elsewhere) => {
    const error = { message: 'what the caller said', type, param: null, code };
    vendor.answer = () => Response.json({ error }, { status });
    await ask();
    const detail = `the model answered ${status} ${code ?? type}`;
    const failure = { kind, retryable, ...(elsewhere ? { elsewhere } : {}), detail };
    expect(vendor.news).toEqual([{ type: 'model.failed', ask: 1, failure }]);
    expect(vendor.requests).toHaveLength(1);
  });

  it('nobody answers: unreachable, retryable, not tried again here', async () => {
    vendor.answer = () => Promise.reject(new TypeError('fetch failed'));
    await ask();
    expect(vendor.failure).toMatchObject({ kind: 'unreachable', retryable: true });
    expect(vendor.requests).toHaveLength(1);
  });
});
