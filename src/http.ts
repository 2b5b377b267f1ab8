import { Hono } from 'hono';
import { v7 as uuidv7 } from 'uuid';
import { prospectFrom, resumeFrom } from './caller-query.ts';
import { parseConfig } from './config.ts';
import type { Env } from './env.ts';
import { withOpening } from './opening.ts';
import { ProspectError } from './outreach/prospect.ts';
import { resumeRefused } from './refusals.ts';
import { version } from './version.ts';

/** The Worker's routes. Everything else is a static asset, which the platform serves before the Worker is asked. */
export const app = new Hono<{ Bindings: Env }>();

app.get('/health', (context) => {
  const parsed = parseConfig(context.env);
  const problems = 'problems' in parsed ? parsed.problems.map((problem) => problem.message) : [];
  const status = problems.length === 0 ? 'ok' : 'degraded';
  return context.json({
    status,
    providers: parsed.places,
    version,
    ...(status === 'ok' ? {} : { problems }),
  });
});

app.get('/ws', async (context) => {
  const back = resumeFrom(new URL(context.req.url));
  if (back === 'refused') return resumeRefused();
  if (back !== undefined) {
    const request = withOpening(context.req.raw, { ...back, prospect: {} });
    return context.env.SESSIONS.getByName(back.sessionId).fetch(request);
  }
  if (context.req.header('upgrade')?.toLowerCase() !== 'websocket') {
    return context.json(
      { error: 'upgrade_required', message: 'GET /ws: a WebSocket upgrade is accepted' },
      426,
    );
  }
  const parsed = parseConfig(context.env);
  if ('problems' in parsed) {
    const names = [...new Set(parsed.problems.map((problem) => problem.name))];
    const problems = parsed.problems.map((problem) => problem.message);
    return context.json({ error: 'not_configured', names, problems }, 503);
  }
  // Refused here rather than in the object, which is then never made.
  const prospect = prospectFrom(new URL(context.req.url));
  // The id is the server's: a client cannot choose, or guess, the object it talks to.
  const sessionId = uuidv7();
  const request = withOpening(context.req.raw, { sessionId, prospect });
  return context.env.SESSIONS.getByName(sessionId).fetch(request);
});

app.notFound((context) =>
  context.json({ error: 'not_found', message: `${context.req.path}: there is nothing here` }, 404),
);

app.onError((error, context) => {
  if (error instanceof ProspectError)
    return context.json({ error: 'invalid_query', message: error.message }, 400);
  console.error(JSON.stringify({ event: 'http.error', path: context.req.path, name: error.name }));
  return context.json({ error: 'internal', message: 'Something went wrong on the server.' }, 500);
});
