import { describe, expect, it } from 'vitest';
import { broken, refused, Scene, silence } from '../../support/scene.ts';

function codes(call: Scene): readonly string[] {
  return call.sent('voicechat.error').map(({ code }) => code);
}

describe('a recogniser that is lost', () => {
  it('[F1] is opened again at once; the client is told from the second failure on, and the audio waits', () => {
    const call = new Scene().opened().mark();
    call.on({ type: 'recogniser.failed', failure: broken });
    call.pass(0);
    expect(call.timeline()).toEqual(['0 recogniser.open']);
    call.on({ type: 'recogniser.failed', failure: broken });
    expect(call.sent('voicechat.error')).toEqual([
      expect.objectContaining({ code: 'recogniser_unavailable', retryable: true }),
    ]);
    call.on({ type: 'caller.audio', pcm: silence(20) });
    call.pass(250);
    expect(call.timeline()).toEqual(['0 recogniser.open', '0 error', '250 recogniser.open']);
    expect(call.on({ type: 'recogniser.open' }).map(({ type }) => type)).toEqual([
      'recogniser.begin',
      'recogniser.audio',
    ]);
  });

  it('[F1] is tried after 0, 250, 500, 1000, 2000 and 5000 ms, and every 5000 ms from then on', () => {
    const call = new Scene().opened();
    const pauses = Array.from({ length: 8 }, () => {
      call.mark();
      call.on({ type: 'recogniser.failed', failure: broken });
      call.pass(6000);
      return Number.parseInt(call.timeline().at(-1) ?? '', 10);
    });
    expect(pauses).toEqual([0, 250, 500, 1000, 2000, 5000, 5000, 5000]);
    expect(codes(call)).toEqual(['recogniser_unavailable']);
  });

  it('[F1] that held for 5 s was sound: it is opened at once again', () => {
    const call = new Scene().opened();
    for (let i = 0; i < 3; i++) {
      call.on({ type: 'recogniser.failed', failure: broken });
      call.pass(500);
      call.on({ type: 'recogniser.open' });
    }
    call.pass(5000);
    call.mark();
    call.on({ type: 'recogniser.failed', failure: broken });
    call.pass(0);
    expect(call.timeline()).toEqual(['0 recogniser.open']);
  });

  it('[F1] that opens and fails at once is not asked without end', () => {
    const call = new Scene().opened();
    for (let i = 0; i < 200; i++) {
      call.on({ type: 'recogniser.failed', failure: broken });
      call.pass(100);
      call.on({ type: 'recogniser.open' });
    }
    expect(call.all('recogniser.open').length).toBeLessThan(15);
    expect(codes(call)).toEqual(['recogniser_unavailable']);
  });

  it('[F1] that is asked too often is not asked again at once', () => {
    const call = new Scene().opened().mark();
    const failure = { kind: 'rate-limited', retryable: true, detail: 'test' } as const;
    call.on({ type: 'recogniser.failed', failure });
    call.pass(1000);
    expect(call.timeline()).toEqual(['250 recogniser.open']);
  });

  it('[F1] does not stop the agent, which goes on to its end', () => {
    const call = new Scene().opened().answering();
    call.done();
    call.pass(500);
    call.on({ type: 'recogniser.failed', failure: broken });
    call.pass(5000);
    expect(call.metrics()).toMatchObject({ heardMs: 2450, interrupted: false });
  });

  it('[F1] that fell silent may be slow: the next one is given more time, until there are words', () => {
    const call = new Scene().opened();
    const patience = () => call.all('recogniser.open').map(({ patience }) => patience);
    const stalls = () => {
      call.on({ type: 'recogniser.failed', failure: { ...broken, kind: 'stalled' } });
      call.pass(5000);
      call.on({ type: 'recogniser.open' });
      call.pass(5000);
    };
    call.on({ type: 'recogniser.failed', failure: broken });
    call.pass(0);
    call.on({ type: 'recogniser.open' });
    for (let i = 0; i < 4; i++) stalls();
    expect(patience()).toEqual([1, 2, 4, 4, 4]);
    call.utter('Are you there?');
    call.on({ type: 'recogniser.failed', failure: broken });
    call.pass(5000);
    expect(patience().at(-1)).toBe(1);
  });

  it('[F2] that refuses the call is not tried again; the client is told and can type', () => {
    const call = new Scene().opened().mark();
    call.on({ type: 'recogniser.failed', failure: refused });
    call.pass(60_000);
    expect(call.timeline()).toEqual(['0 error']);
    expect(call.sent('voicechat.error')).toEqual([
      expect.objectContaining({ code: 'recogniser_unavailable', retryable: false }),
    ]);
    call.on({ type: 'caller.text', text: 'Can you read this?' });
    expect(call.shown().at(-1)).toBe('user: Can you read this?');
  });

  it('[F2] is tried once more when the audio is started again, and hears only what comes then', () => {
    const call = new Scene().opened();
    call.talk(1000);
    call.on({ type: 'recogniser.failed', failure: refused });
    call.talk(1000);
    call.mark();
    call.on({ type: 'caller.start', samplingRate: 16_000, language: 'en-US' });
    call.pass(28_999);
    call.on({ type: 'caller.start', samplingRate: 16_000, language: 'en-US' });
    expect(call.timeline(), 'it is not asked all the time').toEqual([]);
    call.pass(1);
    call.on({ type: 'caller.start', samplingRate: 16_000, language: 'en-US' });
    expect(call.timeline()).toEqual(['29000 recogniser.open']);
    call.talk(20);
    call.on({ type: 'recogniser.open' });
    expect(call.all('recogniser.begin')).toEqual([
      { type: 'recogniser.begin', offsetMs: 2000, heard: undefined },
    ]);
    call.utter('Hello again.');
    call.hush(300);
    expect(call.turns()).toEqual(['Hello again.']);
  });

  it('[F1] that is asked too often waits twice as long every time', () => {
    const call = new Scene().opened();
    const failure = { kind: 'rate-limited', retryable: true, detail: 'test' } as const;
    const pauses = Array.from({ length: 4 }, () => {
      call.mark();
      call.on({ type: 'recogniser.failed', failure });
      call.pass(3000);
      return Number.parseInt(call.timeline().at(-1) ?? '', 10);
    });
    expect(pauses).toEqual([250, 500, 1000, 2000]);
  });
});

describe('a second recogniser', () => {
  const two = () => new Scene({ recognition: { recognisers: 2, replaySpeed: 1.25 } }).opened();
  const opened = (call: Scene) => call.all('recogniser.open').map(({ config }) => config);

  it('[F12] takes turns with the first from the second failure in a row on', () => {
    const call = two();
    for (let i = 0; i < 5; i++) {
      call.on({ type: 'recogniser.failed', failure: broken });
      call.pass(3000);
    }
    expect(opened(call)).toEqual(['primary', 'fallback', 'primary', 'fallback', 'primary']);
  });

  it('[F12] is tried at once when the first refuses for good, and the client need not know', () => {
    const call = two().mark();
    call.on({ type: 'recogniser.failed', failure: refused });
    call.pass(0);
    expect(call.timeline()).toEqual(['0 recogniser.open']);
    expect(opened(call)).toEqual(['fallback']);
    for (let i = 0; i < 3; i++) {
      call.on({ type: 'recogniser.failed', failure: broken });
      call.pass(3000);
    }
    expect(new Set(opened(call))).toEqual(new Set(['fallback']));
  });

  it('[F2] that refuses as well leaves none: the client is told', () => {
    const call = two();
    call.on({ type: 'recogniser.failed', failure: refused });
    call.pass(0);
    call.on({ type: 'recogniser.failed', failure: refused });
    call.pass(60_000);
    expect(opened(call)).toEqual(['fallback']);
    expect(call.sent('voicechat.error')).toEqual([
      expect.objectContaining({ code: 'recogniser_unavailable', retryable: false }),
    ]);
    call.on({ type: 'caller.start', samplingRate: 16_000, language: 'en-US' });
    call.on({ type: 'recogniser.failed', failure: refused });
    call.pass(0);
    expect(opened(call)).toEqual(['fallback', 'primary', 'fallback']);
  });

  it('[F12] that works is kept', () => {
    const call = two();
    call.on({ type: 'recogniser.failed', failure: refused });
    call.pass(0);
    call.on({ type: 'recogniser.open' });
    call.pass(6000);
    call.on({ type: 'recogniser.failed', failure: broken });
    call.pass(0);
    expect(opened(call)).toEqual(['fallback', 'fallback']);
  });
});
