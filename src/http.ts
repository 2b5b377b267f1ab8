import { Hono } from 'hono';
import { admit, problemsAt } from './admission.ts';
import { parseConfig } from './config.ts';
import type { Env } from './env.ts';
import { secureHeaders } from './headers.ts';
import { withOpening } from './opening.ts';
import { ProspectError } from './outreach/prospect.ts';
import { SessionRequestError } from './session-request.ts';
import { issueTicket } from './ticket-office.ts';
import { version } from './version.ts';

/** The Worker's routes. Everything else is a static asset, which the platform serves before the Worker is asked. */
export const app = new Hono<{ Bindings: Env }>();

app.use(secureHeaders);

app.get('/health', (context) => {
  const parsed = parseConfig(context.env);
  const problems = problemsAt(new URL(context.req.url), parsed).map((problem) => problem.message);
  const status = problems.length === 0 ? 'ok' : 'degraded';
  return context.json({
    status,
    providers: parsed.places,
    version,
    ...(status === 'ok' ? {} : { problems }),
  });
});

app.post('/v1/sessions', async (context) => issueTicket(context.req.raw, context.env));

app.get('/ws', async (context) => {
  const admitted = await admit(context.req.raw, context.env);
  if (admitted instanceof Response) return admitted;
  return context.env.SESSIONS.getByName(admitted.sessionId).fetch(withOpening(context.req.raw, admitted));
});

app.notFound((context) =>
  context.json({ error: 'not_found', message: `${context.req.path}: there is nothing here` }, 404),
);

app.onError((error, context) => {
  if (error instanceof ProspectError)
    return context.json({ error: 'invalid_query', message: error.message }, 400);
  if (error instanceof SessionRequestError)
    return context.json({ error: 'invalid_body', message: error.message }, 400);
  console.error(JSON.stringify({ event: 'http.error', path: context.req.path, name: error.name }));
  return context.json({ error: 'internal', message: 'Something went wrong on the server.' }, 500);
});
