import { type Command, send } from './events.ts';
import type { Reply, VoiceNews } from './reply.ts';

/** The longest `audio` of one response chunk, in bytes: below every frame limit a client may have. */
const CHUNK_BYTES = 16_000;
/** How long the listener's reports may put off the end of a reply, in ms. */
const REPORTS_MS = 10_000;

/** What of a reply goes to the caller: its start, its text and its audio, and that there is no more of it. */
export class Outflow {
  readonly #voiceRate: number;

  /** `voiceRate`: of the synthesiser's audio, in Hz. */
  constructor(voiceRate: number) {
    this.#voiceRate = voiceRate;
  }

  /** Sends audio, with the text whose sound begins in it. */
  audio(reply: Reply, event: Extract<VoiceNews, { type: 'voice.audio' }>, now: number): readonly Command[] {
    const pcm = reply.audio(event.pcm, event.alignment, now);
    if (pcm.byteLength === 0) return [];
    const out: Command[] = [...this.#started(reply, now), ...texts(reply, reply.spoken.due())];
    return [...out, ...this.#chunks(reply, pcm)];
  }

  /** Sends again what was sent of a reply after the first `receivedMs` of its audio, as far as it is kept, and that it was all if it was. */
  again(reply: Reply, receivedMs: number, now: number): readonly Command[] {
    const pieces = reply.sentAudio.after(receivedMs) ?? [];
    const chunks = pieces.flatMap((pcm) => this.#chunks(reply, pcm));
    if (reply.stage !== 'tail') return chunks;
    this.#lastsUntilHeard(reply, now);
    const complete = send('voicechat.response.complete', { utteranceId: reply.utteranceId });
    return chunks.length === 0 ? [] : [...chunks, complete];
  }

  /** All audio of the reply is there. */
  complete(reply: Reply, now: number): readonly Command[] {
    reply.stage = 'tail';
    this.#lastsUntilHeard(reply, now);
    const { utteranceId } = reply;
    return [...texts(reply, reply.spoken.rest()), send('voicechat.response.complete', { utteranceId })];
  }

  /** Ends a reply that has no voice any more: its words are sent as text and count as read. What was sent before plays on. */
  showOnly(reply: Reply, now: number): readonly Command[] {
    const { utteranceId } = reply;
    reply.showOwed = reply.withheld;
    if (reply.showOwed) return [];
    const shown = [
      ...this.#started(reply, now),
      ...texts(reply, reply.spoken.rest()),
      send('voicechat.response.complete', { utteranceId }),
    ];
    reply.stage = reply.playback.endsAt > now ? 'tail' : 'over';
    reply.overBy = reply.playback.endsAt + REPORTS_MS;
    return shown;
  }

  #lastsUntilHeard(reply: Reply, now: number): void {
    reply.overBy = Math.max(now, reply.playback.endsAt) + REPORTS_MS;
  }

  #chunks(reply: Reply, pcm: Uint8Array): readonly Command[] {
    const { utteranceId } = reply;
    const chunks: Command[] = [];
    for (let at = 0; at < pcm.byteLength; at += CHUNK_BYTES) {
      const audio = pcm.subarray(at, at + CHUNK_BYTES);
      chunks.push(send('voicechat.response.chunk', { audio, utteranceId, sampleRate: this.#voiceRate }));
    }
    return chunks;
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
