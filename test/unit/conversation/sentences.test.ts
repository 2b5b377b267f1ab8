import { describe, expect, it } from 'vitest';
import { Sentences } from '../../../src/conversation/sentences.ts';
import { Random } from '../../support/random.ts';
import { broken, LINES, Scene, silence, tone } from '../../support/scene.ts';

/** The pieces of a whole text that comes in these tokens. */
function cut(...tokens: string[]): readonly string[] {
  const sentences = new Sentences();
  return [...tokens.flatMap((token) => sentences.push(token)), ...sentences.flush()];
}

describe('the first piece', () => {
  it.each([
    ['Sure. It is ten dollars a month.', 'Sure.'],
    ['It costs ten dollars, and that is all.', 'It costs ten dollars,'],
    ['Well, it costs ten dollars, and that is all.', 'Well, it costs ten dollars,'],
    ['Certainly: ten dollars a month is all.', 'Certainly: ten dollars a month is all.'],
    ['The price is simple: ten dollars a month.', 'The price is simple:'],
    ['I can do it, and more than that.', 'I can do it,'],
    ['We do this, and more than that.', 'We do this, and more than that.'],
    ['What? It is ten dollars a month.', 'What?'],
    ['Great!\nIt is ten dollars a month.', 'Great!'],
  ])('[R2] of "%s" is "%s": a clause of 12 characters, or a sentence', (text, first) => {
    expect(cut(text)[0]).toBe(first);
  });

  it('[R2] is cut as soon as its mark is known to be one', () => {
    const sentences = new Sentences();
    expect(sentences.push('It costs ten dollars,')).toEqual([]);
    expect(sentences.push(' and')).toEqual(['It costs ten dollars,']);
  });
});

describe('later pieces', () => {
  it('[R2] are sentences, and short ones are spoken with the next', () => {
    expect(cut('Sure. It is ten dollars, per month. Yes. And no more than that. Okay?')).toEqual([
      'Sure.',
      'It is ten dollars, per month.',
      'Yes. And no more than that.',
      'Okay?',
    ]);
  });

  it('[R2] are cut at a space when no mark comes for 200 characters', () => {
    const pieces = cut(`Sure. ${'word '.repeat(100)}`);
    expect(pieces.every((piece) => piece.length <= 200)).toBe(true);
    expect(pieces.slice(1).join(' ')).toBe('word '.repeat(100).trim());
  });
});

describe('what is never cut', () => {
  it.each([
    'Then you would speak with Dr. Smith about it.',
    'It went up by 3.5 percent in the last year.',
    'It is for service teams, e.g. plumbers or electricians.'.replace(',', ''),
    'It was written by J. K. Rowling many years ago.',
    'You can write to jordan.lee@northgate.co.uk at any time.',
    'It is all at https://northgate.example/plans?size=ten&kind=a for you to read.',
    'I could call you at 3 p.m. on Monday if that suits.',
    'It is made by Northgate Inc. in the U.S. and sold here.',
    'We have 1,000 customers in version 2.10.3 today.',
  ])('[R2] %s', (text) => {
    expect(cut(text)).toEqual([text]);
    expect(cut(...text)).toEqual([text]);
  });

  it.each([
    ['She said "it works." Then she went on with it.', 'She said "it works."'],
    ['She said (it works!) Then she went on with it.', 'She said (it works!)'],
    ['Really?! Then I would like to hear of it.', 'Really?!'],
    ['Well... let me see what I can do for you.', 'Well...'],
    ['Let me see… I would say ten of them.', 'Let me see…'],
  ])('[R2] a mark from what belongs to it: %s', (text, first) => {
    expect(cut(text)[0]).toBe(first);
    expect(cut(...text)[0]).toBe(first);
  });
});

describe('a text in tokens', () => {
  const TEXT =
    'Sure! "Is that so?" Yes?! Dr. Smith, of Northgate Inc., wrote to j.lee@acme.co.uk at 3 p.m. on Monday... ' +
    'See https://acme.example/?a=b! It costs 3.50 dollars (or less!), e.g. for J. K. Rowling. ' +
    "“Well,” she said, “it works.” We've 1,000 of them…\nIs that what you need? He's the C.E.O.; no more. Bye.";

  it('[R2] gives pieces that are the text when joined by a space, wherever the tokens are split', () => {
    const random = new Random(7);
    const folded = TEXT.replace(/\s+/g, ' ');
    for (let run = 0; run < 200; run++) {
      const tokens: string[] = [];
      for (let at = 0; at < TEXT.length; ) {
        const length = 1 + random.below(random.pick([1, 3, 8, 30]));
        tokens.push(TEXT.slice(at, at + length));
        at += length;
      }
      expect(cut(...tokens).join(' '), tokens.join('|')).toBe(folded);
    }
  });

  it('[R2] gives the same when it has to hurry, and no piece then ends in a word that leads on', () => {
    const random = new Random(11);
    const folded = TEXT.replace(/\s+/g, ' ');
    for (let run = 0; run < 200; run++) {
      const sentences = new Sentences();
      const pieces: string[] = [];
      for (let at = 0; at < TEXT.length; at += 7) {
        pieces.push(...sentences.push(TEXT.slice(at, at + 7)));
        if (random.below(3) > 0) continue;
        const hurried = sentences.hurry();
        for (const piece of hurried)
          expect(piece).not.toMatch(/\b(the|for|at|of|to|or|Dr\.|e\.g\.|J\.|K\.)$/);
        pieces.push(...hurried);
      }
      expect([...pieces, ...sentences.flush()].join(' ')).toBe(folded);
    }
  });
});

describe('in a hurry', () => {
  it.each([
    ['We plan the routes of the', 'We plan the routes'],
    ['We plan the routes for your team', 'We plan the routes'],
    ['We plan the routes today ', 'We plan the routes today'],
    ['You would speak with Dr. ', 'You would speak'],
    ['It was written by J. ', 'It was written'],
    ['It was written by J. K. ', 'It was written'],
  ])('[R2] "%s" is cut after "%s"', (text, piece) => {
    const sentences = new Sentences();
    sentences.push(text);
    expect(sentences.canHurry).toBe(true);
    expect(sentences.hurry()).toEqual([piece]);
  });

  it.each(['We plan the', 'We plan it all', '', 'For the and of the with '])(
    '[R2] "%s" is not cut',
    (text) => {
      const sentences = new Sentences();
      sentences.push(text);
      expect(sentences.canHurry).toBe(false);
      expect(sentences.hurry()).toEqual([]);
    },
  );
});

/** The caller's turn is over at this moment, and the model was asked. */
function asked(): Scene {
  const call = new Scene().opened();
  call.say('How much is it?');
  return call;
}

describe('words on their way to the caller', () => {
  it('[R2] without a mark are spoken 70 ms after the first token, as far as they are whole', () => {
    const call = asked();
    const from = call.now;
    call.on({ type: 'model.text', ask: call.replyNumber(), text: 'We' });
    call.pass(40);
    call.on({ type: 'model.text', ask: call.replyNumber(), text: ' plan the routes for serv' });
    call.pass(100);
    expect(call.times('voice.say', from)).toEqual([70]);
    expect(call.said()).toEqual(['We plan the routes']);
  });

  it('[R2] that come later than that are spoken when they come', () => {
    const call = asked();
    const from = call.now;
    call.on({ type: 'model.text', ask: call.replyNumber(), text: 'We' });
    call.pass(300);
    call.on({ type: 'model.text', ask: call.replyNumber(), text: ' plan the routes for' });
    expect(call.times('voice.say', from)).toEqual([300]);
    expect(call.said()).toEqual(['We plan the routes']);
  });

  it('[R2] of a later sentence are cut when the audio is about to run dry, and not before', () => {
    const call = asked();
    const reply = call.replyNumber();
    call.on({
      type: 'model.text',
      ask: reply,
      text: 'We plan all of the routes. Then your teams get them on',
    });
    const from = call.now;
    call.speak();
    const endsMs = call.sentAudioMs();
    call.pass(5000);
    expect(call.times('voice.say', from)).toEqual([0, endsMs - 400]);
    expect(call.said()).toEqual(['We plan all of the routes.', 'Then your teams get them']);
  });

  it('[R3] leave in whole samples, never empty, at most 16,000 bytes a chunk', () => {
    const call = asked();
    call.answer('Hello there, how are you today?');
    call.on({ type: 'voice.audio', reply: call.replyNumber(), pcm: new Uint8Array(0), alignment: undefined });
    expect(call.sent('voicechat.response.start')).toEqual([]);
    call.on({ type: 'voice.audio', reply: call.replyNumber(), pcm: tone(75_002 / 32), alignment: undefined });
    const sizes = call.sent('voicechat.response.chunk').map(({ audio }) => audio.byteLength);
    expect(sizes).toEqual([16_000, 16_000, 16_000, 16_000, 11_002]);
  });

  it('[R3] leave without the silence that the synthesiser puts before them', () => {
    const call = asked();
    const reply = call.replyNumber();
    const from = call.now;
    call.answer('Hello there, how are you today?');
    call.on({ type: 'voice.audio', reply, pcm: silence(200), alignment: undefined });
    call.pass(30);
    expect(call.sent('voicechat.response.start')).toEqual([]);
    const pcm = new Uint8Array([...silence(100), ...tone(500)]);
    call.on({ type: 'voice.audio', reply, pcm, alignment: undefined });
    call.on({ type: 'voice.audio', reply, pcm: silence(300), alignment: undefined });
    expect(call.sentTimes('voicechat.response.start', from)).toEqual([30]);
    expect(call.sentAudioMs()).toBe(20 + 500 + 300);
  });
});

describe('a long wait', () => {
  it('[R7] is filled after 1200 ms, once, as the beginning of the reply', () => {
    const call = asked();
    const from = call.now;
    call.pass(1200);
    expect(call.times('voice.say', from)).toEqual([1200]);
    expect(call.said()).toEqual([LINES.filler]);
    call.speak();
    call.pass(3000);
    call.answer('It is ten dollars.');
    call.voice();
    call.pass(5000);
    expect(call.said()).toEqual([LINES.filler, 'It is ten dollars.']);
    expect(call.sent('voicechat.response.start')).toHaveLength(1);
    expect(call.sent('voicechat.turn.metrics')[0]).toMatchObject({ firstAudioMs: 1200, firstTokenMs: 4200 });
    call.say('Thanks');
    expect(call.shown().at(-2)).toBe(`assistant: ${LINES.filler} It is ten dollars.`);
  });

  it('[R7] is counted from the end of the turn, also of a reply that was begun before it', () => {
    const call = new Scene().opened();
    const endedAt = call.utter('My number is');
    call.hush(1100);
    expect(call.sentTimes('voicechat.transcript.final', endedAt)).toEqual([1200]);
    call.pass(3000);
    expect(call.times('voice.say', endedAt)).toEqual([2400]);
  });

  it('[R7] that ends in time is not filled', () => {
    const call = asked();
    call.on({ type: 'voice.ready', text: LINES.filler });
    call.pass(1100);
    call.answer('It is ten dollars.');
    call.pass(99);
    call.speak();
    call.pass(5000);
    expect(call.said()).toEqual(['It is ten dollars.']);
  });

  it.each([true, false])(
    '[R7] for the synthesiser is filled, too, if the filler sounds at once (model done: %s)',
    (isDone) => {
      const call = asked();
      const from = call.now;
      call.on({ type: 'voice.ready', text: LINES.filler });
      call.on({ type: 'model.text', ask: call.replyNumber(), text: 'It is ten dollars. ' });
      if (isDone) call.on({ type: 'model.done', ask: call.replyNumber() });
      call.pass(1200);
      expect(call.times('voice.say', from)).toEqual([0, 1200]);
      expect(call.all('voice.say').at(-1)).toMatchObject({ text: LINES.filler, route: 'phrase' });
      call.audio(LINES.filler);
      call.audio('It is ten dollars.');
      expect(call.sent('voicechat.response.text').map(({ text }) => text)).toEqual([
        LINES.filler,
        'It is ten dollars.',
      ]);
    },
  );
});

describe('fixed lines', () => {
  it('[R8] take the way through the synthesiser only if the cache fails', () => {
    const call = new Scene().opened();
    call.say('Hold on a minute.');
    const reply = call.replyNumber();
    expect(call.all('voice.say')).toEqual([{ type: 'voice.say', reply, text: LINES.wait, route: 'phrase' }]);
    call.on({ type: 'voice.failed', reply, failure: broken });
    expect(call.all('voice.say').at(-1)).toEqual({
      type: 'voice.say',
      reply,
      text: LINES.wait,
      route: 'socket',
    });
    expect(call.commands.at(-1)?.command).toEqual({ type: 'voice.finish', reply });
    call.voice();
    expect(call.sent('voicechat.response.text').map(({ text }) => text)).toEqual([LINES.wait]);
  });
});
