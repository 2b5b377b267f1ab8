import * as v from 'valibot';
import { BadRequest } from './bad-request.ts';

const parameters = v.looseObject({
  type: v.optional(v.string()),
  properties: v.optional(v.record(v.string(), v.unknown())),
  required: v.optional(v.array(v.string())),
  additionalProperties: v.optional(v.unknown()),
});

const offered = v.looseObject({
  name: v.pipe(v.string(), v.regex(/^[a-zA-Z0-9_-]{1,64}$/)),
  description: v.optional(v.string()),
  parameters: v.optional(parameters),
  strict: v.optional(v.nullable(v.boolean())),
});

/** The tools of a request; one that is no function keeps its own form. */
export const tools = v.array(
  v.variant('type', [
    v.looseObject({ type: v.literal('function'), function: offered }),
    v.looseObject({ type: v.literal('custom'), function: v.optional(v.undefined()) }),
  ]),
);

/** Which tool the model is to call. */
export const toolChoice = v.union([
  v.picklist(['none', 'auto', 'required']),
  v.looseObject({ type: v.string() }),
]);

interface ToolFields {
  readonly tools?: v.InferOutput<typeof tools> | null | undefined;
  readonly tool_choice?: unknown;
  readonly parallel_tool_calls?: unknown;
}

/** Throws `BadRequest` for what the vendor refuses about tools: settings without any, and loose strict schemas. */
export function refuseTools(request: ToolFields): void {
  const offers = request.tools ?? [];
  for (const name of ['tool_choice', 'parallel_tool_calls'] as const) {
    if (offers.length > 0 || (request[name] ?? undefined) === undefined) continue;
    throw new BadRequest(
      `Invalid value for '${name}': '${name}' is only allowed when 'tools' are specified.`,
      name,
    );
  }
  for (const [index, tool] of offers.entries()) {
    const fault = tool.function?.strict ? looseness(tool.function.parameters ?? {}) : undefined;
    if (fault === undefined) continue;
    throw new BadRequest(
      `Invalid schema for function '${tool.function?.name}': In context=(), ${fault}`,
      `tools[${index}].function.parameters`,
      'invalid_function_parameters',
    );
  }
}

/** What keeps a schema from being strict, or undefined. */
function looseness(schema: v.InferOutput<typeof parameters>): string | undefined {
  if (schema.type !== 'object') return "schema must have type 'object'.";
  if (schema.additionalProperties !== false)
    return "'additionalProperties' is required to be supplied and to be false.";
  const missing = Object.keys(schema.properties ?? {}).find((key) => !schema.required?.includes(key));
  if (missing === undefined) return undefined;
  return `'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`;
}
