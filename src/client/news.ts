import type { CallState } from '../protocol/replies.ts';
import type { Incoming } from './incoming.ts';
import { CallProblem } from './problem.ts';

/** Everything a call tells, in the order in which it happens; `ended` comes exactly once, and only a late `cut` or `level` may follow it. */
export type CallNews =
  | { readonly kind: 'stage'; readonly stage: 'asking-microphone' | 'connecting' | 'reconnecting' }
  /** The connection was lost and is back; the call goes on. Follows the stage `reconnecting`. */
  | { readonly kind: 'resumed' }
  | { readonly kind: 'connected'; readonly welcome: Welcome }
  | { readonly kind: 'state'; readonly state: CallState }
  /** What the caller says; a guess (`final` false) is replaced by the next one of the same turn. */
  | { readonly kind: 'caller'; readonly turnId: string; readonly text: string; readonly final: boolean }
  | { readonly kind: 'agent-start'; readonly utteranceId: string }
  /** The next piece of what the agent says; the pieces of an utterance joined by spaces are its text. */
  | { readonly kind: 'agent'; readonly utteranceId: string; readonly text: string }
  /** The agent was cut off; `heardShare` (0..1) of the audio that had arrived was heard. */
  | { readonly kind: 'cut'; readonly utteranceId: string; readonly heardShare: number }
  /** The server's count of the words of an utterance; fewer are heard than said only if it was interrupted. */
  | {
      readonly kind: 'counted';
      readonly utteranceId: string;
      readonly said: number;
      readonly heard: number;
      /** Everything the server measured of it. */
      readonly metrics: Metrics;
    }
  /** Loudness as root mean square, 0..1, some twenty times a second or more while there is any. */
  | { readonly kind: 'level'; readonly who: 'caller' | 'agent'; readonly level: number }
  | { readonly kind: 'problem'; readonly problem: CallProblem }
  /** The server will end the call in `remainingMs`, because it has lasted long enough. */
  | { readonly kind: 'warning'; readonly remainingMs: number }
  | ({ readonly kind: 'ended' } & Ending);

/** What the server says of itself when the call connects. */
export type Welcome = Pick<
  Extract<Incoming, { eventType: 'connection.ack' }>['payload'],
  'providers' | 'voices' | 'version'
>;

/** The server's measurements of one agent turn, in ms, tokens and words; an older server sends fewer. */
export type Metrics = Extract<Incoming, { eventType: 'voicechat.turn.metrics' }>['payload'];

/** Why a call ended: the server's reason, `caller_hung_up`, `failed` or `taken_over`. Outcome and latencies come only from a server. */
export type Ending = Extract<Incoming, { eventType: 'voicechat.call.ended' }>['payload'];

/** What an event of the server is to the page; `undefined` for those that only the player needs. */
export function newsOf(incoming: Incoming): CallNews | undefined {
  const { eventType, payload } = incoming;
  switch (eventType) {
    case 'connection.ack': {
      // The resume token is nobody's business but the wire's.
      const { providers, voices, version } = payload;
      return { kind: 'connected', welcome: { providers, voices, version } };
    }
    case 'voicechat.state':
      return { kind: 'state', state: payload.state };
    case 'voicechat.transcript.interim':
      return { kind: 'caller', ...payload, final: false };
    case 'voicechat.transcript.final':
      return { kind: 'caller', ...payload, final: true };
    case 'voicechat.response.start':
      return { kind: 'agent-start', utteranceId: payload.utteranceId };
    case 'voicechat.response.text':
      return { kind: 'agent', ...payload };
    case 'voicechat.turn.metrics': {
      const { utteranceId, wordsSaid: said, wordsHeard, interrupted } = payload;
      return { kind: 'counted', utteranceId, said, heard: interrupted ? wordsHeard : said, metrics: payload };
    }
    case 'voicechat.call.warning':
      return { kind: 'warning', ...payload };
    case 'voicechat.error':
    case 'refusal':
      return { kind: 'problem', problem: new CallProblem('server', payload.message) };
    default:
      return undefined;
  }
}
