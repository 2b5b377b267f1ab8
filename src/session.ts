import { DurableObject } from 'cloudflare:workers';
import { Archive } from './archive.ts';
import { Call } from './call.ts';
import { CallerLine } from './caller.ts';
import { prospectFrom } from './caller-query.ts';
import { parseConfig } from './config.ts';
import type { Env } from './env.ts';

/** The request header in which the Worker hands the object its session id. */
export const SESSION_HEADER = 'x-vantum-session';
/** A close without a code, or after a lost connection, must not be echoed: these codes cannot be sent. */
const UNSENDABLE_CLOSE_CODES: readonly number[] = [1005, 1006, 1015];

/** One call. The object lives as long as its caller's socket; the Worker gives every call an object of its own. */
export class Session extends DurableObject<Env> {
  #call: Call | undefined;

  override async fetch(request: Request): Promise<Response> {
    const sessionId = request.headers.get(SESSION_HEADER);
    const parsed = parseConfig(this.env);
    if (sessionId === null || this.#call !== undefined || 'problems' in parsed) {
      return Response.json({ error: 'conflict', message: 'This session cannot be joined.' }, { status: 409 });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    this.#call = new Call({
      sessionId,
      config: parsed.config,
      places: parsed.places,
      prospect: prospectFrom(new URL(request.url)),
      archive: new Archive(this.ctx.storage),
      line: new CallerLine(server, sessionId),
      fetch: (input, init) => fetch(input, init),
    });
    this.#call.begin();
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, message: ArrayBuffer | string): void {
    // After a restart of the object the socket may outlive the call it belonged to.
    if (this.#call === undefined) return socket.close(1012, 'the session was restarted');
    this.#call.receive(message);
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): void {
    this.#call?.gone();
    // With the hibernation API the closing handshake is ours to finish.
    socket.close(UNSENDABLE_CLOSE_CODES.includes(code) ? 1000 : code, reason);
  }

  override webSocketError(): void {
    this.#call?.gone();
  }
}
