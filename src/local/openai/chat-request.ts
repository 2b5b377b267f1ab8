import * as v from 'valibot';
import type { ChatMessage } from '../sources.ts';
import { BadRequest } from './bad-request.ts';
import { refuseTools, toolChoice, tools } from './tools.ts';

const contentPart = v.looseObject({ type: v.string(), text: v.optional(v.string()) });

const message = v.looseObject({
  role: v.picklist(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: v.optional(v.nullable(v.union([v.string(), v.array(contentPart)]))),
});

const effort = v.picklist(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);

const chatRequest = v.looseObject({
  model: v.pipe(v.string(), v.nonEmpty()),
  messages: v.pipe(v.array(message), v.minLength(1)),
  stream: v.optional(v.nullable(v.boolean())),
  stream_options: v.optional(
    v.nullable(
      v.strictObject({
        include_usage: v.optional(v.boolean()),
        include_obfuscation: v.optional(v.boolean()),
      }),
    ),
  ),
  reasoning_effort: v.optional(v.nullable(effort)),
  verbosity: v.optional(v.nullable(v.picklist(['low', 'medium', 'high']))),
  max_completion_tokens: v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1)))),
  max_tokens: v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1)))),
  temperature: v.optional(v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(2)))),
  top_p: v.optional(v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1)))),
  service_tier: v.optional(v.nullable(v.picklist(['auto', 'default', 'flex', 'scale', 'priority', 'fast']))),
  tools: v.optional(v.nullable(tools)),
  tool_choice: v.optional(v.nullable(toolChoice)),
  parallel_tool_calls: v.optional(v.nullable(v.boolean())),
});
type RawRequest = v.InferOutput<typeof chatRequest>;

/** What a Chat Completions request asks for. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  /** The names of the tools the model may call. */
  readonly functions: readonly string[];
  readonly stream: boolean;
  readonly usage: boolean;
  readonly obfuscation: boolean;
  readonly tier: string;
  readonly mostTokens: number;
}

/** Reads a request body as the vendor would, its traps for reasoning models included. Throws `BadRequest`. */
export function readChatRequest(body: unknown): ChatRequest {
  const read = v.safeParse(chatRequest, body);
  if (!read.success) {
    const [issue] = read.issues;
    const path = v.getDotPath(issue);
    throw new BadRequest(
      `Invalid value for '${path ?? 'body'}': expected ${issue.expected ?? 'another'}.`,
      path,
    );
  }
  const request = read.output;
  refuseTraps(request);
  const tier = request.service_tier ?? 'auto';
  return {
    model: request.model,
    messages: request.messages.map(({ role, content }) => ({ role, content: textOf(content) })),
    functions: functionsOf(request),
    stream: request.stream ?? false,
    usage: request.stream_options?.include_usage ?? false,
    obfuscation: request.stream_options?.include_obfuscation ?? true,
    tier: tier === 'auto' ? 'default' : tier,
    mostTokens: request.max_completion_tokens ?? request.max_tokens ?? Number.POSITIVE_INFINITY,
  };
}

/** Models that reason refuse sampling settings and the old token limit; other vendors' models take them. */
const REASONING_MODEL = /^(gpt-[56]|o\d)/;
/** Models that refuse function tools unless effort is none, and the effort `minimal`. */
const STRICT_MODEL = /^gpt-(5\.6|6)/;

function refuseTraps(request: RawRequest): void {
  if (request.stream_options && !request.stream) {
    throw new BadRequest(
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
      'stream_options',
    );
  }
  refuseTools(request);
  if (!REASONING_MODEL.test(request.model)) return;
  if (typeof request.max_tokens === 'number') {
    const text = "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    throw new BadRequest(`Unsupported parameter: ${text}`, 'max_tokens', 'unsupported_parameter');
  }
  for (const name of ['temperature', 'top_p'] as const) {
    if ((request[name] ?? 1) === 1) continue;
    const text = `'${name}' does not support ${request[name]} with this model. Only the default (1) value is supported.`;
    throw new BadRequest(`Unsupported value: ${text}`, name, 'unsupported_value');
  }
  if (!STRICT_MODEL.test(request.model)) return;
  if (request.reasoning_effort === 'minimal') {
    const text = "'reasoning_effort' does not support 'minimal' with this model.";
    throw new BadRequest(`Unsupported value: ${text}`, 'reasoning_effort', 'unsupported_value');
  }
  if ((request.tools?.length ?? 0) > 0 && request.reasoning_effort !== 'none') {
    const text =
      `Function tools with reasoning_effort are not supported for ${request.model} in /v1/chat/completions. ` +
      "To use function tools, use /v1/responses or set reasoning_effort to 'none'.";
    throw new BadRequest(text, 'reasoning_effort');
  }
}

function functionsOf({ tools, tool_choice: choice }: RawRequest): string[] {
  if (choice === 'none') return [];
  return (tools ?? []).flatMap(({ function: offered }) => (offered === undefined ? [] : [offered.name]));
}

function textOf(content: RawRequest['messages'][number]['content']): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => part.text ?? '').join('');
}
