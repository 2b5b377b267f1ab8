import type { MiddlewareHandler } from 'hono';

/** What every answer of the Worker carries. They are data, which no browser has to show, frame, run or keep. */
const ALWAYS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};
/** A year, in seconds; of this host alone, whose neighbours are not ours. */
const HSTS = 'max-age=31536000';

/** Sets the security headers of an answer. The page's own stand in `console/_headers`. */
export const secureHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  // An upgraded socket has no page to protect, and cannot be copied.
  if (context.res.status === 101) return;
  // Answers of an object are immutable.
  const answer = new Response(context.res.body, context.res);
  for (const [name, value] of Object.entries(ALWAYS)) answer.headers.set(name, value);
  if (new URL(context.req.url).protocol === 'https:') answer.headers.set('strict-transport-security', HSTS);
  context.res = undefined;
  context.res = answer;
};
