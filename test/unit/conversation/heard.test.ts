import { describe, expect, it } from 'vitest';
import { alignment, broken, COUNTING, Scene, silence, tone } from '../../support/scene.ts';

const QUESTION = 'how much is it';

/** What the model is shown of the reply that the caller cuts at this moment. */
function cut(call: Scene): string | undefined {
  call.final(QUESTION);
  return call.shown().at(-2);
}

/** A reply of which the model has said everything, and the synthesiser nothing yet. */
function unvoiced(text = COUNTING): Scene {
  const call = new Scene().opened();
  call.say('How does it work?');
  call.answer(text);
  return call.mark();
}

function sends(call: Scene, pcm: Uint8Array, text?: string, characterMs = 50): void {
  const times = text === undefined ? undefined : alignment(text, characterMs);
  call.on({ type: 'voice.audio', reply: call.replyNumber(), pcm, alignment: times });
}

function upTo(word: string): string {
  return `assistant: ${COUNTING.slice(0, COUNTING.indexOf(word) + word.length)} (interrupted)`;
}

describe('a listener who never reports', () => {
  it.each([
    [74, undefined],
    [75, 'One'],
    [524, 'two'],
    [525, 'three'],
    [1049, 'four'],
    [1050, 'five'],
    [2349, 'nine'],
  ])('[H1] that is cut after %i ms has heard the words up to "%s"', (ms, word) => {
    const call = new Scene().opened().answering();
    call.pass(ms);
    expect(cut(call)).toBe(word === undefined ? 'assistant: Hello, this is Ava.' : upTo(word));
    expect(call.metrics()).toMatchObject({ heardMs: ms, sentMs: 2450 });
  });

  it('[H1] has heard the first piece and nothing of the second when it is cut between them', () => {
    const call = unvoiced('One two three four five. Six seven eight nine ten.');
    call.audio('One two three four five.');
    call.pass(1250);
    call.audio('Six seven eight nine ten.');
    call.pass(20);
    expect(cut(call)).toBe('assistant: One two three four five. (interrupted)');
    expect(call.metrics()).toMatchObject({ heardMs: 1220, wordsHeard: 5, wordsSaid: 10 });
  });

  it('[H1] does not hear on while there is nothing to hear', () => {
    const call = unvoiced('One two three four five. Six seven eight nine ten.');
    call.audio('One two three four five.');
    call.pass(3000);
    call.audio('Six seven eight nine ten.');
    call.pass(500);
    expect(cut(call)).toBe('assistant: One two three four five. Six seven (interrupted)');
    expect(call.metrics()).toMatchObject({ heardMs: 1700 });
  });
});

describe('a synthesiser', () => {
  it('[H1] that gives no alignment is taken to speak evenly', () => {
    const call = unvoiced();
    sends(call, tone(2600));
    call.pass(1170);
    // 40 characters in 2600 ms are 65 ms each: half of "five" has sounded after 17 of them, half of "six" after 20.5.
    expect(cut(call)).toBe(upTo('five'));
  });

  it('[H1] that gives no alignment and has sent only a part is taken to speak at the usual pace', () => {
    const call = unvoiced();
    sends(call, tone(400));
    call.pass(400);
    // At 65 ms a character half of "two" has sounded after 293 ms, half of "three" after 553.
    expect(cut(call)).toBe(upTo('two'));
  });

  it('[H1] that aligns only the beginning is taken to go on at the usual pace', () => {
    const call = unvoiced();
    sends(call, tone(2450), 'One two three');
    call.pass(790);
    // "three" ends at 650, so half of "four" has sounded at 780, half of "five" at 1040.
    expect(cut(call)).toBe(upTo('four'));
  });

  it('[H1] that begins with silence shifts no word: what is not sent is not waited for', () => {
    const call = unvoiced();
    const times = alignment(COUNTING);
    call.on({
      type: 'voice.audio',
      reply: call.replyNumber(),
      pcm: joined(silence(300), tone(2450)),
      alignment: {
        characters: times.characters,
        startMs: times.startMs.map((ms) => ms + 300),
        endMs: times.endMs.map((ms) => ms + 300),
      },
    });
    // 20 ms of the silence stay.
    call.pass(820);
    expect(cut(call)).toBe(upTo('four'));
    expect(call.metrics()).toMatchObject({ sentMs: 2470, heardMs: 820 });
  });

  it('[H1] one millisecond before the middle of a word behind that silence the word is not heard', () => {
    const call = unvoiced();
    const times = alignment(COUNTING);
    const later = (ms: number) => ms + 300;
    sends(call, silence(150));
    call.on({
      type: 'voice.audio',
      reply: call.replyNumber(),
      pcm: joined(silence(150), tone(2450)),
      alignment: {
        characters: times.characters,
        startMs: times.startMs.map((ms) => later(ms) - 150),
        endMs: times.endMs.map((ms) => later(ms) - 150),
      },
    });
    call.pass(819);
    expect(cut(call)).toBe(upTo('three'));
  });

  it('[H1] whose silence and whose words come apart shifts no word, either', () => {
    const call = unvoiced();
    sends(call, silence(300));
    sends(call, tone(2450), COUNTING);
    // The 20 ms of silence that stay are heard before the first word.
    call.pass(94);
    expect(cut(call)).toBe('assistant: Hello, this is Ava.');
  });

  it('[H1] that tells characters ahead of their audio is believed about where they sound', () => {
    const call = unvoiced();
    sends(call, silence(20));
    call.on({
      type: 'voice.audio',
      reply: call.replyNumber(),
      pcm: tone(1000),
      alignment: alignment(COUNTING),
    });
    call.pass(500);
    sends(call, tone(1450));
    call.pass(320);
    expect(cut(call)).toBe(upTo('four'));
  });

  it('[H1] that pauses before its second piece does not shift that', () => {
    const call = unvoiced('One two three four five. Six seven eight nine ten.');
    call.audio('One two three four five.');
    const times = alignment('Six seven eight nine ten.');
    call.on({
      type: 'voice.audio',
      reply: call.replyNumber(),
      pcm: joined(silence(400), tone(1250)),
      alignment: {
        characters: times.characters,
        startMs: times.startMs.map((ms) => ms + 400),
        endMs: times.endMs.map((ms) => ms + 400),
      },
    });
    call.pass(1200 + 400 + 70);
    expect(cut(call)).toBe('assistant: One two three four five. (interrupted)');
  });

  it('[H1] that was replaced halfway is believed about where the other way speaks', () => {
    const call = unvoiced();
    sends(call, tone(400), COUNTING);
    call.on({ type: 'voice.failed', reply: call.replyNumber(), failure: broken });
    const rest = 'three four five six seven eight nine ten.';
    expect(call.said().at(-1)).toBe(rest);
    sends(call, tone(rest.length * 100), rest, 100);
    // It speaks half as fast: half of "four" has sounded 800 ms after it began, half of "five" after 1300.
    call.pass(400 + 850);
    expect(cut(call)).toBe(upTo('four'));
  });

  it('[H1] that was replaced within a word does not shift the words behind it', () => {
    const call = unvoiced();
    sends(call, tone(550), 'One two thr');
    call.on({ type: 'voice.failed', reply: call.replyNumber(), failure: broken });
    const rest = 'four five six seven eight nine ten.';
    expect(call.said().at(-1)).toBe(rest);
    sends(call, tone(rest.length * 50), rest);
    call.pass(550 + 120);
    expect(cut(call)).toBe(upTo('four'));
  });
});

describe('nothing heard', () => {
  it('[H2] of a reply that was cut before its first frame nothing is remembered', () => {
    const call = unvoiced();
    call.pass(50);
    expect(cut(call)).toBe('assistant: Hello, this is Ava.');
    expect(call.shown().at(-1)).toBe(`user: How does it work? ${QUESTION}`);
    expect(call.sent('voicechat.response.start')).toEqual([]);
    expect(call.sent('voicechat.turn.metrics')).toEqual([]);
  });

  it('[H2] nor of one that was cut in the moment it was sent', () => {
    const call = new Scene().opened().answering();
    expect(cut(call)).toBe('assistant: Hello, this is Ava.');
    expect(call.shown().at(-1)).toBe(`user: How does it work? ${QUESTION}`);
    expect(call.metrics()).toMatchObject({ heardMs: 0, wordsHeard: 0, interrupted: true });
  });

  it('[H2] nor of one that the listener says has not begun to sound', () => {
    const call = new Scene().opened().answering();
    call.pass(1000);
    call.report(0);
    expect(cut(call)).toBe('assistant: Hello, this is Ava.');
    expect(call.metrics()).toMatchObject({ heardMs: 0, wordsHeard: 0 });
  });

  it('[H2] what was dropped by the client at its first sound was not heard', () => {
    const call = new Scene().opened().answering();
    call.done();
    call.pass(100);
    call.report(0, true);
    expect(call.timeline().at(-1)).toBe('100 turn.metrics');
    call.pass(400);
    expect(cut(call)).toBe('assistant: Hello, this is Ava.');
  });
});

describe('what the model is shown', () => {
  /** Caller and agent have spoken so often. */
  function spokenFor(turns: number, question: string, answer: string): Scene {
    const call = new Scene().opened();
    for (let i = 0; i < turns; i++) {
      call.say(`${question} ${i}?`);
      call.answer(`${answer} ${i}.`);
      call.voice();
      call.pass(200_000);
    }
    return call;
  }

  function roles(call: Scene): readonly string[] {
    return (call.asked().at(-1) ?? []).map(({ role }) => role);
  }

  it('[H4] begins with the prompt, alternates, and ends with the caller', () => {
    const call = spokenFor(3, 'Question', 'Answer');
    call.final('One more');
    expect(call.asked().at(-1)?.[0]).toEqual({ role: 'system', content: 'PROMPT' });
    expect(call.shown()).toEqual([
      'assistant: Hello, this is Ava.',
      'user: Question 0?',
      'assistant: Answer 0.',
      'user: Question 1?',
      'assistant: Answer 1.',
      'user: Question 2?',
      'assistant: Answer 2.',
      'user: One more',
    ]);
  });

  it('[H4] forgets the oldest beyond 60 messages', () => {
    const call = spokenFor(40, 'Question', 'Answer');
    call.final('One more');
    expect(call.shown()).toHaveLength(60);
    expect(call.shown().slice(0, 2)).toEqual(['assistant: Answer 10.', 'user: Question 11?']);
    expect(call.shown().at(-1)).toBe('user: One more');
    expect(roles(call).every((role, i, all) => role !== all[i - 1])).toBe(true);
  });

  it('[H4] forgets the oldest beyond 24,000 characters, whole messages at a time', () => {
    const call = spokenFor(20, 'q'.repeat(1990), 'a'.repeat(150));
    call.final('One more');
    const shown = call.shown();
    const characters = shown.reduce((sum, line) => sum + line.replace(/^\w+: /, '').length, 0);
    expect(characters).toBeLessThanOrEqual(24_000);
    expect(characters).toBeGreaterThan(24_000 - 2000);
    expect(shown[0]).toMatch(/^(user: q{1990} \d+\?|assistant: a{150} \d+\.)$/);
    expect(shown.at(-1)).toBe('user: One more');
  });

  it('[H4] turns that were cut before a word of the answer are one message', () => {
    const call = new Scene().opened().answering();
    call.on({ type: 'caller.text', text: 'And how much is it?' });
    call.answer(COUNTING);
    call.speak();
    call.on({ type: 'caller.text', text: 'For two users?' });
    expect(call.shown().slice(1)).toEqual(['user: How does it work? And how much is it? For two users?']);
  });
});

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.byteLength + second.byteLength);
  both.set(first);
  both.set(second, first.byteLength);
  return both;
}
