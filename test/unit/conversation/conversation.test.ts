import { describe, expect, it } from 'vitest';
import { alignment, broken, refused, Scene, silence, tone } from '../../support/scene.ts';

const start = { type: 'caller.start', samplingRate: 16_000, language: 'en-US' } as const;

describe('opening', () => {
  it('[O1] opens recogniser and voice, and greets first', () => {
    const call = new Scene();
    call.on(start);
    expect(call.all('recogniser.open')).toEqual([
      { type: 'recogniser.open', samplingRate: 16_000, language: 'en-US', offsetMs: 0 },
    ]);
    expect(call.all('voice.prepare')).toHaveLength(1);
    expect(call.said().join(' ')).toBe('Hello, this is Ava.');
    expect(call.asked()).toEqual([]);
  });

  it('[O2] a second start with the same audio changes nothing', () => {
    const call = new Scene();
    call.on(start);
    const before = call.commands.length;
    call.on(start);
    expect(call.commands).toHaveLength(before);
  });

  it('[O2] a start in another language opens the recogniser again', () => {
    const call = new Scene().opened();
    call.on({ ...start, language: 'de-DE' });
    expect(call.commands.map(({ command }) => command.type)).toEqual(['recogniser.close', 'recogniser.open']);
  });

  it('[O3] a typed turn before any audio is answered without a greeting', () => {
    const call = new Scene();
    call.on({ type: 'caller.text', text: 'Hello?' });
    expect(call.asked()).toHaveLength(1);
    expect(call.said()).toEqual([]);
  });
});

describe('turns', () => {
  it('[T1] shows interim and final words under one turn id and asks the model', () => {
    const call = new Scene().opened();
    call.on({ type: 'recogniser.interim', text: 'how' });
    call.on({ type: 'recogniser.interim', text: 'how much' });
    call.on({ type: 'recogniser.final', text: 'How much?', endMs: 900 });
    call.pass(200);
    const [first, second] = call.sent('voicechat.transcript.interim');
    const [final] = call.sent('voicechat.transcript.final');
    expect([first?.text, second?.text, final?.text]).toEqual(['how', 'how much', 'How much?']);
    expect(new Set([first?.turnId, second?.turnId, final?.turnId]).size).toBe(1);
    expect(call.asked()[0]?.at(-1)).toEqual({ role: 'user', content: 'How much?' });
    expect(call.asked()[0]?.[0]).toEqual({ role: 'system', content: 'PROMPT' });
  });

  it('[T2] silence is no turn', () => {
    const call = new Scene().opened();
    call.on({ type: 'recogniser.interim', text: '' });
    call.on({ type: 'recogniser.final', text: '', endMs: undefined });
    expect(call.commands).toEqual([]);
  });

  it('[T3] a caller who goes on before the agent sounds is answered once, to all the words', () => {
    const call = new Scene().opened();
    call.say('Can you tell me');
    const first = call.replyNumber();
    call.say('what it costs');
    expect(call.all('model.cancel')).toEqual([{ type: 'model.cancel', reply: first }]);
    expect(call.sent('voicechat.response.start')).toEqual([]);
    expect(call.asked().at(-1)?.at(-1)).toEqual({ role: 'user', content: 'Can you tell me what it costs' });
  });

  it('[T4] a hand-ended turn asks for the final words, once', () => {
    const call = new Scene().opened();
    call.on({ type: 'recogniser.interim', text: 'yes' });
    call.on({ type: 'caller.turn-end' });
    call.on({ type: 'caller.turn-end' });
    expect(call.all('recogniser.finalize')).toHaveLength(1);
    call.on({ type: 'recogniser.final', text: 'Yes.', endMs: 500 });
    expect(call.asked()).toHaveLength(1);
  });

  it('[T5] without an answer to the finalize the words so far are the turn, and late news of them is dropped', () => {
    const call = new Scene().opened();
    call.on({ type: 'caller.audio', pcm: silence(800) });
    call.on({ type: 'recogniser.interim', text: 'yes please' });
    call.on({ type: 'caller.turn-end' });
    call.pass(1000);
    expect(call.sent('voicechat.transcript.final').map(({ text }) => text)).toEqual(['yes please']);
    call.on({ type: 'recogniser.final', text: 'Yes, please.', endMs: 700 });
    expect(call.sent('voicechat.transcript.final')).toHaveLength(1);
    expect(call.asked()).toHaveLength(1);
  });

  it('[T6] a hand-ended turn without speech has no response', () => {
    const call = new Scene().opened();
    call.on({ type: 'caller.turn-end' });
    call.pass(10_000);
    expect(call.sent('voicechat.response.start')).toEqual([]);
    expect(call.asked()).toEqual([]);
  });

  it('[T8] words that never get a final are the turn after 4 s', () => {
    const call = new Scene().opened();
    call.on({ type: 'recogniser.interim', text: 'how much' });
    call.pass(3000);
    call.on({ type: 'recogniser.interim', text: 'how much is it' });
    call.on({ type: 'recogniser.failed', failure: broken });
    call.pass(3999);
    expect(call.asked()).toEqual([]);
    call.pass(1);
    expect(call.asked()[0]?.at(-1)).toEqual({ role: 'user', content: 'how much is it' });
  });

  it('[T7] audio waits for the recogniser in order, and a hand-ended turn with it', () => {
    const call = new Scene();
    call.on(start);
    const [a, b] = [silence(20), silence(20)];
    call.on({ type: 'caller.audio', pcm: a });
    call.on({ type: 'caller.audio', pcm: b });
    call.on({ type: 'caller.turn-end' });
    expect(call.all('recogniser.audio')).toEqual([]);
    const commands = call.on({ type: 'recogniser.open' });
    expect(commands.map(({ type }) => type)).toEqual([
      'recogniser.audio',
      'recogniser.audio',
      'recogniser.finalize',
    ]);
    expect(call.all('recogniser.audio').map(({ pcm }) => pcm)).toEqual([a, b]);
  });

  it('[T7] keeps at least the last 10 s and tells the client when more was dropped', () => {
    const call = new Scene();
    call.on(start);
    for (let i = 0; i < 700; i++) call.on({ type: 'caller.audio', pcm: silence(20) });
    expect(call.sent('voicechat.error').map(({ code }) => code)).toEqual(['audio_overflow']);
    call.on({ type: 'recogniser.open' });
    const held = call.all('recogniser.audio').length * 20;
    expect(held).toBeGreaterThanOrEqual(10_000);
    expect(held).toBeLessThan(14_000);
  });
});

describe('replies', () => {
  it('[R1] one utterance id, one start, text before its audio, one complete', () => {
    const call = new Scene().opened();
    call.say('How much is it?');
    call.answer('It is ten dollars a month. Would that work?');
    call.speak();
    call.on({ type: 'voice.done', reply: call.replyNumber() });
    const events = call.events().filter((event) => event.startsWith('response'));
    expect(events[0]).toBe('response.start');
    expect(events[1]).toBe('response.text');
    expect(events[2]).toBe('response.chunk');
    expect(events.at(-1)).toBe('response.complete');
    expect(events.filter((event) => event === 'response.start')).toHaveLength(1);
    const ids = call
      .all('send')
      .flatMap(({ payload }) => ('utteranceId' in payload ? [payload.utteranceId] : []));
    expect(new Set(ids).size).toBe(1);
    expect(
      call
        .sent('voicechat.response.text')
        .map(({ text }) => text)
        .join(' '),
    ).toBe('It is ten dollars a month. Would that work?');
  });

  it('[R2] speaks the first piece before the model has finished', () => {
    const call = new Scene().opened();
    call.say('How much is it?');
    const reply = call.replyNumber();
    call.on({ type: 'model.text', reply, text: 'It is ten dollars a month. Would' });
    expect(call.said()).toEqual(['It is ten dollars a month.']);
    call.speak();
    expect(call.sent('voicechat.response.chunk').length).toBeGreaterThan(0);
  });

  it('[R3] sends no empty, odd or over-long chunk', () => {
    const call = new Scene().opened();
    call.say('Hello');
    call.answer('Hello there, how are you today?');
    call.on({
      type: 'voice.audio',
      reply: call.replyNumber(),
      pcm: tone(75_002 / 32),
      alignment: undefined,
    });
    const sizes = call.sent('voicechat.response.chunk').map(({ audio }) => audio.byteLength);
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(75_002);
    expect(sizes.every((size) => size > 0 && size % 2 === 0 && size <= 32_000)).toBe(true);
  });

  it('[R4] the reply is remembered whole when it has been heard', () => {
    const call = new Scene().opened();
    call.say('How much is it?');
    call.answer('Ten dollars.');
    call.speak();
    call.on({ type: 'voice.done', reply: call.replyNumber() });
    call.pass(10_000);
    call.say('Thank you');
    expect(call.asked().at(-1)?.slice(-3)).toEqual([
      { role: 'user', content: 'How much is it?' },
      { role: 'assistant', content: 'Ten dollars.' },
      { role: 'user', content: 'Thank you' },
    ]);
  });

  it('[R5] reports listening, thinking and speaking as they change', () => {
    const call = new Scene().opened();
    call.say('Hello');
    call.answer('Hello there, friend.');
    call.speak();
    call.on({ type: 'voice.done', reply: call.replyNumber() });
    call.pass(10_000);
    expect(call.sent('voicechat.state').map(({ state }) => state)).toEqual([
      'thinking',
      'speaking',
      'listening',
    ]);
  });

  it('[R6] gives metrics for every reply that sounded', () => {
    const call = new Scene().opened();
    call.say('Hello');
    call.pass(300);
    call.answer('Hello there, friend.');
    call.pass(150);
    call.speak();
    call.on({ type: 'voice.done', reply: call.replyNumber() });
    call.pass(10_000);
    expect(call.sent('voicechat.turn.metrics')).toEqual([
      expect.objectContaining({
        firstTokenMs: 300,
        firstAudioMs: 450,
        sentMs: 950,
        heardMs: 950,
        wordsSaid: 3,
        wordsHeard: 3,
        interrupted: false,
      }),
    ]);
  });
});

describe('barge-in', () => {
  function speaking(text = 'One two three four five six seven eight nine ten.'): Scene {
    const call = new Scene().opened();
    call.say('Tell me');
    call.answer(text);
    call.speak();
    return call;
  }

  it('[B1] stops at the first words and remembers only what was heard', () => {
    const call = speaking();
    call.pass(1000);
    const reply = call.replyNumber();
    call.on({ type: 'recogniser.interim', text: 'but what about' });
    expect(call.sent('voicechat.response.interrupt')).toHaveLength(1);
    expect(call.all('voice.cancel')).toEqual([{ type: 'voice.cancel', reply }]);
    call.on({ type: 'recogniser.final', text: 'But what about Monday?', endMs: 5000 });
    const heard = call
      .asked()
      .at(-1)
      ?.find(({ role, content }) => role === 'assistant' && content.startsWith('One'));
    expect(heard?.content).toBe('One two three four (interrupted)');
  });

  it('[B2] nothing of an interrupted utterance is sent afterwards', () => {
    const call = speaking();
    const reply = call.replyNumber();
    call.on({ type: 'recogniser.interim', text: 'wait a minute' });
    const before = call.commands.length;
    call.audio('more', reply);
    call.on({ type: 'model.text', reply, text: 'more' });
    call.on({ type: 'voice.done', reply });
    expect(call.commands).toHaveLength(before);
  });

  it('[B3] works while everything was sent and still plays', () => {
    const call = speaking();
    call.on({ type: 'voice.done', reply: call.replyNumber() });
    expect(call.sent('voicechat.response.complete')).toHaveLength(1);
    call.pass(500);
    call.on({ type: 'recogniser.interim', text: 'stop please' });
    expect(call.sent('voicechat.response.interrupt')).toHaveLength(1);
    expect(call.sent('voicechat.turn.metrics')[0]).toMatchObject({
      interrupted: true,
      wordsHeard: 2,
      wordsSaid: 10,
    });
  });

  it('[B4] a backchannel does not stop the agent, and is not answered', () => {
    const call = speaking();
    call.pass(500);
    call.say('uh-huh');
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
    expect(call.asked()).toHaveLength(1);
  });

  it('[B5] "yes" to a question that has as good as ended is an answer', () => {
    const call = speaking('Would that be of interest?');
    call.on({ type: 'voice.done', reply: call.replyNumber() });
    call.pass(1200);
    call.say('Yes');
    expect(call.asked().at(-1)?.at(-1)).toEqual({ role: 'user', content: 'Yes' });
  });

  it('[H1] the listener is believed about what was heard', () => {
    const call = speaking();
    const [{ utteranceId } = { utteranceId: '' }] = call.sent('voicechat.response.start');
    call.pass(2000);
    call.on({ type: 'caller.playback', utteranceId, playedMs: 400, ended: false });
    call.on({ type: 'recogniser.interim', text: 'hold on there' });
    expect(call.sent('voicechat.turn.metrics')[0]).toMatchObject({ heardMs: 400, wordsHeard: 2 });
  });

  it('[H2] nothing heard, nothing remembered', () => {
    const call = speaking();
    call.on({ type: 'recogniser.final', text: 'No thanks', endMs: 5000 });
    const messages = call.asked().at(-1) ?? [];
    expect(messages.some(({ content }) => content.includes('One'))).toBe(false);
    expect(messages.at(-1)).toEqual({ role: 'user', content: 'Tell me No thanks' });
  });
});

describe('failures', () => {
  it('[F1] the recogniser is opened again at once, and the client told when that fails too', () => {
    const call = new Scene().opened();
    call.on({ type: 'recogniser.failed', failure: broken });
    call.pass(0);
    expect(call.all('recogniser.open')).toHaveLength(1);
    expect(call.sent('voicechat.error')).toEqual([]);
    call.on({ type: 'recogniser.failed', failure: broken });
    expect(call.sent('voicechat.error')).toEqual([
      expect.objectContaining({ code: 'recogniser_unavailable', retryable: true }),
    ]);
    call.on({ type: 'caller.audio', pcm: silence(20) });
    call.pass(250);
    expect(call.all('recogniser.open')).toHaveLength(2);
    expect(call.on({ type: 'recogniser.open' }).map(({ type }) => type)).toEqual(['recogniser.audio']);
  });

  it('[F1] a recogniser that opens and fails at once is given longer and longer pauses, and the client told', () => {
    const call = new Scene().opened();
    for (let i = 0; i < 200; i++) {
      call.on({ type: 'recogniser.failed', failure: broken });
      call.pass(100);
      call.on({ type: 'recogniser.open' });
    }
    expect(call.all('recogniser.open').length).toBeLessThan(15);
    expect(call.sent('voicechat.error')).toHaveLength(1);
  });

  it('[F1] a recogniser that is asked too often is not asked again at once', () => {
    const call = new Scene().opened();
    call.on({
      type: 'recogniser.failed',
      failure: { kind: 'rate-limited', retryable: true, detail: 'test' },
    });
    call.pass(249);
    expect(call.all('recogniser.open')).toEqual([]);
    call.pass(1);
    expect(call.all('recogniser.open')).toHaveLength(1);
  });

  it('[F2] a recogniser that refuses the call is not tried again; typing goes on', () => {
    const call = new Scene().opened();
    call.on({ type: 'recogniser.failed', failure: refused });
    call.pass(60_000);
    expect(call.all('recogniser.open')).toEqual([]);
    expect(call.sent('voicechat.error')).toEqual([
      expect.objectContaining({ code: 'recogniser_unavailable', retryable: false }),
    ]);
    call.on({ type: 'caller.text', text: 'Can you read this?' });
    expect(call.asked()).toHaveLength(1);
  });

  it('[F3] the model is asked once more, then the agent apologises aloud', () => {
    const call = new Scene().opened();
    call.say('Hello');
    call.on({ type: 'model.failed', reply: call.replyNumber(), failure: broken });
    expect(call.asked()).toHaveLength(2);
    call.on({ type: 'model.failed', reply: call.replyNumber(), failure: broken });
    expect(call.said().join(' ')).toBe('Sorry, once more please.');
    expect(call.sent('voicechat.error')).toEqual([expect.objectContaining({ code: 'model_unavailable' })]);
  });

  it('[F3] a refusal that no retry can heal is not retried', () => {
    const call = new Scene().opened();
    call.say('Hello');
    call.on({ type: 'model.failed', reply: call.replyNumber(), failure: refused });
    expect(call.asked()).toHaveLength(1);
    expect(call.said().join(' ')).toBe('Sorry, once more please.');
  });

  it('[F4] a stream cut off after words were said is ended with those words', () => {
    const call = new Scene().opened();
    call.say('Hello');
    const reply = call.replyNumber();
    call.on({ type: 'model.text', reply, text: 'Hello there my friend. And then I' });
    call.on({ type: 'model.failed', reply, failure: broken });
    expect(call.said()).toEqual(['Hello there my friend.']);
    expect(call.all('voice.finish')).toHaveLength(1);
  });

  it('[F5] when the voice socket fails, only what has no sound yet is said over HTTP', () => {
    const call = new Scene().opened();
    call.say('Hello');
    const reply = call.replyNumber();
    call.answer('Hello there my friend. This is the second part.');
    call.audio('Hello there my friend.', reply);
    call.on({ type: 'voice.failed', reply, failure: broken });
    expect(
      call
        .all('voice.say')
        .filter(({ route }) => route === 'http')
        .map(({ text }) => text),
    ).toEqual(['This is the second part.']);
    expect(call.commands.at(-1)?.command).toEqual({ type: 'voice.finish', reply });
  });

  it('[F5] characters whose audio never came are said again, though their times had come', () => {
    const call = new Scene().opened();
    call.say('Hello');
    const reply = call.replyNumber();
    call.answer('One two three four five.');
    call.on({
      type: 'voice.audio',
      reply,
      pcm: silence(400),
      alignment: alignment('One two three four five.'),
    });
    call.on({ type: 'voice.failed', reply, failure: broken });
    expect(
      call
        .all('voice.say')
        .filter(({ route }) => route === 'http')
        .map(({ text }) => text),
    ).toEqual(['three four five.']);
  });

  it('[F5] after a socket that hangs the next replies do not wait for it', () => {
    const call = new Scene().opened();
    call.say('Hello');
    call.answer('Hello there my friend.');
    const failure = { kind: 'stalled', retryable: true, detail: 'test' } as const;
    call.on({ type: 'voice.failed', reply: call.replyNumber(), failure });
    call.say('Are you there?');
    call.answer('I am here now.');
    expect(call.all('voice.say').at(-1)).toMatchObject({ text: 'I am here now.', route: 'http' });
    call.pass(30_000);
    call.say('Still there?');
    call.answer('I am still here.');
    expect(call.all('voice.say').at(-1)).toMatchObject({ text: 'I am still here.', route: 'socket' });
  });

  it('[F6] with no voice at all the words reach the client as text, with an error', () => {
    const call = new Scene().opened();
    call.say('Hello');
    const reply = call.replyNumber();
    call.answer('Hello there my friend.');
    call.on({ type: 'voice.failed', reply, failure: broken });
    call.on({ type: 'voice.failed', reply, failure: broken });
    expect(call.events().slice(-5)).toEqual([
      'error',
      'response.start',
      'response.text',
      'response.complete',
      'turn.metrics',
    ]);
    call.say('Go on');
    expect(call.asked().at(-1)?.at(-2)).toEqual({ role: 'assistant', content: 'Hello there my friend.' });
  });

  it('[F7] a reply without any news is given up, aloud', () => {
    const call = new Scene().opened();
    call.say('Hello');
    call.pass(12_000);
    expect(call.sent('voicechat.error')).toHaveLength(1);
    expect(call.said().at(-1)).toBe('Sorry, once more please.');
    call.pass(60_000);
    expect(call.sent('voicechat.state').at(-1)).toEqual({ state: 'listening' });
  });
});

describe('endings', () => {
  it('[E1] the caller hangs up: the client is told, and nothing happens afterwards', () => {
    const call = new Scene().opened();
    const commands = call.on({ type: 'caller.hang-up' });
    expect(commands.map(({ type }) => type)).toEqual(['send', 'call.close']);
    expect(call.sent('voicechat.call.ended')).toEqual([{ reason: 'caller_hung_up', latency: { turns: 0 } }]);
    expect(call.on({ type: 'recogniser.final', text: 'Hello?', endMs: 1 })).toEqual([]);
    expect(call.conversation.deadline).toBeUndefined();
  });

  it('[E2] an opt-out is confirmed with a fixed line, which cannot be interrupted, and ends the call', () => {
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
});
