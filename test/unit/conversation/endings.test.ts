import { describe, expect, it } from 'vitest';
import { broken, LINES, Scene } from '../../support/scene.ts';

const start = { type: 'caller.start', samplingRate: 16_000, language: 'en-US' } as const;
const MINUTE = 60_000;
const ENOUGH = 180_000;
const PACE = { speculation: true, idlePromptMs: 86_400_000 };
const BYE = 'Thank you for your time and goodbye.';
/** About half a minute. */
const STORY = 'And then it goes on and on and on. '.repeat(18).trim();
const BYE_MS = BYE.length * 50;

/** The agent says goodbye and wants the call to end; its words begin to sound at this moment. */
function leaving(): Scene {
  const call = new Scene().opened();
  call.say('That is all, I need nothing.');
  const reply = call.replyNumber();
  call.on({ type: 'model.text', ask: reply, text: BYE });
  call.on({ type: 'model.end-call', ask: reply, outcome: 'not-interested' });
  call.on({ type: 'model.done', ask: reply });
  call.voice();
  return call;
}

/** A call of at most 5 minutes whose end is `ms` away; the caller has just been answered. */
function endingIn(ms: number): Scene {
  const call = new Scene({ pace: { ...PACE, maxCallMs: 5 * MINUTE } });
  call.on(start);
  call.on({ type: 'recogniser.open' });
  call.voice();
  call.pass(5 * MINUTE - ms);
  return call;
}

function ended(call: Scene): unknown {
  return call.sent('voicechat.call.ended')[0];
}

describe('hanging up', () => {
  it('[E1] the client is told, and nothing happens afterwards', () => {
    const call = new Scene().opened();
    const commands = call.on({ type: 'caller.hang-up' });
    expect(commands.map(({ type }) => type)).toEqual(['send', 'call.close']);
    expect(call.sent('voicechat.call.ended')).toEqual([{ reason: 'caller_hung_up', latency: { turns: 0 } }]);
    expect(call.on({ type: 'recogniser.final', text: 'Hello?', endMs: 1 })).toEqual([]);
    expect(call.conversation.deadline).toBeUndefined();
  });

  it('[E1] a lost client ends the call in the middle of a reply, and every late piece of news is nothing', () => {
    const call = new Scene().opened();
    call.say('How much is it?');
    const reply = call.replyNumber();
    call.answer('It is ten dollars a month.');
    call.speak();
    call.on({ type: 'caller.gone' });
    expect(call.events().at(-1)).toBe('call.ended');
    expect(call.all('call.close')).toEqual([{ type: 'call.close', reason: 'caller_hung_up' }]);
    const length = call.commands.length;
    call.audio('more', reply);
    call.on({ type: 'voice.done', reply });
    call.on({ type: 'caller.text', text: 'Hello?' });
    call.on({ type: 'caller.gone' });
    call.pass(ENOUGH);
    expect(call.commands).toHaveLength(length);
    expect(call.conversation.ended).toBe(true);
  });
});

describe('an opt-out', () => {
  it('[E2] is confirmed with a fixed line, which cannot be interrupted, and ends the call', () => {
    const call = new Scene().opened();
    call.say('Please take me off your list');
    expect(call.asked()).toEqual([]);
    expect(call.said().join(' ')).toBe('You are off our list. Goodbye.');
    call.speak();
    call.say('And never call again');
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
    call.on({ type: 'voice.done', reply: call.replyNumber() });
    call.pass(10_000);
    expect(call.sent('voicechat.call.ended')).toMatchObject([
      { reason: 'agent_ended', outcome: 'opted-out' },
    ]);
  });

  it('[E2] has no effect on its confirmation, however the caller goes on; it ends when that was heard', () => {
    const call = new Scene().opened();
    call.say('Please take me off your list');
    call.voice();
    const from = call.now;
    call.pass(200);
    call.on({ type: 'recogniser.speech' });
    call.on({ type: 'recogniser.interim', text: 'stop' });
    call.on({ type: 'caller.turn-end' });
    call.on({ type: 'recogniser.final', text: 'Stop.', endMs: 900 });
    call.on({ type: 'caller.text', text: 'Wait' });
    call.pass(10_000);
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
    expect(call.sent('voicechat.response.pause')).toEqual([]);
    expect(call.asked()).toEqual([]);
    expect(call.sentTimes('voicechat.call.ended', from)).toEqual([LINES.optOut.length * 50]);
  });

  it('[E2] stops the agent, within one turn', () => {
    const call = new Scene().opened();
    call.say('How much is it?');
    call.answer('It is ten dollars a month, and that is all there is to say.');
    call.voice();
    call.pass(1000);
    call.on({ type: 'recogniser.interim', text: 'take me off your list' });
    expect(call.sent('voicechat.response.interrupt')).toHaveLength(1);
    call.on({ type: 'recogniser.final', text: 'Take me off your list.', endMs: undefined });
    expect(call.asked()).toHaveLength(1);
    expect(call.said()).toEqual([LINES.optOut]);
    call.voice();
    call.pass(10_000);
    expect(ended(call)).toMatchObject({ outcome: 'opted-out', latency: { turns: 2 } });
  });

  it('[E2] may be typed, or said in two halves', () => {
    const typed = new Scene();
    typed.on({ type: 'caller.text', text: 'Stop calling me.' });
    expect(typed.said()).toEqual([LINES.optOut]);
    const halved = new Scene().opened();
    halved.utter('Please take me');
    halved.hush(1500);
    halved.utter('off your list.');
    halved.hush(1000);
    expect(halved.said()).toEqual([LINES.optOut]);
  });

  it('[E2] ends the call as well when its confirmation can only be shown', () => {
    const call = new Scene().opened();
    call.say('Please take me off your list');
    for (let i = 0; i < 5; i++) call.on({ type: 'voice.failed', reply: call.replyNumber(), failure: broken });
    expect(call.sent('voicechat.response.text').map(({ text }) => text)).toEqual([LINES.optOut]);
    expect(ended(call)).toMatchObject({ outcome: 'opted-out' });
  });
});

describe('the model ends the call', () => {
  it('[E3] when its goodbye has been heard, with the outcome it named', () => {
    const call = leaving();
    const from = call.now;
    expect(call.conversation.ended).toBe(false);
    call.pass(10_000);
    expect(call.sentTimes('voicechat.call.ended', from)).toEqual([BYE_MS]);
    expect(ended(call)).toMatchObject({ reason: 'agent_ended', outcome: 'not-interested' });
  });

  it("[E3] without words: the playbook's goodbye is said", () => {
    const call = new Scene().opened();
    call.say('That is all, I need nothing.');
    const reply = call.replyNumber();
    call.on({ type: 'model.end-call', ask: reply, outcome: 'callback' });
    expect(call.said()).toEqual([]);
    call.on({ type: 'model.done', ask: reply });
    expect(call.all('voice.say')).toMatchObject([{ text: LINES.goodbye, route: 'phrase' }]);
    expect(call.asked()).toHaveLength(1);
    call.voice();
    const from = call.now;
    call.pass(10_000);
    expect(call.sentTimes('voicechat.call.ended', from)).toEqual([LINES.goodbye.length * 50]);
    expect(ended(call)).toMatchObject({ outcome: 'callback' });
  });

  it('[E3] a goodbye that is interrupted ends nothing', () => {
    const call = leaving();
    call.pass(1200);
    call.say('What about Monday?');
    expect(call.sent('voicechat.response.interrupt')).toHaveLength(1);
    expect(call.shown().slice(-2)).toEqual([
      'assistant: Thank you for your time (interrupted)',
      'user: What about Monday?',
    ]);
    call.answer('Monday is good for us.');
    call.voice();
    call.pass(ENOUGH);
    expect(call.conversation.ended).toBe(false);
  });

  it.each(['Thanks, bye.', 'Have a good day!', 'Okay, bye bye.'])(
    '[B11] "%s" does not interrupt it',
    (words) => {
      const call = leaving();
      const from = call.now;
      call.pass(1000);
      call.say(words);
      expect(call.sent('voicechat.response.interrupt')).toEqual([]);
      expect(call.asked()).toHaveLength(1);
      call.pass(10_000);
      expect(call.sentTimes('voicechat.call.ended', from)).toEqual([BYE_MS]);
    },
  );

  it('[E3] a listener that reports, but never the end, is given 1 s more', () => {
    const call = leaving();
    const from = call.now;
    const { utteranceId } = call.sent('voicechat.response.start')[0] ?? { utteranceId: '' };
    for (let i = 1; i * 200 < BYE_MS; i++) {
      call.pass(200);
      call.on({ type: 'caller.playback', utteranceId, playedMs: i * 200, ended: false });
    }
    call.pass(20_000);
    expect(call.sentTimes('voicechat.call.ended', from)).toEqual([BYE_MS + 1000]);
  });

  it('[E3] a listener that reports for ever puts the end off by 10 s, and no more', () => {
    const call = leaving();
    const from = call.now;
    const { utteranceId } = call.sent('voicechat.response.start')[0] ?? { utteranceId: '' };
    for (let i = 0; i < 200; i++) {
      call.pass(100);
      call.on({ type: 'caller.playback', utteranceId, playedMs: Math.min(i, 500), ended: false });
    }
    expect(call.sentTimes('voicechat.call.ended', from)).toEqual([BYE_MS + 10_000]);
  });

  it('[E3] a listener that says it has ended is believed at once', () => {
    const call = leaving();
    const from = call.now;
    const { utteranceId } = call.sent('voicechat.response.start')[0] ?? { utteranceId: '' };
    call.pass(1500);
    call.on({ type: 'caller.playback', utteranceId, playedMs: BYE_MS, ended: true });
    expect(call.sentTimes('voicechat.call.ended', from)).toEqual([1500]);
  });

  it('[E3] a tool of an attempt that failed is not that of the next', () => {
    const call = new Scene().opened();
    call.say('Tell me more.');
    const first = call.replyNumber();
    call.on({ type: 'model.end-call', ask: first, outcome: 'not-interested' });
    call.on({ type: 'model.failed', ask: first, failure: broken });
    expect(call.asked()).toHaveLength(2);
    call.answer('We plan for service teams.');
    call.voice();
    call.pass(20_000);
    expect(call.conversation.ended).toBe(false);
  });
});

describe('the longest duration', () => {
  it('[E4] is warned of 60 s before, once, and the model is told', () => {
    const call = endingIn(MINUTE + 1000);
    const from = call.now;
    call.say('How much is it?');
    expect(call.asked().at(-1)?.[0]?.content).toBe('PROMPT');
    call.answer('It is ten dollars.');
    call.voice();
    call.pass(30_000);
    expect(call.sentTimes('voicechat.call.warning', from)).toEqual([1000]);
    expect(call.sent('voicechat.call.warning')).toEqual([{ remainingMs: MINUTE }]);
    call.say('And for two?');
    expect(call.asked().at(-1)?.[0]?.content).toBe('PROMPT\n\nONE MINUTE LEFT');
  });

  it('[E4] that is short is warned of at half its length', () => {
    const call = new Scene({ pace: { ...PACE, maxCallMs: 20_000 } });
    const from = call.now;
    call.on({ type: 'caller.text', text: 'Hello' });
    call.answer('I can read you well.');
    call.voice();
    call.pass(10_000);
    expect(call.sentTimes('voicechat.call.warning', from)).toEqual([10_000]);
    expect(call.sent('voicechat.call.warning')).toEqual([{ remainingMs: 10_000 }]);
  });

  it('[E4] while nobody speaks: the goodbye at that very time, then the end', () => {
    const call = endingIn(5000);
    const from = call.now;
    call.pass(5000);
    expect(call.times('voice.say', from).at(-1)).toBe(5000);
    expect(call.said()).toEqual([LINES.goodbye]);
    call.voice();
    call.pass(5000);
    expect(call.sentTimes('voicechat.call.ended', from)).toEqual([5000 + LINES.goodbye.length * 50]);
    expect(ended(call)).toMatchObject({ reason: 'max_duration' });
  });

  it('[E4] while the agent speaks: it finishes first', () => {
    const call = endingIn(3000);
    const from = call.now;
    call.say('Tell me all of it.');
    call.answer(STORY.slice(0, 120));
    call.voice();
    const tellsMs = call.sentAudioMs() - LINES.greeting.length * 50;
    call.pass(7000);
    expect(call.times('voice.say', from).at(-1)).toBe(tellsMs);
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
    call.voice();
    call.pass(5000);
    expect(ended(call)).toMatchObject({ reason: 'max_duration' });
  });

  it('[E4] while the agent speaks and does not finish: it is stopped after 10 s', () => {
    const call = endingIn(3000);
    const from = call.now;
    call.say('Tell me all of it.');
    call.answer(STORY);
    call.voice();
    call.pass(13_000);
    expect(call.sentTimes('voicechat.response.interrupt', from)).toEqual([13_000]);
    expect(call.said()).toEqual([LINES.goodbye]);
  });

  it('[E4] while the caller speaks and does not stop: the goodbye comes after 10 s and is said to its end', () => {
    const call = endingIn(1000);
    const from = call.now;
    for (let i = 0; i < 30; i++) {
      call.talk(500);
      call.on({ type: 'recogniser.interim', text: `and then ${'more '.repeat(i + 1).trim()}` });
      if (call.said().at(-1) === LINES.goodbye && call.states().at(-1) === 'thinking') call.voice();
    }
    expect(call.times('voice.say', from).at(-1)).toBe(11_000);
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
    call.pass(2000);
    expect(ended(call)).toMatchObject({ reason: 'max_duration' });
  });

  it('[E4] while the caller finishes a sentence: it is answered, and then the goodbye follows', () => {
    const call = endingIn(1000);
    const from = call.now;
    call.talk(800);
    call.on({ type: 'recogniser.interim', text: 'one last thing' });
    call.talk(1200);
    const endedAt = call.utter('One last thing, what is it called?');
    call.hush(500);
    expect(call.times('model.ask', endedAt)).toEqual([100]);
    call.answer('It is called Northgate.');
    call.voice();
    call.pass(9000);
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
    expect(call.all('voice.say').map(({ text }) => text)).toEqual([
      LINES.greeting,
      'It is called Northgate.',
      LINES.goodbye,
    ]);
    expect(call.times('voice.say', from).at(-1)).toBe(2600 + 600 + 23 * 50);
  });

  it('[E4] its goodbye cannot be interrupted', () => {
    const call = endingIn(5000);
    call.pass(5000);
    call.voice();
    call.pass(300);
    call.say('Wait, wait, stop!');
    call.pass(5000);
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
    expect(ended(call)).toMatchObject({ reason: 'max_duration' });
  });

  it('[E4] a reply that was begun too soon is dropped for the goodbye', () => {
    const call = endingIn(1000);
    call.talk(600);
    call.eager('how much is it');
    const reply = call.replyNumber();
    call.answer('It is ten dollars.');
    call.pass(3000);
    call.on({ type: 'recogniser.interim', text: 'how much is it now' });
    call.pass(3900);
    call.on({ type: 'recogniser.interim', text: 'how much is it now really' });
    call.pass(4000);
    expect(call.all('voice.cancel').map((cancel) => cancel.reply)).toContain(reply);
    call.pass(2000);
    expect(call.said().at(-1)).toBe(LINES.goodbye);
  });

  it('[B11] the confirmation of an opt-out is said to its end even then, and is what the call ended with', () => {
    const call = endingIn(1000);
    call.on({ type: 'recogniser.interim', text: 'well then' });
    for (let i = 0; i < 5; i++) {
      call.pass(2000);
      call.on({ type: 'recogniser.interim', text: `well then ${'so '.repeat(i + 1).trim()}` });
    }
    call.pass(500);
    call.on({ type: 'recogniser.final', text: 'Take me off your list.', endMs: undefined });
    expect(call.said()).toEqual([LINES.optOut]);
    call.voice();
    call.pass(20_000);
    expect(ended(call)).toMatchObject({ outcome: 'opted-out' });
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
  });
});
