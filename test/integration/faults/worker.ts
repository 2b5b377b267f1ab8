import type { Env } from '../../../src/env.ts';
import { withOpening } from '../../../src/opening.ts';
import { Session as Product } from '../../../src/session.ts';
import type { Left } from './call.ts';

/** Where every timer of the isolate was armed that is still to fire. */
const armed = new Map<unknown, string>();
const { setTimeout: arm, clearTimeout: disarm } = globalThis;

function watched(act: (...args: unknown[]) => void, ms?: number, ...args: unknown[]): unknown {
  const timer: unknown = arm(() => {
    armed.delete(timer);
    act(...args);
  }, ms);
  armed.set(timer, new Error('armed here').stack ?? '');
  return timer;
}

function dropped(timer: unknown): void {
  armed.delete(timer);
  disarm(timer as number); // whatever it is, the platform decides
}

Object.assign(globalThis, { setTimeout: watched, clearTimeout: dropped });

/** The product's object, which reads its configuration from the request and can be asked what it has left over. */
export class Session extends Product {
  override async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/left') {
      const left: Left = { sockets: this.ctx.getWebSockets().length, timers: [...armed.values()] };
      return Response.json(left);
    }
    Reflect.set(this, 'env', { ...this.env, ...JSON.parse(searchParams.get('variables') ?? '{}') });
    return super.fetch(request);
  }
}

/** Leads past the Worker's door: each call names its object and its variables itself. */
export default {
  fetch(request: Request, env: Env): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const sessionId = searchParams.get('session') ?? '';
    return env.SESSIONS.getByName(sessionId).fetch(withOpening(request, { sessionId, prospect: {} }));
  },
};
