import OpenAI, { APIConnectionError, APIError } from 'openai';
import type { ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';
import type { ModelConfig } from '../../config.ts';
import { earliest } from '../../conversation/deadline.ts';
import type { Failure, Message } from '../../conversation/events.ts';
import type { Outcome } from '../../outreach/outcome.ts';
import type { Model, Surroundings } from '../ports.ts';
import { isTransient } from '../socket.ts';
import { endCallTool, FunctionCalls, refusesTools } from './tools.ts';

/** How long the first token may take, in ms; a caller has long noticed by then. */
const FIRST_TOKEN_MS = 4000;
/** How long a stream may pause between two tokens, in ms. The SDK's own timeout ends with the headers. */
const BODY_STALL_MS = 5000;
/** Codes of a 429 that no retry can heal: the account is empty or capped (OpenAI, error codes). */
const SPENT_CODES: readonly string[] = [
  'insufficient_quota',
  'credit_balance_exhausted',
  'organization_spend_limit_exceeded',
  'project_spend_limit_exceeded',
  'organization_usage_limit_exceeded',
];

/** The first request of an isolate takes the SDK some milliseconds longer, which no caller should wait for. */
let rehearsed = false;

interface Ask {
  readonly reply: number;
  readonly abort: AbortController;
  readonly withTools: boolean;
  due: number;
}

/**
 * OpenAI Chat Completions, or any server that speaks it, through the official SDK without its retries. The model is
 * offered a function to end the call. When a server refuses that, the request fails as retryable and later ones go
 * without it: the call is held, and the caller ends it.
 */
export class OpenAIModel implements Model {
  readonly #around: Surroundings;
  readonly #config: ModelConfig;
  readonly #client: OpenAI;
  readonly #asks = new Map<number, Ask>();
  #takesTools = true;

  constructor(config: ModelConfig, around: Surroundings) {
    this.#config = config;
    this.#around = around;
    this.#client = new OpenAI({
      apiKey: config.apiKey,
      baseURL: config.baseUrl,
      fetch: (url, init) => around.fetch(String(url), init as RequestInit), // the SDK's own init type is a subset
      maxRetries: 0,
      // Its log would repeat what the model said.
      logLevel: 'off',
    });
  }

  get deadline(): number | undefined {
    let due: number | undefined;
    for (const ask of this.#asks.values()) due = earliest(due, ask.due);
    return due;
  }

  prepare(): void {
    if (rehearsed) return;
    rehearsed = true;
    void this.#rehearse();
  }

  ask(reply: number, messages: readonly Message[]): void {
    const ask: Ask = {
      reply,
      abort: new AbortController(),
      withTools: this.#takesTools,
      due: this.#around.now() + FIRST_TOKEN_MS,
    };
    this.#asks.set(reply, ask);
    void this.#stream(ask, messages);
  }

  cancel(reply: number): void {
    this.#asks.get(reply)?.abort.abort();
    this.#asks.delete(reply);
  }

  tick(now: number): void {
    for (const ask of this.#asks.values()) {
      if (now < ask.due) continue;
      this.#fail(ask, { kind: 'stalled', retryable: true, detail: 'the model stopped sending' });
      ask.abort.abort();
    }
  }

  close(): void {
    for (const reply of [...this.#asks.keys()]) this.cancel(reply);
  }

  /** Builds a request and reads a stream as in earnest, but the request is answered here and goes nowhere. */
  async #rehearse(): Promise<void> {
    const answer = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
    const headers = { 'content-type': 'text/event-stream' };
    const client = this.#client.withOptions({ fetch: async () => new Response(answer, { headers }) });
    const request = this.#request({ withTools: true }, [{ role: 'user', content: '' }]);
    try {
      for await (const _ of await client.chat.completions.create(request));
    } catch {
      // Nothing came of it, as was meant.
    }
  }

  async #stream(ask: Ask, messages: readonly Message[]): Promise<void> {
    const calls = new FunctionCalls();
    try {
      const stream = await this.#client.chat.completions.create(this.#request(ask, messages), {
        signal: ask.abort.signal,
      });
      let finish: string | null = null;
      for await (const { choices } of stream) {
        ask.due = this.#around.now() + BODY_STALL_MS;
        // The chunk that tells the usage has no choice.
        const [choice] = choices;
        finish = choice?.finish_reason ?? finish;
        calls.add(choice?.delta.tool_calls);
        // A refusal is a sentence to the caller like any other.
        const text = choice?.delta.content || choice?.delta.refusal;
        if (text && this.#isLive(ask)) this.#around.report({ type: 'model.text', reply: ask.reply, text });
      }
      this.#finish(ask, finish, calls.ending);
    } catch (error) {
      this.#fail(ask, this.#failureOf(ask, error));
    }
  }

  /** A stream that ends without saying why was cut off; the SDK does not treat that as an error. */
  #finish(ask: Ask, finish: string | null, outcome: Outcome | undefined): void {
    if (finish === null) {
      const detail = 'the stream ended without a finish reason';
      return this.#fail(ask, { kind: 'truncated', retryable: true, detail });
    }
    if (!this.#isLive(ask)) return;
    const { reply } = ask;
    this.#asks.delete(reply);
    if (outcome !== undefined) this.#around.report({ type: 'model.end-call', reply, outcome });
    this.#around.report({ type: 'model.done', reply });
  }

  #failureOf(ask: Ask, error: unknown): Failure {
    const failure = failureOf(error);
    if (!ask.withTools || !(error instanceof APIError) || !refusesTools(error)) return failure;
    this.#takesTools = false;
    return { ...failure, retryable: true };
  }

  #fail(ask: Ask, failure: Failure): void {
    if (!this.#isLive(ask)) return;
    this.#asks.delete(ask.reply);
    this.#around.report({ type: 'model.failed', reply: ask.reply, failure });
  }

  #isLive(ask: Ask): boolean {
    return this.#asks.get(ask.reply) === ask;
  }

  #request(
    { withTools }: Pick<Ask, 'withTools'>,
    messages: readonly Message[],
  ): ChatCompletionCreateParamsStreaming {
    const { model, maxTokens, reasoningEffort, place } = this.#config;
    const request: ChatCompletionCreateParamsStreaming = {
      model,
      messages: messages.map((message) => ({ ...message })),
      stream: true,
      max_completion_tokens: maxTokens,
    };
    if (reasoningEffort !== 'unset') request.reasoning_effort = reasoningEffort;
    if (withTools) {
      request.tools = [endCallTool];
      request.tool_choice = 'auto';
    }
    // What only OpenAI itself is known to accept; other servers may refuse a field they do not know.
    if (place === 'live') {
      request.stream_options = { include_usage: true, include_obfuscation: false };
      request.verbosity = 'low';
      request.store = false;
      if (withTools) request.parallel_tool_calls = false;
    }
    return request;
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof APIConnectionError) {
    return { kind: 'unreachable', retryable: true, detail: 'the model cannot be reached' };
  }
  if (error instanceof SyntaxError) {
    return { kind: 'protocol', retryable: true, detail: 'the model sent something else than JSON' };
  }
  if (!(error instanceof APIError)) {
    return { kind: 'closed', retryable: true, detail: 'the connection to the model was lost' };
  }
  const { status, code, type } = error;
  const spent = SPENT_CODES.includes(code ?? '') || SPENT_CODES.includes(type ?? '');
  return {
    kind: status === 429 ? 'rate-limited' : status === undefined ? 'protocol' : 'refused',
    retryable: !spent && (status === undefined || isTransient(status)),
    detail: `the model answered ${status ?? 'an error in its stream'} ${code ?? type ?? ''}`.trim(),
  };
}
