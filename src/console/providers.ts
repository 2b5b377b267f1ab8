import * as v from 'valibot';
import { element } from './page.ts';
import { honestWords, type Providers, type Role, roles } from './words.ts';

const place = v.picklist(['local', 'live', 'missing']);
const health = v.object({
  providers: v.object({ stt: place, llm: place, tts: place }),
  /** What is wrong with the server's settings, for whoever runs it. */
  problems: v.optional(v.array(v.string()), []),
});

export type Health = v.InferOutput<typeof health>;

/** What the server says of itself; `undefined` if it cannot be reached or says something else. */
export async function askHealth(): Promise<Health | undefined> {
  try {
    const response = await fetch('/health', { cache: 'no-store' });
    return v.parse(health, await response.json());
  } catch {
    // Unreachable and unreadable come to the same for the page: the server's state is not known.
    return undefined;
  }
}

/** Shows who listens, thinks and speaks, and what the local ones cannot do. */
export function showProviders(providers: Providers): void {
  const order: readonly Role[] = ['stt', 'llm', 'tts'];
  element('providers', HTMLUListElement).replaceChildren(...order.map((role) => chip(role, providers[role])));
  const honest = element('honest', HTMLElement);
  honest.textContent = honestWords(providers);
  honest.hidden = honest.textContent === '';
}

function chip(role: Role, where: Providers[Role]): HTMLLIElement {
  const item = document.createElement('li');
  item.dataset['place'] = where;
  const name = document.createElement('b');
  name.textContent = where === 'missing' ? 'missing' : roles[role][where];
  item.append(`${roles[role].name} `, name);
  return item;
}
