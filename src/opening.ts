import * as v from 'valibot';
import { type Prospect, parseProspect } from './outreach/prospect.ts';

/** The request header in which the Worker tells the object whom it lets in. Clients cannot set it: it is always written over. */
const OPENING_HEADER = 'x-vantum-opening';

/** A caller whom the Worker lets in. */
export interface Opening {
  /** A UUIDv7, which is also the name of the object. */
  readonly sessionId: string;
  readonly prospect: Prospect;
  /** The name of the API key whose ticket lets the caller in; none on an open localhost. */
  readonly key?: string;
  /** The caller comes back to a call that has begun. */
  readonly resume?: Resume;
}

/** How a client takes a call up again. */
export interface Resume {
  /** The `resumeToken` of the call. */
  readonly token: string;
  /** The frame that it got last. */
  readonly after?: string;
}

const opening = v.object({
  sessionId: v.string(),
  prospect: v.pipe(v.unknown(), v.transform(parseProspect)),
  key: v.exactOptional(v.string()),
  resume: v.exactOptional(v.object({ token: v.string(), after: v.exactOptional(v.string()) })),
});

/** The caller's request as the object gets it. */
export function withOpening(request: Request, told: Opening): Request {
  const passed = new Request(request);
  // Header values are Latin-1; names of people are not.
  passed.headers.set(OPENING_HEADER, encodeURIComponent(JSON.stringify(told)));
  return passed;
}

/** What the Worker told of this request; undefined when it told nothing that can be read. */
export function openingOf(request: Request): Opening | undefined {
  const told = request.headers.get(OPENING_HEADER);
  if (told === null) return undefined;
  try {
    const read = v.safeParse(opening, JSON.parse(decodeURIComponent(told)));
    return read.success ? read.output : undefined;
  } catch {
    return undefined;
  }
}
