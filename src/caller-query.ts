import * as v from 'valibot';
import type { Resume } from './opening.ts';
import { type Prospect, parseProspect } from './outreach/prospect.ts';
import { MAX_ID_LENGTH } from './protocol/limits.ts';

/** The person called, as the query of `/ws` names them. Throws `ProspectError`. */
export function prospectFrom(url: URL): Prospect {
  const { searchParams: query } = url;
  return parseProspect({ name: query.get('name'), company: query.get('company'), role: query.get('role') });
}

const sessionId = v.pipe(v.string(), v.uuid());
const token = v.pipe(v.string(), v.regex(/^[\w-]{43}$/));
const after = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_ID_LENGTH));

/** The call that the query of `/ws` comes back to: `undefined` if it begins one, `refused` if there can be none like it. */
export function resumeFrom(url: URL): { sessionId: string; resume: Resume } | 'refused' | undefined {
  const { searchParams: query } = url;
  if (!query.has('resume')) return undefined;
  const told = { sessionId: query.get('session'), token: query.get('resume') };
  if (!v.is(sessionId, told.sessionId) || !v.is(token, told.token)) return 'refused';
  const latest = query.get('after') ?? undefined;
  if (latest !== undefined && !v.is(after, latest)) return 'refused';
  const resume = { token: told.token, ...(latest === undefined ? {} : { after: latest }) };
  return { sessionId: told.sessionId, resume };
}
