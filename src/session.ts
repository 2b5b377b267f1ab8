import { DurableObject } from 'cloudflare:workers';
import { Archive } from './archive.ts';
import { Call, type CallOptions } from './call.ts';
import { CallerLine } from './caller.ts';
import { type AdmissionConfig, type Config, type Places, parseConfig } from './config.ts';
import { latencyOf } from './conversation/latency.ts';
import { outcomeSoFar } from './conversation/memory.ts';
import { isExpired } from './conversation/remembrance.ts';
import type { Env } from './env.ts';
import type { PastCall } from './kept-call.ts';
import { MissedFrames } from './missed-frames.ts';
import { type Opening, openingOf, type Resume } from './opening.ts';
import { refusal } from './refusal.ts';
import { digestOf, mintToken, sameDigest } from './resume-token.ts';
import { Seat } from './seat.ts';
import { log, logEnd } from './telemetry.ts';

/** A close without a code, or after a lost connection, must not be echoed: these codes cannot be sent. */
const UNSENDABLE_CLOSE_CODES: readonly number[] = [1005, 1006, 1015];
/** How often it is checked that an object holds the call, in ms. A call that is found without one twice is over. */
const WATCH_MS = 60_000;

interface Configured {
  readonly config: Config;
  readonly places: Places;
  readonly admission: AdmissionConfig;
}

/** One call, on one connection of its caller after the other. The Worker gives every call an object of its own. */
export class Session extends DurableObject<Env> {
  #call: Call | undefined;
  readonly #seat = new Seat(this.ctx, this.env.SEATS);
  #missed = new MissedFrames();
  /** The connection that the call is on; news of others is stale. */
  #socket: WebSocket | undefined;

  override async fetch(request: Request): Promise<Response> {
    const opening = openingOf(request);
    const parsed = parseConfig(this.env);
    if (opening === undefined || 'problems' in parsed) return refusal('conflict');
    const isUpgrade = request.headers.get('upgrade')?.toLowerCase() === 'websocket';
    if (opening.resume === undefined) return this.#begin(opening, parsed, isUpgrade);
    return this.#resume(opening.sessionId, opening.resume, parsed, isUpgrade);
  }

  override webSocketMessage(socket: WebSocket, message: ArrayBuffer | string): void {
    // After a restart of the object the socket may outlive the call it belonged to; its client comes back on another.
    if (this.#call === undefined) return socket.close(1012, 'the session was restarted');
    if (socket === this.#socket) this.#call.receive(message);
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): void {
    if (socket === this.#socket) {
      if (code === 1000) this.#call?.gone();
      else this.#call?.lost();
    }
    // With the hibernation API the closing handshake is ours to finish.
    socket.close(UNSENDABLE_CLOSE_CODES.includes(code) ? 1000 : code, reason);
  }

  override webSocketError(socket: WebSocket): void {
    if (socket === this.#socket) this.#call?.lost();
  }

  /** The dead-man's switch: a call whose object died, and to which nobody came back, is over. */
  override alarm(): void {
    if (this.#call !== undefined && !this.#call.over) return this.#watch();
    const archive = Archive.ofCall(this.ctx.storage);
    if (archive === undefined || archive.call()?.ended !== undefined) return;
    if (!archive.missed(Date.now())) return this.#watch();
    this.#abandon(archive, pastOf(archive));
  }

  async #begin(opening: Opening, configured: Configured, isUpgrade: boolean): Promise<Response> {
    const { sessionId, prospect } = opening;
    const resumeToken = mintToken();
    const tokenDigest = await digestOf(resumeToken);
    const refused = await this.#seat.refuse(opening, configured.admission.maxCallsPerKey, isUpgrade);
    if (refused !== undefined) return refused;
    const { server, response } = this.#connect();
    const line = new CallerLine(server, sessionId, configured.config.intake, this.#missed);
    this.#call = this.#hold({ ...configured, sessionId, prospect, line, resumeToken, tokenDigest });
    this.#call.begin();
    this.#watch();
    return response;
  }

  /** The caller comes back: to the call that this object holds, or to what is stored of it by one that died. */
  async #resume(
    sessionId: string,
    { token, after }: Resume,
    configured: Configured,
    isUpgrade: boolean,
  ): Promise<Response> {
    const tokenDigest = await digestOf(token);
    const archive = Archive.ofCall(this.ctx.storage);
    const expected = archive?.tokenDigest();
    if (archive === undefined || expected === undefined || !sameDigest(expected, tokenDigest)) {
      return refusal('resume_refused');
    }
    if (this.#call?.over || archive.call()?.ended !== undefined) return refusal('call_over');
    const past = this.#call === undefined ? pastOf(archive) : undefined;
    if (this.#call === undefined && (past === undefined || isOver(past))) {
      this.#abandon(archive, past);
      return refusal('call_over');
    }
    if (!isUpgrade) return refusal('upgrade_required');
    const { server, response } = this.#connect();
    if (past !== undefined) this.#missed = new MissedFrames(past.kept.missed);
    const line = new CallerLine(server, sessionId, configured.config.intake, this.#missed, true);
    if (past !== undefined) {
      const { prospect } = past.kept;
      archive.found();
      this.#call = this.#hold({
        ...configured,
        sessionId,
        prospect,
        line,
        resumeToken: token,
        tokenDigest,
        past,
      });
    }
    this.#call?.rejoin(line, after);
    return response;
  }

  #connect(): { readonly server: WebSocket; readonly response: Response } {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    this.#socket = server;
    return { server, response: new Response(null, { status: 101, webSocket: client }) };
  }

  #hold(options: Omit<CallOptions, 'archive' | 'missed' | 'fetch' | 'over'>): Call {
    return new Call({
      ...options,
      archive: new Archive(this.ctx.storage),
      missed: this.#missed,
      fetch: (input, init) => fetch(input, init),
      over: () => this.#leave(),
    });
  }

  #watch(): void {
    void this.ctx.storage.setAlarm(Date.now() + WATCH_MS);
    this.#seat.keep(Date.now());
  }

  #leave(): void {
    void this.ctx.storage.deleteAlarm();
    this.#seat.leave();
  }

  /** Ends a call that no object holds. */
  #abandon(archive: Archive, past: PastCall | undefined): void {
    const call = archive.call();
    if (call === undefined) return;
    const memory = past?.kept.conversation;
    const ended = {
      reason: 'abandoned',
      outcome: memory === undefined ? 'no-decision' : outcomeSoFar(memory),
      latency: latencyOf(past?.turns ?? []),
    } as const;
    archive.end(ended, Date.now());
    logEnd(call.sessionId, ended);
    this.#leave();
  }
}

/** What is stored of the call; undefined if it cannot be read, and the call cannot go on. */
function pastOf(archive: Archive): PastCall | undefined {
  try {
    const kept = archive.kept();
    return kept && { kept, turns: archive.turns() };
  } catch (error) {
    log('archive.unreadable', { name: error instanceof Error ? error.name : 'unknown' });
    return undefined;
  }
}

/** True when the time has passed in which the caller could come back. */
function isOver({ kept }: PastCall): boolean {
  return kept.conversation !== undefined && isExpired(kept.conversation, Date.now());
}
