import { type Prospect, parseProspect } from './outreach/prospect.ts';

/** The person called, as the query of `/ws` names them. Throws `ProspectError`. */
export function prospectFrom(url: URL): Prospect {
  const { searchParams: query } = url;
  return parseProspect({ name: query.get('name'), company: query.get('company'), role: query.get('role') });
}
