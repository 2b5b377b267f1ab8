/** The page's element with this id; throws if the page does not have it or it is of another kind. */
export function element<E extends HTMLElement>(id: string, kind: new () => E): E {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`page: #${id} must be a ${kind.name}, got ${found?.constructor.name ?? 'nothing'}`);
}
