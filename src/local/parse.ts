import * as v from 'valibot';

/**
 * Reads a value by its schema, or throws an `Error` with one sentence for every field that is wrong:
 * where it is, what is accepted, what came. `name` says what was read.
 */
export function parse<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  name: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const problems = result.issues.map((issue) => `${v.getDotPath(issue) ?? name}: ${issue.message}`);
  throw new Error(`${name} is not usable. ${problems.join('; ')}`);
}

/**
 * The first thing wrong with a client's frame, as place and expectation; `undefined` when it fits.
 * What came is left out, because frames carry spoken words.
 */
export function misfit(schema: v.GenericSchema, value: unknown): string | undefined {
  const result = v.safeParse(schema, value);
  if (result.success) return undefined;
  const [issue] = result.issues;
  return `${v.getDotPath(issue) ?? 'message'}: expected ${issue.expected ?? 'another value'}`;
}

/** The JSON in `text`, or `undefined` if it is not JSON. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
