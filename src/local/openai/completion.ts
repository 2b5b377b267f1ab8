import { randomUUID } from 'node:crypto';
import type { ModelAnswer, ToolCall } from '../sources.ts';
import type { ChatRequest } from './chat-request.ts';
import { tokensOf } from './tokens.ts';

/** Says in every response that no language model wrote it. */
const FINGERPRINT = 'vantum-scripted-agent';
/** A piece of a tool call's arguments, in characters. */
const ARGUMENT_PIECE = 8;
/** Random characters behind `call_` in the id of a tool call. */
const CALL_ID_LENGTH = 24;

type Finish = 'stop' | 'length' | 'tool_calls';
type Delta = Readonly<Record<string, unknown>>;

/** One answer of the model in the vendor's objects. */
export class Completion {
  /** The deltas that carry content, one for each token, then those of the tool calls. */
  readonly deltas: readonly Delta[];
  readonly #request: ChatRequest;
  readonly #answer: ModelAnswer;
  readonly #calls: readonly Call[];
  readonly #text: string;
  readonly #isWhole: boolean;
  readonly #isRefusal: boolean;
  readonly #id = `chatcmpl-${randomUUID().replaceAll('-', '')}`;
  readonly #created = Math.floor(Date.now() / 1000);

  constructor(request: ChatRequest, answer: ModelAnswer) {
    this.#request = request;
    this.#answer = answer;
    this.#isRefusal = answer.refusal !== undefined;
    const tokens = tokensOf(answer.refusal ?? answer.content);
    const calls = answer.toolCalls.map(callOf);
    const spoken = tokens.map((token) => (this.#isRefusal ? { refusal: token } : { content: token }));
    const deltas = [...spoken, ...calls.flatMap(callDeltas)];
    this.deltas = deltas.slice(0, request.mostTokens);
    this.#isWhole = this.deltas.length === deltas.length;
    this.#text = tokens.slice(0, request.mostTokens).join('');
    this.#calls = this.#isWhole ? calls : [];
  }

  roleChunk(): object {
    const hasText = this.#answer.content !== '' || this.#answer.toolCalls.length === 0;
    return this.chunk({ role: 'assistant', content: hasText ? '' : null, refusal: null });
  }

  chunk(delta: Delta, finish: Finish | null = null): object {
    return this.#envelope('chat.completion.chunk', {
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...(this.#request.usage ? { usage: null } : {}),
      ...(this.#request.obfuscation ? { obfuscation: padding() } : {}),
    });
  }

  finishChunk(): object {
    return this.chunk({}, this.#finish);
  }

  usageChunk(): object {
    return this.#envelope('chat.completion.chunk', {
      choices: [],
      usage: this.#usage,
      ...(this.#request.obfuscation ? { obfuscation: padding() } : {}),
    });
  }

  /** The whole answer, for a request that does not stream; a tool call that was cut off is left out of it. */
  whole(): object {
    const text = this.#text;
    const calls = this.#calls;
    const message = {
      role: 'assistant',
      content: this.#isRefusal || (text === '' && calls.length > 0) ? null : text,
      refusal: this.#isRefusal ? text : null,
      annotations: [],
      ...(calls.length > 0 ? { tool_calls: calls } : {}),
    };
    return this.#envelope('chat.completion', {
      choices: [{ index: 0, message, logprobs: null, finish_reason: this.#finish }],
      usage: this.#usage,
    });
  }

  get #finish(): Finish {
    if (!this.#isWhole) return 'length';
    return this.#calls.length > 0 ? 'tool_calls' : 'stop';
  }

  get #usage(): object {
    const prompt = this.#request.messages.reduce((sum, { content }) => sum + tokensOf(content).length, 0);
    const completion = this.deltas.length;
    return {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    };
  }

  #envelope(object: string, rest: object): object {
    return {
      id: this.#id,
      object,
      created: this.#created,
      model: this.#request.model,
      service_tier: this.#request.tier,
      system_fingerprint: FINGERPRINT,
      ...rest,
    };
  }
}

interface Call {
  readonly id: string;
  readonly type: 'function';
  readonly function: ToolCall;
}

function callOf(call: ToolCall): Call {
  const id = `call_${randomUUID().replaceAll('-', '').slice(0, CALL_ID_LENGTH)}`;
  return { id, type: 'function', function: call };
}

function callDeltas({ id, type, function: { name, arguments: text } }: Call, index: number): Delta[] {
  const opening = { index, id, type, function: { name, arguments: '' } };
  const pieces = pieced(text, ARGUMENT_PIECE).map((piece) => ({ index, function: { arguments: piece } }));
  return [opening, ...pieces].map((call) => ({ tool_calls: [call] }));
}

function pieced(text: string, length: number): string[] {
  return Array.from({ length: Math.ceil(text.length / length) }, (_, i) =>
    text.slice(i * length, (i + 1) * length),
  );
}

const LONGEST_PADDING = 12;

/** Random characters that hide a chunk's length from who watches the wire. */
function padding(): string {
  return randomUUID()
    .replaceAll('-', '')
    .slice(0, 1 + Math.floor(Math.random() * LONGEST_PADDING));
}
