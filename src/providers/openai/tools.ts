import type { APIError } from 'openai';
import type { ChatCompletionFunctionTool } from 'openai/resources/chat/completions';
import * as v from 'valibot';
import { OUTCOMES, type Outcome } from '../../outreach/outcome.ts';
import { END_CALL } from '../../outreach/prompt.ts';

/** The function by which the model hangs up. Strict schemas need every property required and no others (OpenAI). */
export const endCallTool: ChatCompletionFunctionTool = {
  type: 'function',
  function: {
    name: END_CALL,
    description:
      'Hangs up as soon as the words of this answer have been heard. Call it in the answer that says goodbye, and in no other.',
    parameters: {
      type: 'object',
      properties: { outcome: { type: 'string', enum: [...OUTCOMES], description: 'How the call ended.' } },
      required: ['outcome'],
      additionalProperties: false,
    },
    strict: true,
  },
};

// One odd field does not cost the others: that the model called at all is what matters most.
const fragments = v.array(
  v.looseObject({
    index: v.fallback(v.optional(v.number()), undefined),
    function: v.nullish(
      v.looseObject({
        name: v.fallback(v.nullish(v.string()), undefined),
        arguments: v.fallback(v.nullish(v.string()), undefined),
      }),
    ),
  }),
);
type Fragment = v.InferOutput<typeof fragments>[number];

const endCallArguments = v.pipe(v.string(), v.parseJson(), v.object({ outcome: v.picklist(OUTCOMES) }));

/** The function calls of one answer, put together from the fragments they are streamed in. */
export class FunctionCalls {
  readonly #calls = new Map<number, { name: string; text: string }>();

  /** Takes `delta.tool_calls` of one chunk; what has not their form is ignored. */
  add(toolCalls: unknown): void {
    const read = v.safeParse(fragments, toolCalls);
    if (read.success) for (const fragment of read.output) this.#append(fragment);
  }

  /**
   * How the model wants the call to end, or undefined when it did not ask for it. Arguments that cannot be read leave
   * the wish, with the outcome `no-decision`; other functions are ignored.
   */
  get ending(): Outcome | undefined {
    const endings = [...this.#calls.values()].filter(({ name }) => name === END_CALL);
    for (const { text } of endings) {
      const read = v.safeParse(endCallArguments, text);
      if (read.success) return read.output.outcome;
    }
    return endings.length > 0 ? 'no-decision' : undefined;
  }

  #append({ index, function: piece }: Fragment): void {
    const name = piece?.name ?? '';
    // Gemini's compatible server sends no index; there a name begins a call.
    const at = index ?? (name === '' ? this.#calls.size - 1 : this.#calls.size);
    const call = this.#calls.get(at) ?? { name: '', text: '' };
    call.name ||= name;
    call.text += piece?.arguments ?? '';
    this.#calls.set(at, call);
  }
}

/**
 * With which servers answer a request whose tools they cannot take. OpenAI itself does so for gpt-5.6 and gpt-6 unless
 * the reasoning effort is none; Ollama ("does not support tools") and vLLM ("auto tool choice requires") answer 400.
 */
const TOOL_REFUSALS: readonly (number | undefined)[] = [400, 404, 422, 500, 501];

/** Whether a server refused a request because of the tools in it, as far as its message tells. */
export function refusesTools({ status, message, param }: APIError): boolean {
  return TOOL_REFUSALS.includes(status) && /tool|function/i.test(`${message} ${param ?? ''}`);
}
