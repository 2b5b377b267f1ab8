import { describe, expect, it } from 'vitest';
import { alignment, COUNTING, LINES, Scene, silence, tone } from '../../support/scene.ts';

function asked(): Scene {
  const call = new Scene().opened();
  call.say('How does it work?');
  return call.mark();
}

function text(call: Scene, words: string): void {
  call.on({ type: 'model.text', ask: call.replyNumber(), text: words });
}

function modelDone(call: Scene): void {
  call.on({ type: 'model.done', ask: call.replyNumber() });
}

function sends(call: Scene, pcm: Uint8Array, words?: string): void {
  const times = words === undefined ? undefined : alignment(words);
  call.on({ type: 'voice.audio', reply: call.replyNumber(), pcm, alignment: times });
}

function orders(call: Scene): readonly string[] {
  return call.all('voice.say').map((say) => `${say.route}: ${say.text}`);
}

describe('an utterance', () => {
  it('[R1] has one id, one start, each text with the first of its audio, and one complete', () => {
    const call = asked();
    call.answer('It answers your calls. Then it writes them down.');
    call.pass(100);
    call.audio('It answers your calls.');
    call.pass(300);
    call.audio('Then it writes them down.');
    call.pass(50);
    call.done();
    expect(call.timeline()).toEqual([
      '0 voice.say',
      '0 voice.finish',
      '100 response.start',
      '100 response.text',
      '100 response.chunk',
      '400 response.text',
      '400 response.chunk',
      '450 response.complete',
    ]);
    const ids = call
      .all('send')
      .flatMap(({ payload }) => ('utteranceId' in payload ? payload.utteranceId : []));
    expect(new Set(ids)).toEqual(new Set([call.latestUtteranceId]));
    expect(call.sent('voicechat.response.text').map((piece) => piece.text)).toEqual([
      'It answers your calls.',
      'Then it writes them down.',
    ]);
  });

  it('[R1] the next one has another id', () => {
    const call = asked();
    call.answer('It answers your calls.');
    call.voice();
    call.pass(5000);
    const first = call.latestUtteranceId;
    call.answering();
    expect(call.latestUtteranceId).not.toBe(first);
    expect(call.sent('voicechat.response.start')).toHaveLength(2);
  });
});

describe('the first piece', () => {
  it.each([
    ['a sentence', 'Yes. We do', 'Yes.'],
    ['a clause of 12 characters', 'Yes of course, we', 'Yes of course,'],
    ['a sentence behind a short clause', 'Well, we do. And', 'Well, we do.'],
  ])('[R2] goes out as soon as it is %s', (_, words, piece) => {
    const call = asked();
    text(call, words);
    expect(orders(call)).toEqual([`socket: ${piece}`]);
  });

  it('[R2] without a mark goes out 70 ms after the first token, in whole words', () => {
    const call = asked();
    text(call, 'We answer all of your calls tod');
    call.pass(69);
    expect(orders(call)).toEqual([]);
    call.pass(1);
    expect(orders(call)).toEqual(['socket: We answer all of your calls']);
    expect(call.timeline()).toEqual(['70 voice.say']);
  });

  it.each([
    ['We answer all of the', 'We answer all'],
    ['You can talk with Dr. Sm', 'You can talk'],
  ])('[R2] "%s" is not cut behind a word that leads on', (words, piece) => {
    const call = asked();
    text(call, words);
    call.pass(70);
    expect(orders(call)).toEqual([`socket: ${piece}`]);
  });

  it('[R2] is not cut below 12 characters, however long the wait', () => {
    const call = asked();
    text(call, 'We answer');
    call.pass(1000);
    expect(orders(call)).toEqual([]);
    text(call, ' all calls toda');
    expect(orders(call)).toEqual(['socket: We answer all calls']);
  });
});

describe('later pieces', () => {
  it('[R2] are sentences, and wait for their end while there is audio to play', () => {
    const call = asked();
    text(call, 'It answers your calls. It writes all of them down and');
    call.speak();
    call.pass(699);
    expect(orders(call)).toHaveLength(1);
    call.pass(1);
    // 400 ms before the 1100 ms of audio are over.
    expect(orders(call).slice(1)).toEqual(['socket: It writes all of them down']);
    expect(call.timeline().at(-1)).toBe('700 voice.say');
    text(call, ' sends them to you. Every');
    expect(orders(call).slice(2)).toEqual(['socket: and sends them to you.']);
  });

  it.each([
    'Please ask for Dr. Smith in our office.',
    'It costs you about 2.50 dollars a call.',
    'Write to ava@vantum.example.com about that.',
    'We learned it from J. R. Smith long ago.',
  ])('[R2] "%s" is one piece', (sentence) => {
    const call = asked();
    call.answer(`It is simple. ${sentence}`);
    expect(call.said()).toEqual(['It is simple.', sentence]);
  });
});

describe('audio', () => {
  it('[R3] leaves in whole samples, never empty, at most 16,000 bytes a chunk', () => {
    const call = asked();
    call.answer(COUNTING);
    sends(call, new Uint8Array(0));
    sends(call, tone(2000));
    sends(call, tone(500));
    const sizes = call.sent('voicechat.response.chunk').map(({ audio }) => audio.byteLength);
    expect(sizes).toEqual([16_000, 16_000, 16_000, 16_000, 16_000]);
    sends(call, tone(501));
    const more = call.sent('voicechat.response.chunk').map(({ audio }) => audio.byteLength);
    expect(more.slice(5)).toEqual([16_000, 32]);
    expect(call.sent('voicechat.response.chunk').map(({ sampleRate }) => sampleRate)[0]).toBe(16_000);
  });

  it('[R3] silence at the start of a reply is not sent, but for 20 ms, and the start waits for the sound', () => {
    const call = asked();
    call.answer(COUNTING);
    sends(call, silence(200));
    call.pass(100);
    expect(call.sent('voicechat.response.start')).toEqual([]);
    sends(call, tone(100));
    expect(call.timeline().slice(2)).toEqual([
      '100 response.start',
      '100 response.text',
      '100 response.chunk',
    ]);
    expect(call.sent('voicechat.response.chunk').map(({ audio }) => audio.byteLength)).toEqual([120 * 32]);
  });

  it('[R3] silence within a reply is', () => {
    const call = asked();
    call.answer(COUNTING);
    sends(call, tone(100));
    sends(call, silence(200));
    const bytes = call.sent('voicechat.response.chunk').map(({ audio }) => audio.byteLength);
    expect(bytes).toEqual([100 * 32, 200 * 32]);
  });
});

describe('a reply that has sounded', () => {
  it('[R4] is remembered whole', () => {
    const call = new Scene().opened().answering('It is simple. It answers your calls, and writes them down.');
    call.done();
    call.pass(10_000);
    call.final('How much is it?');
    expect(call.shown()).toEqual([
      'assistant: Hello, this is Ava.',
      'user: How does it work?',
      'assistant: It is simple. It answers your calls, and writes them down.',
      'user: How much is it?',
    ]);
  });

  it('[R6] ends with its metrics', () => {
    const call = asked();
    call.pass(300);
    text(call, COUNTING);
    modelDone(call);
    call.pass(150);
    call.voice();
    call.pass(100);
    call.report(50);
    call.pass(5000);
    const turnId = call.sent('voicechat.transcript.final')[0]?.turnId;
    expect(call.sent('voicechat.turn.metrics')).toEqual([
      {
        utteranceId: call.latestUtteranceId,
        turnId,
        firstTokenMs: 300,
        firstAudioMs: 450,
        firstHeardMs: 500,
        speculation: 'none',
        wastedTokens: 0,
        pauses: 0,
        sentMs: 2450,
        heardMs: 2450,
        wordsSaid: 10,
        wordsHeard: 10,
        interrupted: false,
      },
    ]);
    // 2450 ms from where the report said it began, and a second for reports that are late.
    expect(call.timeline().at(-1)).toBe('3950 turn.metrics');
  });

  it('[R6] counts its times from the end of the last word, where the recogniser tells it', () => {
    const call = new Scene().opened();
    const spokenAt = call.utter('How does it work?', { finalMs: 100 });
    call.pass(100);
    call.mark();
    expect(call.now - spokenAt).toBe(200);
    call.pass(200);
    call.answer(COUNTING);
    call.pass(100);
    call.voice();
    call.pass(5000);
    expect(call.metrics()).toMatchObject({ endOfTurnMs: 200, firstTokenMs: 400, firstAudioMs: 500 });
  });

  it('[R6] the call ends with their percentiles, without those that answered nobody', () => {
    const call = new Scene().opened();
    for (const wait of [100, 300, 200]) {
      call.say('How does it work?');
      call.pass(wait);
      call.answer(COUNTING);
      call.voice();
      call.pass(5000);
    }
    call.on({ type: 'caller.hang-up' });
    const waits = { p50: 200, p95: 300, max: 300 };
    expect(call.sent('voicechat.call.ended')).toEqual([
      { reason: 'caller_hung_up', latency: { turns: 3, firstTokenMs: waits, firstAudioMs: waits } },
    ]);
  });

  it('[R6] one that never sounded has none', () => {
    const call = asked();
    call.answer(COUNTING);
    call.final('And how much is it?');
    expect(call.sent('voicechat.turn.metrics')).toEqual([]);
  });
});

describe('the state', () => {
  it('[R5] is told when it changes, and only then', () => {
    const call = new Scene();
    call.on({ type: 'caller.start', samplingRate: 16_000, language: 'en-US' });
    call.on({ type: 'recogniser.open' });
    call.voice();
    call.pass(5000);
    call.say('How does it work?');
    call.answer(COUNTING);
    call.voice();
    call.pass(500);
    call.interim('how much is it');
    call.final('How much is it?');
    call.answer(COUNTING);
    call.voice();
    call.pass(5000);
    expect(call.states()).toEqual([
      'thinking',
      'speaking',
      'listening',
      'thinking',
      'speaking',
      'listening',
      'thinking',
      'speaking',
      'listening',
    ]);
  });

  it('[R5] is speaking through a pause', () => {
    const call = new Scene().opened().answering();
    call.sound();
    call.pass(700);
    expect(call.states()).toEqual(['thinking', 'speaking']);
  });
});

describe('fixed lines', () => {
  it('[R8] come from the cache', () => {
    const call = new Scene();
    call.on({ type: 'caller.start', samplingRate: 16_000, language: 'en-US' });
    expect(orders(call)).toEqual([`phrase: ${LINES.greeting}`]);
    const another = new Scene().opened();
    another.say('Hold on a minute.');
    expect(orders(another)).toEqual([`phrase: ${LINES.wait}`]);
    expect(another.asked()).toEqual([]);
  });

  it('[R8] go through the synthesiser if that fails, as far as they have not sounded', () => {
    const call = new Scene();
    call.on({ type: 'caller.start', samplingRate: 16_000, language: 'en-US' });
    call.mark();
    sends(call, tone(300), 'Hello,');
    call.on({
      type: 'voice.failed',
      reply: call.replyNumber(),
      failure: { kind: 'timeout', retryable: false, detail: 'test' },
    });
    expect(orders(call)).toEqual([`phrase: ${LINES.greeting}`, 'socket: this is Ava.']);
    expect(call.timeline()).toEqual([
      '0 response.start',
      '0 response.text',
      '0 response.chunk',
      '0 voice.cancel',
      '0 voice.say',
      '0 voice.finish',
    ]);
    call.pass(200);
    call.audio('this is Ava.');
    call.done();
    call.pass(699);
    expect(call.metrics()).toBeUndefined();
    call.pass(1);
    expect(call.metrics()).toMatchObject({ sentMs: 900, heardMs: 900, wordsSaid: 4 });
  });
});
