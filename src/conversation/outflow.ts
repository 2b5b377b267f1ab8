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
    const { utteranceId } = reply;
    const pcm = reply.audio(event.pcm, event.alignment, now);
    if (pcm.byteLength === 0) return [];
    const out: Command[] = [...this.#started(reply, now), ...texts(reply, reply.spoken.due())];
    for (let at = 0; at < pcm.byteLength; at += CHUNK_BYTES) {
      const audio = pcm.subarray(at, at + CHUNK_BYTES);
      out.push(send('voicechat.response.chunk', { audio, utteranceId, sampleRate: this.#voiceRate }));
    }
    return out;
  }

  /** All audio of the reply is there. */
  complete(reply: Reply, now: number): readonly Command[] {
    reply.stage = 'tail';
    reply.overBy = Math.max(now, reply.playback.endsAt) + REPORTS_MS;
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
