import type { IncomingMessage } from 'node:http';
import { type ProviderName, parseFault, providerNames } from './faults.ts';
import { readJson } from './parse.ts';
import type { Script } from './script/script.ts';
import type { Providers } from './server.ts';

interface ControlAnswer {
  readonly status: number;
  readonly body: object;
}

/**
 * The server's own routes: `GET /health` always; with control also `PUT /script`, `GET /script`, `GET /log`,
 * `DELETE /log`, `POST /strike` (a fault, now), `POST /kill/<provider>` and `POST /revive/<provider>`.
 */
export async function answerControl(
  request: IncomingMessage,
  providers: Providers | undefined,
  about: object,
): Promise<ControlAnswer> {
  const [path] = (request.url ?? '/').split('?');
  const route = `${request.method} ${path}`;
  if (route === 'GET /health') return { status: 200, body: { status: 'ok', ...about } };
  if (!providers) return { status: 404, body: { error: `${route}: there is nothing here.` } };
  try {
    return await controlled(route, request, providers);
  } catch (problem) {
    return { status: 400, body: { error: problem instanceof Error ? problem.message : String(problem) } };
  }
}

async function controlled(
  route: string,
  request: IncomingMessage,
  providers: Providers,
): Promise<ControlAnswer> {
  const done = { status: 200, body: { ok: true } };
  switch (route) {
    case 'GET /script':
      return { status: 200, body: providers.script };
    case 'PUT /script':
      // The setter reads it by the schema and throws when it does not fit.
      providers.script = (await bodyOf(request)) as Script;
      return done;
    case 'GET /log':
      return { status: 200, body: providers.log.entries };
    case 'DELETE /log':
      providers.log.clear();
      return done;
    case 'POST /strike':
      providers.strike(parseFault(await bodyOf(request)));
      return done;
    default:
      return killOrRevive(route, providers)
        ? done
        : { status: 404, body: { error: `${route}: no such route.` } };
  }
}

function killOrRevive(route: string, providers: Providers): boolean {
  const [, action, name] = /^POST \/(kill|revive)\/(\w+)$/.exec(route) ?? [];
  const provider: ProviderName | undefined = providerNames.find((known) => known === name);
  if (!provider) return false;
  if (action === 'kill') providers.kill(provider);
  else providers.revive(provider);
  return true;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return readJson(text);
}
