import { type Command, send } from './events.ts';
import type { Reply, VoiceNews } from './reply.ts';

/** The longest `audio` of one response chunk, in bytes: below every frame limit a client may have. */
const CHUNK_BYTES = 16_000;
/** Once the listener has all it may have, it gets more when it has played so much, in ms: a timer for every chunk would be many. */
const STEP_MS = 500;
/**
 * How much more of the audio sent is kept than a listener is given ahead, in ms: a chunk may go beyond that, and time counts
 * as played for 1 s after a report (P2).
 */
const STRAY_MS = 2000;
/** How long the listener's reports may put off the end of a reply, in ms. */
const REPORTS_MS = 10_000;

/**
 * What of a reply goes to the caller, and when: its start, its text, and its audio at most so far ahead of the listener's
 * ear, because the platform does not tell how much of what is sent still waits in a socket.
 */
export class Outflow {
  readonly #voiceRate: number;
  readonly #aheadMs: number;

  /** `voiceRate`: of the synthesiser's audio, in Hz. `aheadMs`: how much audio a listener is given ahead of what it has played, in ms. */
  constructor(voiceRate: number, aheadMs: number) {
    this.#voiceRate = voiceRate;
    this.#aheadMs = aheadMs;
  }

  /** Takes audio, and sends what may be sent. */
  audio(reply: Reply, event: Extract<VoiceNews, { type: 'voice.audio' }>, now: number): readonly Command[] {
    reply.came(event.pcm, event.alignment);
    return this.flow(reply, now);
  }

  /** Sends again what was sent of a reply after the first `receivedMs` of its audio, as far as it is kept, and that it was all if it was. */
  again(reply: Reply, receivedMs: number, now: number): readonly Command[] {
    const pieces = reply.sentAudio.after(receivedMs) ?? [];
    const chunks = pieces.map((audio) => this.#chunk(reply, audio));
    if (reply.stage !== 'tail') return chunks;
    this.#lastsUntilHeard(reply, now);
    const complete = send('voicechat.response.complete', { utteranceId: reply.utteranceId });
    return chunks.length === 0 ? [] : [...chunks, complete];
  }

  /** All audio of the reply is there. */
  complete(reply: Reply, now: number): readonly Command[] {
    reply.allCame = true;
    return this.flow(reply, now);
  }

  /** When more of the audio that waits may be sent. */
  flowAt(reply: Reply): number | undefined {
    if (reply.unsent.length === 0) return undefined;
    return reply.playback.aheadFallsTo(Math.max(0, this.#aheadMs - STEP_MS));
  }

  /** Sends the audio that the listener may have by now, with the text whose sound begins in it, and the end behind the last of it. */
  flow(reply: Reply, now: number): readonly Command[] {
    if (reply.stage === 'tail') return [];
    const out: Command[] = [];
    while (reply.playback.aheadMs(now) < this.#aheadMs) {
      const audio = reply.send(CHUNK_BYTES, now);
      if (audio === undefined) break;
      reply.progressAt = now;
      out.push(...this.#started(reply, now), ...texts(reply, reply.spoken.due(reply.playback.sentMs)));
      out.push(this.#chunk(reply, audio));
    }
    reply.sentAudio.keep(this.#aheadMs + STRAY_MS);
    return reply.allCame && reply.unsent.length === 0 ? [...out, ...this.#ended(reply, now)] : out;
  }

  /** Ends a reply that has no voice any more: its words are sent as text and count as read. What was sent before plays on. */
  showOnly(reply: Reply, now: number): readonly Command[] {
    reply.showOwed = reply.withheld;
    if (reply.showOwed) return [];
    const started = this.#started(reply, now);
    if (reply.unsent.length > 0) return [...started, ...this.complete(reply, now)];
    const shown = [...started, ...this.#ended(reply, now)];
    if (reply.playback.endsAt <= now) reply.stage = 'over';
    return shown;
  }

  #ended(reply: Reply, now: number): readonly Command[] {
    const { utteranceId } = reply;
    reply.stage = 'tail';
    this.#lastsUntilHeard(reply, now);
    return [...texts(reply, reply.spoken.rest()), send('voicechat.response.complete', { utteranceId })];
  }

  #lastsUntilHeard(reply: Reply, now: number): void {
    reply.overBy = Math.max(now, reply.playback.endsAt) + REPORTS_MS;
  }

  #chunk({ utteranceId }: Reply, audio: Uint8Array): Command {
    return send('voicechat.response.chunk', { audio, utteranceId, sampleRate: this.#voiceRate });
  }

  #started(reply: Reply, now: number): readonly Command[] {
    if (reply.stage !== 'thinking') return [];
    reply.stage = 'sounding';
    return [send('voicechat.response.start', { utteranceId: reply.utteranceId, timestamp: now })];
  }
}

function texts(reply: Reply, pieces: readonly string[]): readonly Command[] {
  const { utteranceId } = reply;
  return pieces.map((text) => send('voicechat.response.text', { utteranceId, text }));
}
