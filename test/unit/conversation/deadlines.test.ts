import { describe, expect, it } from 'vitest';
import { broken, refused, Scene } from '../../support/scene.ts';

const start = { type: 'caller.start', samplingRate: 16_000, language: 'en-US' } as const;
const PACE = { speculation: true, idlePromptMs: 10_000, maxCallMs: 1_800_000 };
/** A call that is left alone is over within this time, in ms: three silences, and what was going on before them. */
const ENOUGH = 180_000;

describe('every state', () => {
  const opened = () => new Scene({ pace: PACE }).opened();
  const asked = (call: Scene) => {
    call.say('How much is it?');
    return call;
  };
  const sounding = (call: Scene) => {
    asked(call).answer('It is ten dollars a month, and no more than that.');
    call.speak();
    return call;
  };
  const states: Record<string, () => Scene> = {
    listening: opened,
    'a greeting without audio': () => {
      const call = new Scene({ pace: PACE });
      call.on(start);
      return call;
    },
    'words without a final': () => {
      const call = opened();
      call.on({ type: 'recogniser.interim', text: 'how much' });
      return call;
    },
    'a turn that waits for more': () => {
      const call = opened();
      call.utter('My number is');
      return call;
    },
    'a turn ended by hand': () => {
      const call = opened();
      call.on({ type: 'recogniser.interim', text: 'how much' });
      call.on({ type: 'caller.turn-end' });
      return call;
    },
    'a turn ended by hand while the recogniser is away': () => {
      const call = opened();
      call.on({ type: 'recogniser.interim', text: 'how much' });
      call.on({ type: 'recogniser.failed', failure: broken });
      call.on({ type: 'caller.turn-end' });
      return call;
    },
    'a reply begun early': () => {
      const call = opened();
      call.eager('how much is it');
      return call;
    },
    'a reply begun early and finished': () => {
      const call = opened();
      call.eager('how much is it');
      call.answer('It is ten dollars a month.');
      call.voice();
      return call;
    },
    'a model that says nothing': () => asked(opened()),
    'a model that stops in the middle': () => {
      const call = asked(opened());
      call.on({ type: 'model.text', ask: call.replyNumber(), text: 'It is ten dollars a month, and' });
      return call;
    },
    'a synthesiser that says nothing': () => {
      const call = asked(opened());
      call.answer('It is ten dollars a month.');
      return call;
    },
    'a synthesiser that stops in the middle': () => sounding(opened()),
    'a pause of the agent': () => {
      const call = sounding(opened());
      call.on({ type: 'recogniser.speech' });
      return call;
    },
    'a pause of the agent in its tail, with a listener that reports once': () => {
      const call = sounding(opened());
      call.on({ type: 'voice.done', reply: call.replyNumber() });
      const utteranceId = call.latestUtteranceId;
      call.on({ type: 'caller.playback', utteranceId, playedMs: 10, ended: false });
      call.on({ type: 'recogniser.speech' });
      return call;
    },
    'a sound before the agent has begun': () => {
      const call = asked(opened());
      call.on({ type: 'recogniser.speech' });
      return call;
    },
    'a request to wait': () => {
      const call = opened();
      call.say('Hold on a minute.');
      return call;
    },
    'an opt-out without a voice': () => {
      const call = opened();
      call.say('Take me off your list.');
      return call;
    },
    'a goodbye without a voice': () => {
      const call = asked(opened());
      call.on({ type: 'model.end-call', ask: call.replyNumber(), outcome: 'callback' });
      return call;
    },
  };

  it.each(Object.entries(states))('[E5] has a deadline, and is left: %s', (_, prepare) => {
    const call = prepare();
    for (let i = 0; i < ENOUGH / 500 && !call.conversation.ended; i++) {
      expect(call.conversation.deadline, `at ${i * 500} ms`).toBeDefined();
      call.pass(500);
    }
    expect(call.conversation.ended).toBe(true);
    expect(call.events().at(-1)).toBe('call.ended');
    expect(call.all('call.close')).toHaveLength(1);
  });

  it('[E5] with a recogniser that refuses in the middle of a turn: the words are answered, and the call listens', () => {
    const call = opened();
    call.on({ type: 'recogniser.interim', text: 'how much' });
    const from = call.now;
    call.on({ type: 'caller.turn-end' });
    call.on({ type: 'recogniser.failed', failure: refused });
    call.pass(5000);
    expect(call.sentTimes('voicechat.transcript.final', from)).toEqual([4000]);
    call.answer('It is ten dollars.');
    call.voice();
    call.pass(5000);
    expect(call.states().at(-1)).toBe('listening');
    expect(call.conversation.deadline).toBeDefined();
  });
});
