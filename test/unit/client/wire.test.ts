import { describe, expect, it } from 'vitest';
import { type FarEnd, Line } from './line.ts';

const TEXT = { utteranceId: 'u1', text: 'Hello.' };
const LAST = '01900000-0000-7000-8000-0000000000ff';

describe('a call whose socket is lost', () => {
  it('returns with its session, its token and the last event it has', async () => {
    const line = Line.begun();
    line.socket.tell('voicechat.response.text', TEXT, LAST);
    line.socket.lose();
    expect(line.told.slice(-1)).toEqual(['lost']);
    await line.pass(0);
    expect(line.sockets).toHaveLength(2);
    expect(Object.fromEntries(line.socket.url.searchParams)).toEqual({
      session: '01900000-0000-7000-8000-00000000000a',
      resume: 'token',
      after: LAST,
    });
    line.socket.open();
    line.socket.ack({ resumeToken: 'token', resumed: true });
    expect(line.told.slice(-2)).toEqual(['open again', 'resumed']);
  });

  it('names an event that was received before the return, when it is lost again in the midst of one', async () => {
    const line = Line.begun();
    line.socket.tell('voicechat.response.text', TEXT, LAST);
    await back(line);
    line.socket.lose();
    await line.pass(250);
    expect(line.sockets).toHaveLength(3);
    expect(line.socket.url.searchParams.get('after')).toBe(LAST);
  });

  it('tells once what is sent twice', async () => {
    const line = Line.begun();
    line.socket.tell('voicechat.response.text', TEXT, LAST);
    const far = await back(line);
    line.told.length = 0;
    far.tell('voicechat.response.text', TEXT, LAST);
    far.tell('voicechat.response.text', { ...TEXT, text: 'Again.' });
    expect(line.told).toEqual(['voicechat.response.text']);
  });

  it('hears no more of the old socket', async () => {
    const line = Line.begun();
    const old = line.socket;
    await line.pass(10_000);
    answer(line);
    line.told.length = 0;
    old.tell('voicechat.response.text', TEXT);
    old.lose(1000);
    expect(line.told).toEqual([]);
    expect(line.sockets).toHaveLength(2);
  });

  it('tries again when the new socket stays silent for 5 s', async () => {
    const line = Line.begun();
    line.socket.lose();
    await line.pass(0);
    const hung = line.socket;
    hung.open();
    await line.pass(5000);
    expect(hung.closedWith).toBe(4000);
    await line.pass(250);
    expect(line.openedAt).toEqual([0, 0, 5250]);
  });

  it('tries again at once when the network comes back', async () => {
    const line = Line.begun();
    line.socket.lose();
    for (let i = 0; i < 6; i++) {
      await line.pass(2000);
      line.socket.lose();
    }
    const before = line.sockets.length;
    line.wake();
    await line.pass(0);
    expect(line.sockets).toHaveLength(before + 1);
  });

  it('ends after a minute, and leaves nothing behind', async () => {
    const line = Line.begun();
    line.socket.lose();
    for (let i = 0; i < 100; i++) {
      line.socket.lose();
      await line.pass(1000);
    }
    expect(line.told.filter((words) => words.startsWith('end'))).toEqual(['end: lost']);
    expect(line.openedAt.at(-1)).toBeGreaterThan(57_000);
    expect(line.sleeps).toBe(true);
  });

  it.each([403, 410])('ends when the server answers %i', async (status) => {
    const line = Line.begun();
    line.status = status;
    line.socket.lose();
    await line.pass(0);
    line.socket.lose();
    await line.pass(0);
    expect(line.asked.map(({ searchParams }) => searchParams.get('resume'))).toEqual(['token']);
    expect(line.told.slice(-1)).toEqual(['end: lost']);
    await line.pass(10_000);
    expect(line.sockets).toHaveLength(2);
  });

  it.each([426, 429, 503, undefined])('goes on trying when the server answers %s', async (status) => {
    const line = Line.begun();
    line.status = status;
    line.socket.lose();
    await line.pass(0);
    line.socket.lose();
    await line.pass(250);
    expect(line.sockets).toHaveLength(3);
  });

  it('goes on when the answer to why one attempt failed comes after another one succeeded', async () => {
    const line = Line.begun();
    const { promise, resolve } = deferred<number>();
    line.status = promise;
    line.socket.lose();
    await line.pass(0);
    line.socket.lose();
    await line.pass(250);
    answer(line);
    resolve(410);
    await line.pass(100);
    expect(line.told.slice(-1)).toEqual(['resumed']);
  });

  it('ends when the server knows nothing of it and begins another', async () => {
    const line = Line.begun();
    line.socket.lose();
    await line.pass(0);
    line.socket.open();
    line.socket.ack({ resumeToken: 'other', resumed: false }, '01900000-0000-7000-8000-00000000000b');
    expect(line.told.slice(-1)).toEqual(['end: lost']);
    expect(line.socket.closedWith).toBe(1000);
  });

  it('is not returned to once it was hung up', async () => {
    const line = Line.begun();
    line.socket.lose();
    line.wire.close();
    await line.pass(60_000);
    expect(line.sockets).toHaveLength(1);
    expect(line.sleeps).toBe(true);
  });
});

describe('a close that is final', () => {
  it.each([
    [4001, 'end: taken-over'],
    [1000, 'end: lost'],
    [1008, 'end: lost'],
    [1009, 'end: lost'],
  ])('%i ends the call', (code, end) => {
    const line = Line.begun();
    line.socket.lose(code);
    expect(line.told).toEqual([end]);
    expect(line.sleeps).toBe(true);
  });

  it('ends the call during a return too', async () => {
    const line = Line.begun();
    line.socket.lose();
    await line.pass(0);
    line.socket.open();
    line.socket.lose(4001);
    expect(line.told.slice(-1)).toEqual(['end: taken-over']);
  });
});

describe('a server that gives no resume token', () => {
  it.each(['', undefined])('has calls that end with their socket (%j)', (resumeToken) => {
    const line = new Line();
    line.socket.open();
    line.socket.ack(resumeToken === undefined ? {} : { resumeToken });
    line.socket.lose();
    expect(line.told.slice(-1)).toEqual(['end: lost']);
  });

  it('that does not accept the call refuses it', () => {
    const line = new Line();
    line.socket.lose();
    expect(line.told).toEqual(['end: refused']);
  });
});

describe('what is said while the connection is lost', () => {
  it('is sent after the return, typed words first, in order, before what is said then', async () => {
    const line = Line.begun();
    speak(line, 1);
    line.socket.lose();
    speak(line, 2, 3);
    line.wire.say('typed');
    await line.pass(0);
    speak(line, 4);
    line.socket.open();
    speak(line, 5);
    expect(line.socket.sent).toEqual(['voicechat.audio.start']);
    line.socket.ack({ resumeToken: 'token', resumed: true });
    speak(line, 6);
    expect(line.socket.sent).toEqual(['voicechat.audio.start', 'voicechat.text.input', 2, 3, 4, 5, 6]);
    expect(new Set(line.socket.frames.map(({ sessionId }) => sessionId)).size).toBe(1);
  });

  it('survives a return that fails', async () => {
    const line = Line.begun();
    line.socket.lose();
    speak(line, 1);
    line.wire.say('typed');
    await line.pass(0);
    line.socket.open();
    line.socket.lose();
    await line.pass(250);
    line.socket.open();
    line.socket.ack({ resumeToken: 'token', resumed: true });
    expect(line.socket.sent).toEqual(['voicechat.audio.start', 'voicechat.text.input', 1]);
  });

  it('is not kept while muted', async () => {
    const line = Line.begun();
    line.socket.lose();
    speak(line, 1);
    line.wire.sendAudio(frame(2), true);
    expect((await back(line)).sent).toEqual(['voicechat.audio.start', 1]);
  });

  it('is bounded: the newest 10 s and 16 typed turns', async () => {
    const line = Line.begun();
    line.socket.lose();
    for (let i = 0; i < 600; i++) speak(line, i % 250);
    for (let i = 0; i < 20; i++) line.wire.say(`${i}`);
    const { frames, sent } = await back(line);
    const texts = frames.filter(({ eventType }) => eventType === 'voicechat.text.input');
    expect(texts.map(({ payload }) => payload)).toEqual(
      Array.from({ length: 16 }, (_, i) => ({ text: `${i + 4}`, again: true })),
    );
    const audio = sent.filter((what) => typeof what === 'number');
    expect(audio).toHaveLength(500);
    expect(audio.at(-1)).toBe(599 % 250);
  });
});

describe('an uplink with more than 2 s of audio in it', () => {
  it('is given no more; what is said is held, in order, until it has drained', () => {
    const line = Line.begun();
    line.socket.bufferedAmount = 64_001;
    speak(line, 1, 2);
    expect(line.socket.sent).toEqual(['voicechat.audio.start']);
    line.socket.bufferedAmount = 0;
    speak(line, 3);
    expect(line.socket.sent).toEqual(['voicechat.audio.start', 1, 2, 3]);
  });
});

describe('a connection that died without a close', () => {
  it('is found by a question that stays unanswered, and left without hanging up', async () => {
    const line = Line.begun();
    const dead = line.socket;
    await line.pass(5000);
    expect(line.told).toEqual(['ask']);
    await line.pass(5000);
    expect(line.told).toEqual(['ask', 'lost']);
    expect(dead.closedWith).toBe(4000);
    await line.pass(0);
    expect(line.sockets).toHaveLength(2);
  });

  it('is not one on which the server answers and is otherwise silent', async () => {
    const line = Line.begun();
    for (let i = 0; i < 60; i++) {
      await line.pass(1000);
      const questions = line.told.splice(0);
      if (questions.length > 0) line.socket.tell('voicechat.audio.start', { success: true });
      expect(questions.filter((words) => words !== 'ask')).toEqual([]);
    }
    expect(line.sockets).toHaveLength(1);
  });

  it('is asked after when the network or the page comes back', async () => {
    const line = Line.begun();
    await line.pass(1000);
    line.wake();
    await line.pass(500);
    expect(line.told).toEqual(['ask']);
    line.socket.tell('voicechat.audio.start', { success: true });
    await line.pass(4500);
    expect(line.told).toEqual(['ask']);
  });

  it('costs nothing of what was said since the question', async () => {
    const line = Line.begun();
    speak(line, 1);
    await line.pass(5000);
    speak(line, 2, 3);
    await line.pass(5000);
    speak(line, 4);
    expect(answer(line).sent).toEqual(['voicechat.audio.start', 2, 3, 4]);
  });

  it('has nothing sent twice that was said before an answer', async () => {
    const line = Line.begun();
    await line.pass(5000);
    speak(line, 1);
    line.socket.tell('voicechat.audio.start', { success: true });
    speak(line, 2);
    expect((await back(line)).sent).toEqual(['voicechat.audio.start']);
  });

  it('costs nothing of what was typed, and has nothing typed twice: it keeps its id', async () => {
    const line = Line.begun();
    for (const text of ['answered', 'refused', 'lost']) line.wire.say(text);
    const [answered, refused, lost] = line.socket.frames.slice(-3);
    line.socket.tell('voicechat.text.input', { success: true }, String(answered?.['eventId']));
    line.socket.tell('voicechat.text.error', { message: 'no' }, String(refused?.['eventId']));
    const again = (await back(line)).frames.filter(({ eventType }) => eventType === 'voicechat.text.input');
    expect(lost?.['payload']).toEqual({ text: 'lost' });
    expect(again).toEqual([{ ...lost, payload: { text: 'lost', again: true } }]);
    expect(line.told).not.toContain('voicechat.text.input');
  });

  it('has typed turns sent after every return until they are answered', async () => {
    const line = Line.begun();
    line.wire.say('lost');
    await back(line);
    const { frames } = await back(line, 250);
    expect(line.sockets).toHaveLength(3);
    expect(frames.map(({ eventType }) => eventType)).toContain('voicechat.text.input');
    line.socket.tell('voicechat.text.input', { success: true }, String(frames.at(-1)?.['eventId']));
    expect((await back(line, 500)).sent).not.toContain('voicechat.text.input');
    expect(line.sockets).toHaveLength(4);
  });

  it('costs nothing of what had not left', async () => {
    const line = Line.begun();
    speak(line, 1);
    line.socket.stuck = true;
    line.socket.bufferedAmount = 700;
    speak(line, 2, 3);
    line.socket.bufferedAmount = 64_001;
    speak(line, 4);
    expect((await back(line)).sent).toEqual(['voicechat.audio.start', 2, 3, 4]);
  });

  it('is found after 3 s in which nothing has left', async () => {
    const line = Line.begun();
    await line.pass(1000);
    line.socket.stuck = true;
    for (let i = 1; i <= 150; i++) {
      expect(line.told).toEqual([]);
      speak(line, i);
      await line.pass(20);
    }
    await line.pass(500);
    expect(line.told).toEqual(['lost']);
  });
});

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Loses the socket and returns. */
async function back(line: Line, afterMs = 0): Promise<FarEnd> {
  line.socket.lose();
  await line.pass(afterMs);
  return answer(line);
}

/** The server lets the caller, who is at the door, come back. */
function answer(line: Line): FarEnd {
  line.socket.open();
  line.socket.ack({ resumeToken: 'token', resumed: true });
  return line.socket;
}

/** Says one frame of 20 ms for each value. */
function speak(line: Line, ...values: readonly number[]): void {
  for (const value of values) line.wire.sendAudio(frame(value), false);
}

function frame(value: number): Uint8Array {
  return new Uint8Array(640).fill(value);
}
