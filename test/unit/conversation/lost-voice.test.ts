import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/conversation/events.ts';
import {
  alignment,
  broken,
  COUNTING,
  LINES,
  refused,
  Scene,
  tone,
  unknownVoice,
} from '../../support/scene.ts';

const stalled: Failure = { kind: 'stalled', retryable: true, detail: 'test' };

function asked(): Scene {
  const call = new Scene().opened();
  call.say('How does it work?');
  return call.mark();
}

function voiceFails(call: Scene, failure: Failure, times = 1): void {
  for (let i = 0; i < times; i++) call.on({ type: 'voice.failed', reply: call.replyNumber(), failure });
}

/** A call whose next reply begins after these ways have failed in the one before. */
function failedBefore(failure: Failure, times: number): Scene {
  const call = asked();
  call.answer('It answers your calls.');
  voiceFails(call, failure, times);
  call.voice();
  call.pass(5000);
  return call.mark();
}

/** Which way the next reply takes first. */
function nextWay(call: Scene): string | undefined {
  call.final('How much is it?');
  call.answer('Ten dollars a month.');
  const way = call.all('voice.say').at(-1)?.route;
  call.voice();
  call.pass(3000);
  return way;
}

function texts(call: Scene): readonly string[] {
  return call.sent('voicechat.response.text').map(({ text }) => text);
}

/** Every way but the first has failed when so many have. */
const ALL_WAYS = 4;

function orders(call: Scene): readonly string[] {
  return call.all('voice.say').map((say) => `${say.route}: ${say.text}`);
}

function codes(call: Scene): readonly string[] {
  return call.sent('voicechat.error').map(({ code }) => code);
}

describe('a synthesiser that fails', () => {
  it('[F5] [V1] is tried on a fresh socket, over HTTP and in another voice, with what has no sound yet', () => {
    const call = asked();
    call.answer('It answers your calls. This is the second part.');
    call.audio('It answers your calls.');
    call.pass(100);
    voiceFails(call, broken);
    expect(call.timeline().slice(-3)).toEqual(['100 voice.cancel', '100 voice.say', '100 voice.finish']);
    voiceFails(call, broken, 2);
    expect(orders(call).slice(2)).toEqual([
      'fresh-socket: This is the second part.',
      'http: This is the second part.',
      'other-voice: This is the second part.',
    ]);
    call.pass(100);
    call.audio('This is the second part.');
    call.done();
    call.pass(5000);
    expect(call.sent('voicechat.response.start')).toHaveLength(1);
    expect(call.sent('voicechat.response.complete')).toHaveLength(1);
    expect(codes(call)).toEqual([]);
    call.final('How much is it?');
    expect(call.shown().at(-2)).toBe('assistant: It answers your calls. This is the second part.');
  });

  it('[V1] has no other voice where there is none', () => {
    const call = new Scene({ otherVoice: false }).opened();
    call.say('How does it work?');
    call.answer('It answers your calls.');
    voiceFails(call, broken, 3);
    expect(orders(call).at(-1)).toBe('http: It answers your calls.');
    expect(codes(call)).toEqual(['synthesiser_unavailable']);
  });

  it.each(['socket', 'phrase'] as const)(
    '[V1] over %s that does not know the voice takes another one at once',
    (way) => {
      const call = asked();
      call.answer('It answers your calls.');
      if (way === 'phrase') {
        call.voice();
        call.pass(5000);
        call.final('Hold on a minute.');
      }
      const { text } = call.all('voice.say').at(-1) ?? { text: '' };
      voiceFails(call, unknownVoice);
      expect(orders(call).slice(-2)).toEqual([`${way}: ${text}`, `other-voice: ${text}`]);
      call.voice();
      call.pass(5000);
      expect(nextWay(call)).toBe('other-voice');
      call.pass(30_000);
      expect(nextWay(call)).toBe('socket');
    },
  );

  it.each([
    ['the voice', unknownVoice],
    ['the account', refused],
  ])('[V1] for good because of %s has the words shown when nothing else can help', (_, failure) => {
    const call = new Scene({ otherVoice: false }).opened();
    call.say('How does it work?');
    call.answer('It answers your calls.');
    voiceFails(call, failure);
    expect(orders(call)).toEqual(['socket: It answers your calls.']);
    expect(call.sent('voicechat.error')).toMatchObject([
      { code: 'synthesiser_unavailable', retryable: false },
    ]);
    expect(texts(call)).toEqual(['It answers your calls.']);
  });

  it('[V1] for good because of the account is not asked for another voice', () => {
    const call = asked();
    call.answer('It answers your calls.');
    voiceFails(call, refused);
    expect(orders(call)).toEqual(['socket: It answers your calls.']);
    expect(nextWay(call)).toBe('socket');
  });

  it('[V3] words whose audio never came are said again, though their times were told', () => {
    const call = asked();
    call.answer(COUNTING);
    const pcm = tone(400);
    call.on({ type: 'voice.audio', reply: call.replyNumber(), pcm, alignment: alignment(COUNTING) });
    voiceFails(call, broken);
    expect(orders(call).at(-1)).toBe('fresh-socket: three four five six seven eight nine ten.');
    call.audio('three four');
    voiceFails(call, broken);
    expect(orders(call).at(-1)).toBe('http: five six seven eight nine ten.');
  });

  it('[V3] when all has sounded says nothing again, and is done the next way', () => {
    const call = asked();
    call.answer(COUNTING);
    call.audio(COUNTING);
    voiceFails(call, broken);
    expect(orders(call)).toEqual([`socket: ${COUNTING}`]);
    expect(call.timeline().slice(-2)).toEqual(['0 voice.cancel', '0 voice.finish']);
    call.done();
    expect(call.sent('voicechat.response.complete')).toHaveLength(1);
  });

  it('[V1] words that the model says later go the same way', () => {
    const call = asked();
    call.on({ type: 'model.text', ask: call.replyNumber(), text: 'It answers your calls. Then' });
    voiceFails(call, broken);
    call.answer(' it writes them down.');
    expect(orders(call)).toEqual([
      'socket: It answers your calls.',
      'fresh-socket: It answers your calls.',
      'fresh-socket: Then it writes them down.',
    ]);
    expect(call.all('voice.finish')).toHaveLength(1);
  });

  it('[V1] a voice that is done without a sound is one that failed', () => {
    const call = asked();
    call.answer(COUNTING);
    call.done();
    expect(orders(call)).toEqual([`socket: ${COUNTING}`, `fresh-socket: ${COUNTING}`]);
  });

  it('[V1] a line goes from the cache through all ways to text', () => {
    const call = new Scene();
    call.on({ type: 'caller.start', samplingRate: 16_000, language: 'en-US' });
    call.on({ type: 'recogniser.open' });
    call.mark();
    voiceFails(call, broken, 4);
    call.pass(200);
    voiceFails(call, broken);
    expect(orders(call)).toEqual([
      `phrase: ${LINES.greeting}`,
      `socket: ${LINES.greeting}`,
      `fresh-socket: ${LINES.greeting}`,
      `http: ${LINES.greeting}`,
      `other-voice: ${LINES.greeting}`,
    ]);
    expect(call.timeline().filter((line) => line.startsWith('200 ') && !line.endsWith('learn'))).toEqual([
      '200 voice.cancel',
      '200 error',
      '200 response.start',
      '200 response.text',
      '200 response.complete',
      '200 turn.metrics',
    ]);
    expect(codes(call)).toEqual(['synthesiser_unavailable']);
    call.final('Who is this?');
    expect(call.shown()).toEqual([`assistant: ${LINES.greeting}`, 'user: Who is this?']);
  });

  it('[F5] a socket that fails when everything was sent is no trouble of the reply', () => {
    const call = new Scene().opened().answering();
    call.done();
    call.pass(100);
    call.mark();
    voiceFails(call, broken);
    call.audio('more');
    call.done();
    expect(call.timeline()).toEqual([]);
    call.pass(2349);
    expect(call.metrics()).toBeUndefined();
    call.pass(1);
    expect(call.metrics()).toMatchObject({ sentMs: 2450, heardMs: 2450 });
  });
});

describe('ways that have failed of late', () => {
  it.each([
    [1, 'socket'],
    [2, 'http'],
    [3, 'other-voice'],
  ])('[V4] %i in a reply: the next one begins with %s, and with the socket after 30 s', (times, way) => {
    for (const failure of [broken, stalled]) {
      const call = failedBefore(failure, times);
      expect(nextWay(call)).toBe(way);
      call.pass(30_000);
      expect(nextWay(call)).toBe('socket');
    }
  });

  it('[V4] do not count the socket that failed once, although the fresh one was interrupted', () => {
    const call = asked();
    call.answer('It answers your calls.');
    voiceFails(call, broken);
    call.audio('It answers');
    call.interim('how much is it');
    expect(nextWay(call)).toBe('socket');
  });

  it('[V4] are avoided for exactly 30 s', () => {
    for (const [ms, way] of [
      [29_999, 'http'],
      [30_000, 'socket'],
    ] as const) {
      const call = asked();
      call.answer('It answers your calls.');
      voiceFails(call, broken, 2);
      call.voice();
      call.pass(ms);
      expect(nextWay(call)).toBe(way);
    }
  });

  it('[V4] are left out on the way down too', () => {
    const call = failedBefore(broken, 3);
    call.pass(22_000);
    // The other voice failed later than the rest.
    call.final('How much is it?');
    call.answer('Ten dollars a month.');
    voiceFails(call, broken);
    call.pass(5000);
    call.mark();
    call.final('How much is it?');
    call.answer('Ten dollars a month.');
    voiceFails(call, broken, 3);
    expect(
      orders(call)
        .slice(-3)
        .map((order) => order.split(':')[0]),
    ).toEqual(['socket', 'fresh-socket', 'http']);
    expect(codes(call)).toHaveLength(2);
  });

  it('[V4] all of them: a reply waits for one only, the one whose failure is the longest ago', () => {
    const call = asked();
    call.answer('It answers your calls.');
    for (let way = 0; way < ALL_WAYS; way++) {
      call.pass(1500);
      voiceFails(call, stalled);
    }
    const tried: (string | undefined)[] = [];
    for (let turn = 0; turn < 3; turn++) {
      call.final('How much is it?');
      call.answer('Ten dollars a month.');
      tried.push(call.all('voice.say').at(-1)?.route);
      const before = orders(call).length;
      call.pass(1500);
      voiceFails(call, stalled);
      expect(orders(call)).toHaveLength(before);
      expect(texts(call).at(-1)).toBe('Ten dollars a month.');
    }
    expect(tried).toEqual(['socket', 'http', 'other-voice']);
  });

  it('[V4] one that has said a whole reply has not failed any more', () => {
    const call = asked();
    call.answer('It answers your calls.');
    voiceFails(call, stalled, ALL_WAYS);
    expect(nextWay(call)).toBe('socket');
    expect(nextWay(call)).toBe('socket');
    call.final('How much is it?');
    call.answer('Ten dollars a month.');
    voiceFails(call, broken);
    expect(orders(call).at(-1)).toBe('fresh-socket: Ten dollars a month.');
  });

  it('[V4] lines that are ready sound all the same; others are not rendered over HTTP that failed', () => {
    const call = failedBefore(broken, 3);
    call.final('Hold on a minute.');
    expect(orders(call).at(-1)).toBe(`other-voice: ${LINES.wait}`);
    call.voice();
    call.pass(5000);
    call.on({ type: 'voice.ready', text: LINES.wait });
    call.final('Hold on a minute.');
    expect(orders(call).at(-1)).toBe(`phrase: ${LINES.wait}`);
  });

  it('[V4] a line whose rendering hung is not asked for over HTTP again', () => {
    const call = new Scene();
    call.on({ type: 'caller.start', samplingRate: 16_000, language: 'en-US' });
    voiceFails(call, stalled, 4);
    expect(orders(call).map((order) => order.split(':')[0])).toEqual([
      'phrase',
      'socket',
      'fresh-socket',
      'other-voice',
    ]);
  });
});

describe('no synthesiser at all', () => {
  it('[F6] has the words shown, which count as read', () => {
    const call = asked();
    call.answer('It answers your calls. This is the second part.');
    voiceFails(call, broken);
    call.pass(100);
    voiceFails(call, broken, 3);
    expect(call.timeline().slice(-6)).toEqual([
      '100 voice.cancel',
      '100 error',
      '100 response.start',
      '100 response.text',
      '100 response.complete',
      '100 turn.metrics',
    ]);
    expect(texts(call)).toEqual(['It answers your calls.', 'This is the second part.']);
    expect(call.metrics()).toMatchObject({ sentMs: 0, wordsSaid: 9, wordsHeard: 9, interrupted: false });
    call.final('How much is it?');
    expect(call.shown().at(-2)).toBe('assistant: It answers your calls. This is the second part.');
  });

  it('[F6] before the model is done has the rest shown when it is', () => {
    const call = asked();
    call.on({ type: 'model.text', ask: call.replyNumber(), text: 'It answers your calls. Then' });
    voiceFails(call, broken, ALL_WAYS);
    expect(texts(call)).toEqual([]);
    call.pass(500);
    call.answer(' it writes them down.');
    expect(call.timeline().slice(-4)).toEqual([
      '500 response.start',
      '500 response.text',
      '500 response.complete',
      '500 turn.metrics',
    ]);
    expect(orders(call)).toHaveLength(ALL_WAYS);
  });

  it('[F6] halfway through has the rest shown, and none of it twice', () => {
    const call = asked();
    call.answer('It answers your calls. This is the second part.');
    call.audio('It answers your calls.');
    voiceFails(call, broken, ALL_WAYS);
    expect(call.sent('voicechat.response.start')).toHaveLength(1);
    expect(call.sent('voicechat.response.complete')).toHaveLength(1);
    expect(texts(call)).toEqual(['It answers your calls.', 'This is the second part.']);
  });

  it('[F6] leaves what sounds interruptible', () => {
    const call = asked();
    call.answer('It answers your calls. This is the second part.');
    call.audio('It answers your calls.');
    voiceFails(call, broken, ALL_WAYS);
    call.pass(500);
    call.interim('how much is it');
    expect(call.timeline().at(-2)).toBe('500 response.interrupt');
  });

  /** Ready to say that the voice is lost; it takes so long. */
  const LOSS_MS = LINES.voiceLost.length * 50;
  function ready(): Scene {
    const call = asked();
    call.on({ type: 'voice.ready', text: LINES.voiceLost });
    call.answer('It answers your calls. This is the second part.');
    return call;
  }

  it('[V7] says so with a line that is ready, then shows the words', () => {
    const call = ready();
    voiceFails(call, broken, ALL_WAYS);
    expect(orders(call).at(-1)).toBe(`phrase: ${LINES.voiceLost}`);
    expect(call.timeline().slice(-4)).toEqual(['0 voice.cancel', '0 error', '0 voice.say', '0 voice.finish']);
    call.audio(LINES.voiceLost);
    expect(texts(call)).toEqual([LINES.voiceLost]);
    call.done();
    expect(texts(call)).toEqual([LINES.voiceLost, 'It answers your calls.', 'This is the second part.']);
    expect(call.sent('voicechat.response.start')).toHaveLength(1);
    expect(call.sent('voicechat.response.complete')).toHaveLength(1);
    call.pass(LOSS_MS - 1);
    expect(call.metrics()).toBeUndefined();
    call.pass(1);
    expect(call.metrics()).toMatchObject({ sentMs: LOSS_MS });
    call.final('How much is it?');
    expect(call.shown().at(-2)).toBe(
      `assistant: ${LINES.voiceLost} It answers your calls. This is the second part.`,
    );
  });

  it('[V7] says so once a call', () => {
    const call = ready();
    voiceFails(call, broken, ALL_WAYS);
    call.audio(LINES.voiceLost);
    call.done();
    call.pass(5000);
    call.final('How much is it?');
    call.answer('Ten dollars a month.');
    voiceFails(call, broken);
    expect(orders(call).filter((order) => order.endsWith(LINES.voiceLost))).toHaveLength(1);
    expect(texts(call).at(-1)).toBe('Ten dollars a month.');
    expect(codes(call)).toHaveLength(2);
  });

  it('[V7] says so behind what has sounded, and shows what has not', () => {
    const call = ready();
    call.audio('It answers your calls.');
    voiceFails(call, broken, ALL_WAYS);
    call.audio(LINES.voiceLost);
    call.done();
    expect(texts(call)).toEqual(['It answers your calls.', LINES.voiceLost, 'This is the second part.']);
    expect(call.sent('voicechat.response.start')).toHaveLength(1);
  });

  it('[V7] says so while the model still writes, and shows the rest when it is done', () => {
    const call = asked();
    call.on({ type: 'voice.ready', text: LINES.voiceLost });
    call.on({ type: 'model.text', ask: call.replyNumber(), text: 'It answers your calls. Then' });
    voiceFails(call, broken, ALL_WAYS);
    call.audio(LINES.voiceLost);
    call.done();
    expect(call.sent('voicechat.response.complete')).toEqual([]);
    call.answer(' it writes them down.');
    expect(texts(call)).toEqual([LINES.voiceLost, 'It answers your calls.', 'Then it writes them down.']);
    expect(call.sent('voicechat.response.complete')).toHaveLength(1);
  });

  it('[V7] shows the words behind the line, though the model is done before it has sounded', () => {
    const call = asked();
    call.on({ type: 'voice.ready', text: LINES.voiceLost });
    call.on({ type: 'model.text', ask: call.replyNumber(), text: 'It answers your calls. Then' });
    voiceFails(call, broken, ALL_WAYS);
    call.answer(' it writes them down.');
    expect(texts(call)).toEqual([]);
    call.audio(LINES.voiceLost);
    call.done();
    expect(texts(call)).toEqual([LINES.voiceLost, 'It answers your calls.', 'Then it writes them down.']);
    expect(call.sentAudioMs()).toBe(LOSS_MS);
  });

  it('[V7] shows the words though the line does not sound either', () => {
    for (const end of ['failed', 'done', 'silence'] as const) {
      const call = ready();
      voiceFails(call, broken, ALL_WAYS);
      if (end === 'failed') voiceFails(call, broken);
      if (end === 'done') call.done();
      if (end === 'silence') call.pass(12_000);
      expect(texts(call).slice(-2)).toEqual(['It answers your calls.', 'This is the second part.']);
      expect(codes(call)).toHaveLength(1);
      call.pass(10_000);
      expect(call.states().at(-1)).toBe('listening');
    }
  });

  it('[V7] waits with the line while a sound of the caller is weighed', () => {
    const call = asked();
    call.on({ type: 'voice.ready', text: LINES.voiceLost });
    call.sound();
    call.answer('It answers your calls.');
    voiceFails(call, broken, ALL_WAYS);
    call.audio(LINES.voiceLost);
    call.done();
    expect(texts(call)).toEqual([]);
    call.pass(700);
    expect(texts(call)).toEqual([LINES.voiceLost, 'It answers your calls.']);
    expect(call.sentAudioMs()).toBe(LOSS_MS);
  });

  it('[V7] can be interrupted in the line', () => {
    const call = ready();
    voiceFails(call, broken, ALL_WAYS);
    call.audio(LINES.voiceLost);
    call.pass(500);
    call.interim('how much is it');
    expect(call.timeline().slice(-3)).toEqual([
      '500 turn.metrics',
      '500 response.interrupt',
      '500 voice.cancel',
    ]);
  });
});
