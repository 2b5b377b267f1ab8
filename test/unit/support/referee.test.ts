import { v7 as uuidv7 } from 'uuid';
import { describe, expect, it } from 'vitest';
import { encode } from '../../../src/protocol/codec.ts';
import { Referee } from '../../support/referee.ts';

const sessionId = uuidv7();
const [first, second, turn, later] = [uuidv7(), uuidv7(), uuidv7(), uuidv7()];
const [asked, other] = [uuidv7(), uuidv7()];

type Line = readonly [eventType: string, payload: Readonly<Record<string, unknown>>, eventId?: string];

const ack: Line = [
  'connection.ack',
  {
    success: true,
    providers: { stt: 'local', llm: 'local', tts: 'local' },
    voices: [{ id: 'a', name: 'A' }],
    version: '0.1.0',
  },
];
const final: Line = ['voicechat.transcript.final', { text: 'How much?', turnId: turn }];
const speaking: Line = ['voicechat.state', { state: 'speaking' }];
const start = (utteranceId = first): Line => ['voicechat.response.start', { utteranceId, timestamp: 1 }];
const text = (utteranceId = first): Line => ['voicechat.response.text', { utteranceId, text: 'Ten.' }];
const chunk = (utteranceId = first, bytes = 480): Line => [
  'voicechat.response.chunk',
  { utteranceId, audio: new Uint8Array(bytes), sampleRate: 24_000 },
];
const complete = (utteranceId = first): Line => ['voicechat.response.complete', { utteranceId }];
const interrupt = (utteranceId = first): Line => [
  'voicechat.response.interrupt',
  { utteranceId, timestamp: 2 },
];
const pause = (utteranceId = first): Line => ['voicechat.response.pause', { utteranceId }];
const resume = (utteranceId = first): Line => ['voicechat.response.resume', { utteranceId }];
const metrics = (utteranceId = first, turnId: string | undefined = turn): Line => [
  'voicechat.turn.metrics',
  {
    utteranceId,
    ...(turnId === undefined ? {} : { turnId }),
    speculation: 'none',
    wastedTokens: 0,
    pauses: 0,
    sentMs: 10,
    heardMs: 10,
    wordsSaid: 1,
    wordsHeard: 1,
    interrupted: false,
  },
];
const ended: Line = ['voicechat.call.ended', { reason: 'caller_hung_up', latency: { turns: 1 } }];
const again = ([eventType, payload]: Line, eventId: string): Line => [eventType, payload, eventId];
const answer = (eventId: string): Line => ['voicechat.text.input', { success: true }, eventId];

/** Shows the lines to a referee, one each 100 ms, and returns what it says. */
function judged(lines: readonly Line[], referee = new Referee()): readonly string[] {
  lines.forEach(([eventType, payload, eventId = uuidv7()], i) => {
    referee.frame(encode({ eventType, eventId, sessionId, payload }), true, i * 100);
  });
  return referee.violations;
}

describe('the referee', () => {
  it('lets a good call pass, over two connections', () => {
    const referee = new Referee();
    referee.asked('voicechat.text.input', asked);
    const before: readonly Line[] = [ack, answer(asked), final, speaking, start(), text(), chunk(), pause()];
    expect(judged(before, referee)).toEqual([]);
    referee.closed(1006, true);
    referee.reconnected();
    const after: readonly Line[] = [ack, resume(), chunk(), complete(), speaking, metrics(), interrupt()];
    expect(judged(after, referee)).toEqual([]);
    expect(judged([start(second), text(second), complete(second), ended], referee)).toEqual([]);
    referee.closed(1000, false);
    expect(referee.count).toBe(0);
  });

  it('lets a turn go on over one that is not answered', () => {
    const aside: Line = ['voicechat.transcript.final', { text: 'Uh-huh', turnId: later }];
    expect(judged([ack, final, aside, final, start(), metrics()])).toEqual([]);
  });

  it.each<readonly [name: string, lines: readonly Line[], expected: RegExp]>([
    ['a first frame that is no ack', [speaking], /rule 1/],
    ['a second connection.ack', [ack, ack], /rule 1/],
    ['an answer nobody asked for', [ack, answer(other)], /rule 1/],
    ['a second start', [ack, start(), complete(), start()], /rule 2/],
    ['a chunk without a start', [ack, chunk()], /rule 2/],
    ['a chunk after complete', [ack, start(), complete(), chunk()], /rule 2/],
    ['a chunk after interrupt', [ack, start(), interrupt(), chunk()], /rule 2/],
    ['a second complete', [ack, start(), complete(), complete()], /rule 2/],
    ['a second interrupt', [ack, start(), interrupt(), interrupt()], /rule 3/],
    ['metrics after the interrupt', [ack, final, start(), interrupt(), metrics()], /rule 4/],
    ['metrics twice', [ack, final, start(), metrics(), metrics()], /rule 4/],
    ['a pause of what is over', [ack, start(), interrupt(), pause()], /rule 4/],
    ['two pauses', [ack, start(), pause(), pause()], /rule 5/],
    ['a resume without a pause', [ack, start(), resume()], /rule 5/],
    ['a pause without an end', [ack, start(), complete(), pause(), start(second)], /rule 5/],
    ['two utterances at once', [ack, start(), start(second)], /rule 6/],
    ['an answer to a turn without a final', [ack, start(), metrics(first, later)], /rule 7/],
    [
      'a turn that comes back',
      [
        ack,
        final,
        ['voicechat.transcript.final', { text: 'No', turnId: later }],
        start(),
        metrics(first, later),
        final,
      ],
      /rule 7/,
    ],
    ['anything after call.ended', [ack, ended, speaking], /rule 10/],
    ['the same state again', [ack, speaking, speaking], /no change/],
    ['an odd chunk', [ack, start(), chunk(first, 481)], /whole samples/],
    ['an empty chunk', [ack, start(), chunk(first, 0)], /1 to 16000/],
    ['a chunk that is too large', [ack, start(), chunk(first, 16_002)], /1 to 16000/],
    ['an event nobody knows', [ack, ['voicechat.surprise', {}]], /nobody knows/],
    ['an eventId that came before', [ack, again(speaking, asked), again(final, asked)], /not new/],
    ['an eventId the server cannot have minted', [ack, again(speaking, 'x')], /not new/],
    ['a payload without its fields', [ack, ['voicechat.state', {}]], /voicechat.state: state/],
  ])('sees %s', (_, lines, expected) => {
    expect(judged(lines).join('\n')).toMatch(expected);
  });

  it('sees answers out of order, refusals, foreign sessions, bytes it cannot read, and wrong closes', () => {
    const referee = new Referee();
    referee.asked('voicechat.text.input', asked);
    referee.asked('voicechat.text.input', other);
    expect(judged([ack, answer(other)], referee)).toHaveLength(1);
    const refusal = { message: 'text: no', code: 'invalid_payload', retryable: false };
    const requestType = 'voicechat.text.input';
    referee.frame(
      encode({ eventType: 'voicechat.text.error', eventId: other, sessionId, requestType, payload: refusal }),
      true,
      0,
    );
    expect(referee.violations.at(-1)).toMatch(/refused with voicechat.text.error invalid_payload/);
    referee.frame(
      encode({
        eventType: 'voicechat.state',
        eventId: uuidv7(),
        sessionId: uuidv7(),
        payload: { state: 'thinking' },
      }),
      true,
      0,
    );
    expect(referee.violations.at(-1)).toMatch(/another sessionId/);
    referee.frame(Uint8Array.of(0xc1), true, 0);
    expect(referee.violations.at(-1)).toMatch(/cannot be read/);
    referee.frame(
      encode({ eventType: 'voicechat.state', eventId: uuidv7(), sessionId, payload: { state: 'listening' } }),
      false,
      0,
    );
    expect(referee.violations.at(-1)).toMatch(/binary/);
    referee.closed(1011, false);
    expect(referee.violations.at(-1)).toMatch(/closed with 1011 without call.ended/);
    judged([ended], referee);
    referee.closed(1006, false);
    expect(referee.violations.at(-1)).toMatch(/closed with 1006 after call.ended/);
  });

  it('lets a typed turn come into a spoken one, which then goes on', () => {
    const spoken: Line = ['voicechat.transcript.interim', { text: 'How', turnId: turn }];
    const typed: Line = ['voicechat.transcript.final', { text: 'Hello', turnId: later }];
    expect(judged([ack, spoken, typed, final])).toEqual([]);
  });

  it('sees a pause that lasts too long', () => {
    const referee = new Referee();
    judged([ack, start(), pause()], referee);
    const late = {
      eventType: 'voicechat.response.resume',
      eventId: uuidv7(),
      sessionId,
      payload: { utteranceId: first },
    };
    referee.frame(encode(late), true, 6000);
    expect(referee.violations).toEqual([expect.stringMatching(/^rule 5: a pause of 5800 ms; before it: /)]);
  });
});
