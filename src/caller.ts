import { v7 as uuidv7 } from 'uuid';
import type { MissedFrames } from './missed-frames.ts';
import { decode, encode } from './protocol/codec.ts';
import { Intake, type IntakePlan } from './protocol/intake.ts';
import { MAX_FRAME_BYTES } from './protocol/limits.ts';
import { errorType, type Frame, type RequestError, type ServerEvents } from './protocol/replies.ts';
import { parseRequest, type Refusal, type Request } from './protocol/requests.ts';

/** The caller's end of the wire: frames become requests, events become frames. Nothing is sent once it is closed. */
export class CallerLine {
  readonly #socket: WebSocket;
  readonly #sessionId: string;
  readonly #missed: MissedFrames;
  readonly #intake: Intake;
  #open = true;
  /** The client has still to get what it missed; until then only its requests are answered. */
  #behind: boolean;

  /** `missed`: what a client may have to get again on its next connection; `behind`: this is such a one. */
  constructor(
    socket: WebSocket,
    sessionId: string,
    intake: IntakePlan,
    missed: MissedFrames,
    behind = false,
  ) {
    this.#socket = socket;
    this.#sessionId = sessionId;
    this.#intake = new Intake(intake);
    this.#missed = missed;
    this.#behind = behind;
  }

  get closed(): boolean {
    return !this.#open;
  }

  /** The request in a frame. What is none is answered here, and a frame over the limit closes the socket with 1009. */
  read(message: ArrayBuffer | string, now: number): Request | undefined {
    // Frames that were under way when it was closed still come in.
    if (!this.#open) return undefined;
    const bytes = typeof message === 'string' ? undefined : new Uint8Array(message);
    const length = bytes?.byteLength ?? (message as string).length; // either binary or text
    if (length > MAX_FRAME_BYTES) {
      this.close(1009, `at most ${MAX_FRAME_BYTES} bytes a frame are accepted`);
      return undefined;
    }
    if (!this.#takes(length, now)) return undefined;
    if (bytes === undefined) {
      return this.refuse({ code: 'undecodable', message: 'frame: binary MessagePack is accepted, got text' });
    }
    const parsed = parseRequest(decoded(bytes));
    if ('refusal' in parsed) return this.refuse(parsed.refusal);
    const { request } = parsed;
    if (request.sessionId === '' || request.sessionId === this.#sessionId) return request;
    return this.refuseRequest(
      request,
      'session_mismatch',
      'sessionId: the one of this connection is accepted, got another',
    );
  }

  /** A frame that is too much is not even looked at. */
  #takes(bytes: number, now: number): boolean {
    const verdict = this.#intake.weigh(bytes, now);
    if (verdict === 'too_many_messages' || verdict === 'too_many_bytes') {
      const message = 'More than a client may send has come; what is too much is dropped.';
      this.send('voicechat.error', { code: verdict, message, retryable: true });
    }
    if (verdict === 'cut-off') this.close(1008, 'more than a client may send');
    return verdict === 'taken';
  }

  send<E extends keyof ServerEvents>(eventType: E, payload: ServerEvents[E]): void {
    const frame: Frame = {
      eventType,
      eventId: uuidv7(),
      sessionId: this.#sessionId,
      payload: { ...payload },
    };
    this.#missed.sent(frame);
    if (!this.#behind || eventType === 'connection.ack') this.#frame(frame);
  }

  /** Sends what was missed by a client that got the frame `after` last; the end of the utterance `unfinished` is still to come. */
  catchUp(after: string | undefined, unfinished: string | undefined): void {
    this.#behind = false;
    for (const frame of this.#missed.since(after, unfinished)) this.#frame(frame);
    this.#missed.found();
  }

  /** The connection is gone: nothing can be sent or read any more. */
  lose(): void {
    this.#open = false;
    this.#missed.lost();
  }

  ack(request: Request): void {
    const { eventType, eventId } = request;
    this.#missed.answered(eventId);
    this.#frame({ eventType, eventId, sessionId: this.#sessionId, payload: { success: true } });
  }

  refuseRequest(request: Request, code: RequestError['code'], message: string): undefined {
    const { eventType: requestType, eventId } = request;
    return this.#refuse({ code, message, retryable: false }, requestType, eventId);
  }

  refuse({ code, message, requestType, eventId }: Refusal): undefined {
    return this.#refuse({ code, message, retryable: false }, requestType, eventId);
  }

  close(code: number, reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#socket.close(code, reason);
  }

  #refuse(payload: RequestError, requestType: string | undefined, eventId = uuidv7()): undefined {
    this.#missed.answered(eventId);
    this.#frame({
      eventType: errorType(requestType),
      eventId,
      sessionId: this.#sessionId,
      ...(requestType === undefined ? {} : { requestType }),
      payload: { ...payload },
    });
  }

  #frame(frame: Frame): void {
    // A peer that is closing makes `send` throw; its close event ends the call.
    if (this.#open && this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encode({ ...frame }));
  }
}

/** Undecodable bytes read as nothing, which is refused like any other value that is no map. */
function decoded(bytes: Uint8Array): unknown {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}
