import { DurableObject } from 'cloudflare:workers';
import { Archive } from './archive.ts';
import { Call } from './call.ts';
import { CallerLine } from './caller.ts';
import { parseConfig } from './config.ts';
import type { Env } from './env.ts';
import { openingOf } from './opening.ts';
import { refusal } from './refusal.ts';
import { Seat } from './seat.ts';

/** A close without a code, or after a lost connection, must not be echoed: these codes cannot be sent. */
const UNSENDABLE_CLOSE_CODES: readonly number[] = [1005, 1006, 1015];

/** One call. The object lives as long as its caller's socket; the Worker gives every call an object of its own. */
export class Session extends DurableObject<Env> {
  #call: Call | undefined;
  readonly #seat = new Seat(this.ctx, this.env.SEATS);

  override async fetch(request: Request): Promise<Response> {
    const opening = openingOf(request);
    const parsed = parseConfig(this.env);
    if (opening === undefined || 'problems' in parsed) return refusal('conflict');
    const isUpgrade = request.headers.get('upgrade')?.toLowerCase() === 'websocket';
    const refused = await this.#seat.refuse(opening, parsed.admission.maxCallsPerKey, isUpgrade);
    if (refused !== undefined) return refused;
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    this.#call = new Call({
      ...opening,
      config: parsed.config,
      places: parsed.places,
      archive: new Archive(this.ctx.storage),
      line: new CallerLine(server, opening.sessionId, parsed.config.intake),
      fetch: (input, init) => fetch(input, init),
      over: () => this.#seat.leave(),
    });
    this.#call.begin();
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, message: ArrayBuffer | string): void {
    // After a restart of the object the socket may outlive the call it belonged to.
    if (this.#call === undefined) return socket.close(1012, 'the session was restarted');
    this.#call.receive(message);
    this.#seat.keep(Date.now());
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
