import * as v from 'valibot';

const remembered = v.object({ ticket: v.string() });
const refused = v.object({ error: v.string() });

/**
 * The ticket of the link that led to this page, if one did. It is taken out of the address bar, where others can read
 * and copy it, and stays with this entry of the tab's history, so that the page can be reloaded.
 */
export function ticketOfLink(): string | undefined {
  const { hash, search, pathname } = location;
  const told = new URLSearchParams(hash.slice(1)).get('ticket') ?? new URLSearchParams(search).get('ticket');
  if (told !== null) history.replaceState({ ticket: told }, '', pathname);
  const state: unknown = history.state;
  return v.is(remembered, state) ? state.ticket : undefined;
}

/** Why the server would not let a caller with this ticket in, as a code; `undefined` if it would, or says nothing. */
export async function askRefusal(ticket: string | undefined): Promise<string | undefined> {
  const query = ticket === undefined ? '' : `?${new URLSearchParams({ ticket })}`;
  try {
    const response = await fetch(`/ws${query}`, { cache: 'no-store' });
    return v.parse(refused, await response.json()).error;
  } catch {
    // A server that cannot be reached or read is told of by its health.
    return undefined;
  }
}
