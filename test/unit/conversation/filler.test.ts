import { describe, expect, it } from 'vitest';
import { LINES, Scene } from '../../support/scene.ts';

const FILLER_MS = LINES.filler.length * 50;

function asked(): Scene {
  const call = new Scene().opened();
  call.say('How does it work?');
  return call.mark();
}

function text(call: Scene, words: string): void {
  call.on({ type: 'model.text', ask: call.replyNumber(), text: words });
}

function orders(call: Scene): readonly string[] {
  return call.all('voice.say').map((say) => `${say.route}: ${say.text}`);
}

describe('the filler', () => {
  it('[R7] comes when nothing has sounded for 1200 ms, once, and the answer follows in the same utterance', () => {
    const call = asked();
    call.pass(1199);
    expect(orders(call)).toEqual([]);
    call.pass(1);
    expect(orders(call)).toEqual([`socket: ${LINES.filler}`]);
    call.speak();
    call.pass(800);
    call.answer('It answers your calls.');
    call.voice();
    call.pass(5000);
    expect(call.timeline()).toEqual([
      '1200 voice.say',
      '1200 response.start',
      '1200 response.text',
      '1200 response.chunk',
      '2000 voice.say',
      '2000 voice.finish',
      '2000 response.text',
      '2000 response.chunk',
      '2000 response.complete',
      `${2000 + 1100 + FILLER_MS - 800} turn.metrics`,
    ]);
    expect(call.metrics()).toMatchObject({
      firstAudioMs: 1200,
      firstTokenMs: 2000,
      wordsSaid: 7,
      wordsHeard: 7,
    });
    call.final('How much is it?');
    expect(call.shown().at(-2)).toBe(`assistant: ${LINES.filler} It answers your calls.`);
  });

  it('[R7] is not the end of the utterance, though the synthesiser has nothing more to send', () => {
    const call = asked();
    call.on({ type: 'voice.ready', text: LINES.filler });
    call.pass(1200);
    call.voice();
    call.pass(FILLER_MS + 500);
    expect(call.timeline().at(-1)).toBe('1200 response.chunk');
    call.answer('It answers your calls.');
    call.voice();
    expect(call.sent('voicechat.response.start')).toHaveLength(1);
    expect(call.sent('voicechat.response.complete')).toHaveLength(1);
  });

  it('[R7] that is ready sounds from the cache', () => {
    const call = asked();
    call.on({ type: 'voice.ready', text: LINES.filler });
    call.pass(1200);
    expect(orders(call)).toEqual([`phrase: ${LINES.filler}`]);
  });

  it('[R7] that is ready overtakes words that wait for the synthesiser', () => {
    const call = asked();
    call.on({ type: 'voice.ready', text: LINES.filler });
    call.pass(1000);
    text(call, 'It answers your calls. Then');
    call.pass(200);
    expect(orders(call)).toEqual(['socket: It answers your calls.', `phrase: ${LINES.filler}`]);
    call.audio(LINES.filler);
    call.audio('It answers your calls.');
    expect(call.sent('voicechat.response.text').map((piece) => piece.text)).toEqual([
      LINES.filler,
      'It answers your calls.',
    ]);
    call.pass(FILLER_MS + 600);
    call.final('How much is it?');
    expect(call.shown().at(-2)).toBe(`assistant: ${LINES.filler} It answers (interrupted)`);
  });

  it('[R7] that is ready overtakes them even when the model is done and only the voice is late', () => {
    const call = asked();
    call.on({ type: 'voice.ready', text: LINES.filler });
    call.pass(300);
    call.answer('It answers your calls.');
    call.pass(900);
    expect(orders(call)).toEqual(['socket: It answers your calls.', `phrase: ${LINES.filler}`]);
  });

  it('[R7] that is not ready does not queue up behind words that are on their way', () => {
    const call = asked();
    call.pass(1000);
    text(call, 'It answers your calls. Then');
    call.pass(5000);
    expect(orders(call)).toEqual(['socket: It answers your calls.']);
  });

  it('[R7] does not come when something has sounded', () => {
    const call = asked();
    call.pass(1100);
    text(call, 'It answers your calls. Then');
    call.speak();
    call.pass(5000);
    expect(orders(call)).toEqual(['socket: It answers your calls.']);
  });

  it('[R7] does not come while a sound of the caller is being judged, but right after it', () => {
    const call = asked();
    call.pass(1000);
    call.sound();
    call.pass(699);
    expect(orders(call)).toEqual([]);
    call.pass(1);
    expect(call.timeline()).toEqual(['1000 voice.prepare', '1700 voice.say']);
    expect(orders(call)).toEqual([`socket: ${LINES.filler}`]);
  });

  it('[R7] that is cut is remembered as far as it was heard, without the answer', () => {
    const call = asked();
    call.pass(1200);
    call.speak();
    call.pass(400);
    text(call, 'It answers your calls. Then');
    call.final('How much is it?');
    expect(call.shown().at(-2)).toBe('assistant: One moment, (interrupted)');
  });
});
