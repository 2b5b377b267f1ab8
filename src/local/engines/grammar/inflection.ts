/**
 * Adds the regular forms of listed nouns and verbs to the lists of their classes (`plural`, `past`, `gerund`), behind
 * the words written there. `exists` says which spellings are words; forms that are listed anywhere are left alone.
 */
export function withRegularForms(
  lists: ReadonlyMap<string, readonly string[]>,
  exists: (word: string) => boolean,
): Map<string, readonly string[]> {
  const listed = new Set([...lists.values()].flat());
  const grown = new Map(lists);
  for (const { of, into, form } of FORMS) {
    const forms = (lists.get(of) ?? []).map(form).filter((word) => !listed.has(word) && exists(word));
    grown.set(into, [...(grown.get(into) ?? []), ...new Set(forms)]);
  }
  return grown;
}

const FORMS: readonly { readonly of: string; readonly into: string; form(word: string): string }[] = [
  { of: 'noun', into: 'plural', form: plural },
  { of: 'verb', into: 'past', form: past },
  { of: 'verb', into: 'gerund', form: (verb) => `${withoutSilentE(verb)}ing` },
];

function plural(noun: string): string {
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`;
  return /(?:s|x|ch|sh)$/.test(noun) ? `${noun}es` : `${noun}s`;
}

function past(verb: string): string {
  return /[^aeiou]y$/.test(verb) ? `${verb.slice(0, -1)}ied` : `${withoutSilentE(verb)}ed`;
}

function withoutSilentE(verb: string): string {
  return /[^e]e$/.test(verb) ? verb.slice(0, -1) : verb;
}
