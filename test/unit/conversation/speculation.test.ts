import { describe, expect, it } from 'vitest';
import { broken, LINES, refused, Scene } from '../../support/scene.ts';

const ANSWER = 'It is ten dollars a month. Shall I send you an offer? It takes a minute.';

/** The recogniser believes that "how much is it" is the whole turn; the caller's last word was 100 ms ago. */
function eager(words = 'how much is it', plan = {}): Scene {
  const call = new Scene(plan).opened();
  call.talk(600);
  call.hush(100);
  call.eager(words);
  return call;
}

/** The recogniser is sure, 300 ms after the last word, which ends the turn at this moment. */
function sure(call: Scene, text = 'How much is it?'): void {
  call.hush(200);
  call.on({ type: 'recogniser.final', text, endMs: 600 });
}

function metrics(call: Scene) {
  return call.sent('voicechat.turn.metrics').at(-1);
}

describe('a probable end of the turn', () => {
  it('[S1] has the model asked on the words so far, and nothing is sent', () => {
    const call = new Scene().opened();
    call.talk(600);
    call.on({ type: 'recogniser.interim', text: 'how much is it' });
    const before = call.commands.length;
    call.on({ type: 'recogniser.eager', text: 'how much is it' });
    expect(call.shown()).toEqual(['assistant: Hello, this is Ava.', 'user: how much is it']);
    expect(call.commands.slice(before).map(({ command }) => command.type)).toEqual(['model.ask']);
  });

  it('[S1] leaves the state at listening and the client without news, until the turn is over', () => {
    const call = eager();
    const before = call.commands.length;
    call.answer(ANSWER);
    call.voice();
    call.hush(3000);
    const since = call.commands
      .slice(before)
      .flatMap(({ command }) => (command.type === 'send' ? [command] : []));
    expect(since).toEqual([]);
    expect(call.states()).toEqual([]);
  });

  it('[S1] has the first piece synthesised, and only that; finish is owed', () => {
    const call = eager();
    call.answer(ANSWER);
    expect(call.said()).toEqual(['It is ten dollars a month.']);
    call.speak();
    expect(call.all('voice.finish')).toEqual([]);
    expect(call.sent('voicechat.response.chunk')).toEqual([]);
  });

  it('[S1] may also be a final whose turn still waits', () => {
    const call = new Scene().opened();
    const endedAt = call.utter('We have about', { finalMs: 120 });
    expect(call.times('model.ask', endedAt)).toEqual([120]);
    expect(call.turns()).toEqual([]);
    call.hush(2000);
    expect(call.sentTimes('voicechat.transcript.final', endedAt)).toEqual([1200]);
    expect(call.asked()).toHaveLength(1);
  });

  it('[S1] of a call without speculation begins nothing', () => {
    const pace = { speculation: false, idlePromptMs: 1e9, maxCallMs: 1e9 };
    const call = eager('how much is it', { pace });
    expect(call.asked()).toEqual([]);
    sure(call);
    expect(call.asked()).toHaveLength(1);
    call.answer(ANSWER);
    call.voice();
    call.pass(10_000);
    expect(metrics(call)).toMatchObject({ speculation: 'none', wastedTokens: 0 });
  });
});

describe('the same words at the end of the turn', () => {
  it('[S2] release the audio at that very ms, without a second request', () => {
    const call = eager();
    const asked = call.replyNumber();
    call.answer(ANSWER);
    call.speak();
    call.hush(200);
    const from = call.now;
    call.on({ type: 'recogniser.final', text: 'how much is it', endMs: 600 });
    expect(call.asked()).toHaveLength(1);
    expect(call.replyNumber()).toBe(asked);
    expect(call.sentTimes('voicechat.transcript.final', from)).toEqual([0]);
    expect(call.sentTimes('voicechat.response.start', from)).toEqual([0]);
    expect(call.sentTimes('voicechat.response.chunk', from).slice(0, 1)).toEqual([0]);
    expect(call.states()).toEqual(['speaking']);
  });

  it('[S2] have the rest said at the release, and finish only then', () => {
    const call = eager();
    const reply = call.replyNumber();
    call.answer(ANSWER);
    call.speak();
    sure(call);
    const from = call.now;
    expect(call.said()).toEqual([
      'It is ten dollars a month.',
      'Shall I send you an offer?',
      'It takes a minute.',
    ]);
    expect(call.times('voice.finish', from)).toEqual([0]);
    const orders = call.commands.filter(({ command }) => command.type.startsWith('voice.'));
    expect(orders.at(-1)?.command).toEqual({ type: 'voice.finish', reply });
    call.voice();
    call.pass(10_000);
    expect(
      call
        .sent('voicechat.response.text')
        .map(({ text }) => text)
        .join(' '),
    ).toBe(ANSWER);
    expect(call.sent('voicechat.response.complete')).toHaveLength(1);
  });

  it('[S2] differ in capitals and marks only: it is still a hit, and the history has the final words', () => {
    const call = eager('how much is it um jordan');
    call.answer(ANSWER);
    sure(call, 'How much is it? Um, Jordan...');
    expect(call.asked()).toHaveLength(1);
    call.voice();
    call.pass(10_000);
    expect(metrics(call)).toMatchObject({ speculation: 'hit', wastedTokens: 0 });
    call.say('Thank you');
    expect(call.shown().slice(1)).toEqual([
      'user: How much is it? Um, Jordan...',
      `assistant: ${ANSWER}`,
      'user: Thank you',
    ]);
  });

  it('[S2] find a model that has not begun: its tokens go on to the caller afterwards', () => {
    const call = eager();
    const reply = call.replyNumber();
    sure(call);
    expect(call.states()).toEqual(['thinking']);
    call.pass(50);
    call.answer('That costs ten dollars.', reply);
    call.voice(reply);
    expect(call.sent('voicechat.response.start')).toHaveLength(1);
    call.pass(10_000);
    expect(metrics(call)).toMatchObject({ speculation: 'hit', firstTokenMs: 350, endOfTurnMs: 300 });
  });

  it('[S2] give times from the last word: the first token may come before the end of the turn', () => {
    const call = eager();
    call.hush(50);
    call.answer(ANSWER);
    call.speak();
    call.hush(150);
    call.on({ type: 'recogniser.final', text: 'How much is it?', endMs: 600 });
    call.voice();
    call.pass(10_000);
    expect(metrics(call)).toMatchObject({ firstTokenMs: 150, endOfTurnMs: 300, firstAudioMs: 300 });
  });
});

describe('nothing new', () => {
  it('[S2] neither the same words in an interim nor a second eager end begin another reply', () => {
    const call = eager();
    call.on({ type: 'recogniser.interim', text: 'How much is it?' });
    call.eager('how much is it');
    expect(call.asked()).toHaveLength(1);
    expect(call.all('model.cancel')).toEqual([]);
  });
});

describe('other words', () => {
  it('[S3] cancel the reply without a trace but its tokens', () => {
    const call = eager();
    const first = call.replyNumber();
    call.on({ type: 'model.text', ask: first, text: 'It is ten dollars ' });
    call.on({ type: 'model.text', ask: first, text: 'a month. ' });
    call.talk(300);
    call.on({ type: 'recogniser.interim', text: 'how much is it for ten people' });
    expect(call.all('model.cancel')).toEqual([{ type: 'model.cancel', ask: first }]);
    expect(call.all('voice.cancel')).toEqual([{ type: 'voice.cancel', reply: first }]);
    call.hush(300);
    call.on({ type: 'recogniser.final', text: 'How much is it for ten people?', endMs: 1000 });
    call.audio('It is ten dollars a month.', first);
    expect(call.sent('voicechat.response.start')).toEqual([]);
    call.answer('It is a hundred dollars.');
    call.voice();
    call.pass(10_000);
    expect(metrics(call)).toMatchObject({ speculation: 'miss', wastedTokens: 2 });
    call.say('Thanks');
    expect(call.shown().slice(1)).toEqual([
      'user: How much is it for ten people?',
      'assistant: It is a hundred dollars.',
      'user: Thanks',
    ]);
  });

  it('[S3] in a final whose turn still waits have the reply cancelled and the model asked on them', () => {
    const call = eager('my number is five five');
    const first = call.replyNumber();
    const before = call.now;
    call.on({ type: 'recogniser.final', text: 'My number is five five one', endMs: 600 });
    expect(call.turns()).toEqual([]);
    expect(call.all('model.cancel')).toEqual([{ type: 'model.cancel', ask: first }]);
    expect(call.times('model.ask', before)).toEqual([0, 0]);
    expect(call.shown().at(-1)).toBe('user: My number is five five one');
  });

  it('[S3] at the very end of the turn are answered anew', () => {
    const call = eager();
    const first = call.replyNumber();
    call.on({ type: 'model.text', ask: first, text: 'It is ten dollars a month. ' });
    sure(call, 'How much is it now?');
    expect(call.all('model.cancel')).toEqual([{ type: 'model.cancel', ask: first }]);
    expect(call.asked()).toHaveLength(2);
    expect(call.shown().at(-1)).toBe('user: How much is it now?');
    call.answer('It is a hundred dollars.');
    call.voice();
    call.pass(10_000);
    expect(metrics(call)).toMatchObject({ speculation: 'miss', wastedTokens: 1 });
  });

  it('[S3] of a typed turn drop the reply, and only the typed ones are answered', () => {
    const call = eager('how');
    const first = call.replyNumber();
    call.answer(ANSWER);
    call.speak();
    call.on({ type: 'caller.text', text: 'Who are you?' });
    expect(call.all('voice.cancel')).toEqual([{ type: 'voice.cancel', reply: first }]);
    expect(call.sent('voicechat.response.start')).toEqual([]);
    expect(call.turns()).toHaveLength(1);
    expect(call.shown().at(-1)).toMatch(/Who are you\?$/);
  });

  it('[S3] a word taken back drops the reply; eager, resumed, eager, end of turn is answered once', () => {
    const call = eager('i am looking for');
    const first = call.replyNumber();
    call.answer('What are you looking for?');
    call.on({ type: 'recogniser.resumed' });
    expect(call.all('model.cancel')).toEqual([]);
    expect(call.all('voice.cancel')).toEqual([{ type: 'voice.cancel', reply: first }]);
    call.talk(400);
    call.hush(100);
    call.eager('i am looking for a planner');
    const second = call.replyNumber();
    call.answer('A planner is what we make.');
    call.speak();
    call.hush(200);
    const from = call.now;
    call.on({ type: 'recogniser.final', text: 'I am looking for a planner.', endMs: 1100 });
    expect(second).not.toBe(first);
    expect(call.asked()).toHaveLength(2);
    expect(call.turns()).toEqual(['I am looking for a planner.']);
    expect(call.sentTimes('voicechat.response.start', from)).toEqual([0]);
    call.voice();
    call.pass(10_000);
    expect(metrics(call)).toMatchObject({ speculation: 'hit', wastedTokens: 1 });
    expect(call.sent('voicechat.turn.metrics')).toHaveLength(1);
  });
});

describe('limits', () => {
  it('[S4] at most 3 replies a turn are begun early', () => {
    const call = new Scene().opened();
    for (const words of ['red', 'red or blue', 'red or blue paint', 'red or blue paint today']) {
      call.hush(100);
      call.eager(`we sell ${words}`);
    }
    expect(call.asked()).toHaveLength(3);
    expect(call.all('model.cancel')).toHaveLength(3);
    call.hush(400);
    call.on({ type: 'recogniser.final', text: 'We sell red or blue paint today.', endMs: 10 });
    expect(call.asked()).toHaveLength(4);
    call.answer('Here you are, my friend.');
    call.voice();
    call.pass(10_000);
    call.hush(100);
    call.eager('a new turn may again');
    expect(call.asked()).toHaveLength(5);
  });

  it.each(['take me off your list', 'hold on a minute'])('[S4] "%s" is never begun early', (words) => {
    const call = eager(words);
    expect(call.asked()).toEqual([]);
    sure(call, words);
    expect(call.asked()).toEqual([]);
    expect(call.said()).toEqual([words.startsWith('take') ? LINES.optOut : LINES.wait]);
  });

  it('[S4] none is begun while the agent has the floor', () => {
    const call = new Scene().opened();
    call.say('How much is it?');
    call.answer(ANSWER);
    call.speak();
    call.pass(1000);
    call.on({ type: 'recogniser.interim', text: 'yeah' });
    call.on({ type: 'recogniser.eager', text: 'yeah' });
    expect(call.asked()).toHaveLength(1);
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
  });
});

describe('what the model wants done', () => {
  it('[S5] happens when the turn is over and the reply was heard', () => {
    const call = eager('we have no need goodbye');
    const reply = call.replyNumber();
    call.on({ type: 'model.text', ask: reply, text: 'Thank you for your time.' });
    call.on({ type: 'model.end-call', ask: reply, outcome: 'not-interested' });
    call.on({ type: 'model.done', ask: reply });
    call.voice();
    call.hush(1000);
    expect(call.conversation.ended).toBe(false);
    call.on({ type: 'recogniser.final', text: 'We have no need, goodbye.', endMs: 600 });
    const from = call.now;
    call.voice();
    call.pass(10_000);
    expect(call.sent('voicechat.call.ended')).toMatchObject([{ outcome: 'not-interested' }]);
    expect(call.sentTimes('voicechat.call.ended', from)).toEqual([24 * 50]);
  });

  it('[S5] does not happen when the caller goes on: the call does not end', () => {
    const call = eager('i think we are done');
    const first = call.replyNumber();
    call.on({ type: 'model.text', ask: first, text: 'Goodbye to you.' });
    call.on({ type: 'model.end-call', ask: first, outcome: 'not-interested' });
    call.on({ type: 'model.done', ask: first });
    call.on({ type: 'recogniser.interim', text: 'i think we are done with paper' });
    call.hush(300);
    call.on({ type: 'recogniser.final', text: 'I think we are done with paper.', endMs: 650 });
    call.answer('That is good to hear.');
    call.voice();
    call.pass(20_000);
    expect(call.conversation.ended).toBe(false);
    expect(call.states().at(-1)).toBe('listening');
  });

  it('[S5] a tool without words has the goodbye held like any other words', () => {
    const call = eager('goodbye then');
    const reply = call.replyNumber();
    call.on({ type: 'model.end-call', ask: reply, outcome: 'callback' });
    call.on({ type: 'model.done', ask: reply });
    call.speak();
    expect(call.sent('voicechat.response.start')).toEqual([]);
    sure(call, 'Goodbye then.');
    expect(call.sent('voicechat.response.text').map(({ text }) => text)).toEqual([LINES.goodbye]);
    call.voice();
    call.pass(5000);
    expect(call.sent('voicechat.call.ended')).toMatchObject([{ outcome: 'callback' }]);
  });
});

describe('a failure before the turn is over', () => {
  it.each([broken, refused])(
    '[S6] of the model is told to nobody; the end of the turn asks anew',
    (failure) => {
      const call = eager();
      const first = call.replyNumber();
      call.on({ type: 'model.failed', ask: first, failure });
      expect(call.asked()).toHaveLength(1);
      expect(call.all('voice.say')).toEqual([]);
      sure(call);
      expect(call.asked()).toHaveLength(2);
      expect(call.sent('voicechat.error')).toEqual([]);
      call.answer('It is ten dollars a month.');
      call.voice();
      expect(call.sent('voicechat.response.start')).toHaveLength(1);
      call.pass(10_000);
      expect(metrics(call)).toMatchObject({ speculation: 'miss' });
    },
  );

  it('[S6] of the synthesiser drops the reply; later replies still go over the socket', () => {
    const call = eager();
    const first = call.replyNumber();
    call.answer(ANSWER);
    call.on({ type: 'voice.failed', reply: first, failure: broken });
    expect(call.all('voice.say').map(({ route }) => route)).toEqual(['socket']);
    sure(call);
    expect(call.asked()).toHaveLength(2);
    call.answer('It is ten dollars a month.');
    expect(call.all('voice.say').at(-1)?.route).toBe('socket');
    expect(call.sent('voicechat.error')).toEqual([]);
  });

  it('[S6] an empty answer is one, too', () => {
    const call = eager();
    call.on({ type: 'model.done', ask: call.replyNumber() });
    sure(call);
    expect(call.asked()).toHaveLength(2);
    expect(call.said()).toEqual([]);
  });
});
