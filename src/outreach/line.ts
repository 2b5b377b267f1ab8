/** What a line may name: the playbook's own facts, the prospect's, and what the caller said during the call. */
export const variableNames = [
  'agent.name',
  'agent.company',
  'product.name',
  'prospect.name',
  'prospect.company',
  'prospect.role',
  'heard.day',
  'heard.slot',
  'heard.email',
  'heard.phone',
] as const;

export type VariableName = (typeof variableNames)[number];

/** Values for variables; a missing or empty one makes `fill` fall back to the plain text. */
export type Variables = Readonly<Partial<Record<VariableName, string>>>;

/**
 * Something the agent says. `text` may name any variable as `{{prospect.name}}`; `plain` is said when one of
 * them is unknown, so it may only name `agent.*` and `product.*`, which every playbook has. A bare string is
 * a line that needs no fallback and keeps the rule of `plain`.
 */
export type Line = string | { readonly text: string; readonly plain: string };

/** The line with its variables filled in; never a placeholder. Throws if even the plain text lacks a value. */
export function fill(line: Line, variables: Variables): string {
  if (typeof line === 'string') return fillPlain(line, variables);
  return fillAll(line.text, variables) ?? fillPlain(line.plain, variables);
}

/** The names a text uses between double braces, known or not, in order of appearance. */
export function variablesIn(text: string): string[] {
  return Array.from(text.matchAll(placeholder), (match) => (match[1] ?? '').trim());
}

/** Whether a name is always known, prospect or not, and so allowed in a plain text. */
export function isFixed(name: string): boolean {
  return name === 'agent.name' || name === 'agent.company' || name === 'product.name';
}

const placeholder = /\{\{([^{}]*)\}\}/g;

function fillPlain(text: string, variables: Variables): string {
  const filled = fillAll(text, variables);
  if (filled === undefined) throw new Error(`no value for every variable of the plain line "${text}"`);
  return filled;
}

function fillAll(text: string, variables: Variables): string | undefined {
  let complete = true;
  const filled = text.replace(placeholder, (_, raw: string) => {
    const name = variableNames.find((known) => known === raw.trim());
    const value = name && variables[name];
    if (!value) complete = false;
    return value ?? '';
  });
  return complete ? filled : undefined;
}
