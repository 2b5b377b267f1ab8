import OpenAI, { APIConnectionError, APIError } from 'openai';
import type {
  ChatCompletionChunk,
  ChatCompletionCreateParamsStreaming,
} from 'openai/resources/chat/completions';
import type { ModelConfig } from '../../config.ts';
import { earliest } from '../../conversation/deadline.ts';
import type { Failure, Message } from '../../conversation/events.ts';
import type { Model, Surroundings } from '../ports.ts';
import { codesOf, isTransient } from '../socket.ts';
import { endCallTool, FunctionCalls, refusesTools } from './tools.ts';

/** How long the first token may take, in ms, headers included; a caller has long noticed by then. */
const FIRST_TOKEN_MS = 4000;
/** How long a stream may pause between two tokens, in ms. The SDK's own timeout ends with the headers. */
const BODY_STALL_MS = 5000;
/** How long the end of a stream may be behind its finish reason, in ms: only the usage comes in between. */
const TRAILER_MS = 500;
/** Finish reasons of an answer that is not whole (OpenAI, `finish_reason`). */
const CUT_SHORT: readonly string[] = ['length', 'content_filter'];
/** Statuses by which a vendor refuses the key, the account or the name of the model, and not the request. */
const REFUSALS_OF_THE_CALL: readonly (number | undefined)[] = [401, 402, 403, 404];
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
  readonly number: number;
  readonly abort: AbortController;
  readonly withTools: boolean;
  readonly calls: FunctionCalls;
  due: number;
  /** Why the model stopped; null while it has not said that it did. */
  finish: string | null;
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

  ask(number: number, messages: readonly Message[]): void {
    const ask: Ask = {
      number,
      abort: new AbortController(),
      withTools: this.#takesTools,
      calls: new FunctionCalls(),
      due: this.#around.now() + FIRST_TOKEN_MS,
      finish: null,
    };
    this.#asks.set(number, ask);
    void this.#stream(ask, messages);
  }

  cancel(ask: number): void {
    this.#asks.get(ask)?.abort.abort();
    this.#asks.delete(ask);
  }

  tick(now: number): void {
    for (const ask of this.#asks.values()) {
      if (now < ask.due) continue;
      this.#finish(ask, { kind: 'stalled', retryable: true, detail: 'the model stopped sending' });
      ask.abort.abort();
    }
  }

  close(): void {
    for (const number of [...this.#asks.keys()]) this.cancel(number);
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
    try {
      const stream = await this.#client.chat.completions.create(this.#request(ask, messages), {
        signal: ask.abort.signal,
      });
      for await (const { choices } of stream) {
        // The chunk that tells the usage has no choice.
        if (choices[0] !== undefined) this.#read(ask, choices[0]);
      }
      // The SDK does not treat a stream that ends without saying why as an error.
      const detail = 'the stream ended without a finish reason';
      this.#finish(ask, { kind: 'truncated', retryable: true, detail });
    } catch (error) {
      this.#finish(ask, this.#failureOf(ask, error));
    }
  }

  #read(ask: Ask, { delta, finish_reason: finish }: ChatCompletionChunk.Choice): void {
    ask.calls.add(delta.tool_calls);
    // A refusal is a sentence to the caller like any other.
    const text = delta.content || delta.refusal;
    // A role alone, or a chunk with nothing in it, is no sign that an answer is on its way.
    if (text || delta.tool_calls) ask.due = this.#around.now() + BODY_STALL_MS;
    if (text && this.#isLive(ask)) this.#around.report({ type: 'model.text', ask: ask.number, text });
    if (!finish) return;
    ask.finish = finish;
    ask.due = this.#around.now() + TRAILER_MS;
  }

  /** The stream is over, or given up: whole if the model said why it stopped, else failed. */
  #finish(ask: Ask, failure: Failure): void {
    if (!this.#isLive(ask)) return;
    const { number, finish, calls } = ask;
    this.#asks.delete(number);
    if (finish === null) return this.#around.report({ type: 'model.failed', ask: number, failure });
    const outcome = calls.ending;
    if (outcome !== undefined) this.#around.report({ type: 'model.end-call', ask: number, outcome });
    const cut = CUT_SHORT.includes(finish) ? ({ cut: true } as const) : {};
    this.#around.report({ type: 'model.done', ask: number, ...cut });
  }

  #failureOf(ask: Ask, error: unknown): Failure {
    const failure = failureOf(error);
    if (!ask.withTools || !(error instanceof APIError) || !refusesTools(error)) return failure;
    this.#takesTools = false;
    return { ...failure, retryable: true };
  }

  #isLive(ask: Ask): boolean {
    return this.#asks.get(ask.number) === ask;
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
    ...(spent || REFUSALS_OF_THE_CALL.includes(status) ? { elsewhere: true } : {}),
    detail: `the model answered ${status ?? 'an error in its stream'} ${codesOf(code ?? type)}`.trim(),
  };
}
