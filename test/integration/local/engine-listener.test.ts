import { describe, expect, it } from 'vitest';
import { EngineListener } from '../../../src/local/engine-listener.ts';
import type { RecognisedWord, RecogniserEngine, RecogniserNews } from '../../../src/local/engines/ports.ts';
import type { Heard, ListenOptions } from '../../../src/local/sources.ts';

/** A recogniser whose news the test writes itself. */
class WrittenEngine implements RecogniserEngine {
  readonly written: number[] = [];
  segmentsEnded = 0;
  closed = false;
  keyterms: readonly string[] = [];
  report: (news: RecogniserNews) => void = () => undefined;

  async open(options: { readonly keyterms: readonly string[] }, report: (news: RecogniserNews) => void) {
    this.keyterms = options.keyterms;
    this.report = report;
    return {
      write: (samples: Int16Array) => void this.written.push(samples.length),
      endSegment: () => {
        this.segmentsEnded += 1;
      },
      close: () => {
        this.closed = true;
      },
    };
  }

  async close(): Promise<void> {}
}

const word: RecognisedWord = { word: 'hello', startMs: 100, endMs: 400, confidence: 0.9 };

async function listen(options: Partial<ListenOptions> = {}) {
  const engine = new WrittenEngine();
  const heard: Heard[] = [];
  const all = { keyterms: ['Acme'], pauseMs: 300, eagerPauseMs: undefined, ...options };
  const listener = new EngineListener(engine, all, (news) => heard.push(news));
  listener.write(new Int16Array(160));
  await Promise.resolve();
  await Promise.resolve();
  const quiet = (audioMs: number, silenceMs: number) =>
    engine.report({ type: 'activity', audioMs, speaking: silenceMs === 0, silenceMs });
  const kinds = () => heard.filter(({ type }) => type !== 'activity').map(({ type }) => type);
  return { engine, listener, heard, quiet, kinds };
}

describe('EngineListener', () => {
  it('passes keyterms on and writes what came before the engine was open', async () => {
    const { engine, listener } = await listen();
    listener.write(new Int16Array(320));
    expect(engine.keyterms).toEqual(['Acme']);
    expect(engine.written).toEqual([160, 320]);
  });

  it('ends a segment once, when the silence in the audio reaches the pause', async () => {
    const { engine, heard, quiet } = await listen();
    quiet(100, 5_000);
    engine.report({ type: 'speech', startMs: 100 });
    engine.report({ type: 'partial', audioMs: 400, words: [word] });
    quiet(690, 290);
    expect(engine.segmentsEnded).toBe(0);
    quiet(700, 300);
    quiet(730, 330);
    expect(engine.segmentsEnded).toBe(1);
    engine.report({ type: 'final', startMs: 100, audioMs: 730, words: [word] });
    expect(heard.at(-1)).toEqual({ type: 'final', audioMs: 730, words: [word], end: 'pause' });
    quiet(2_000, 1_500);
    expect(engine.segmentsEnded).toBe(1);
  });

  it('tells a cut of the engine from a pause and from being asked', async () => {
    const { engine, listener, heard } = await listen();
    engine.report({ type: 'speech', startMs: 100 });
    engine.report({ type: 'final', startMs: 100, audioMs: 9_000, words: [word] });
    listener.finish();
    engine.report({ type: 'final', startMs: 9_000, audioMs: 9_100, words: [] });
    const ends = heard.flatMap((news) => (news.type === 'final' ? [news.end] : []));
    expect(ends).toEqual(['length', 'asked']);
  });

  it('never ends a segment by itself when the pause is off', async () => {
    const { engine, quiet } = await listen({ pauseMs: undefined });
    engine.report({ type: 'speech', startMs: 100 });
    quiet(60_000, 59_000);
    expect(engine.segmentsEnded).toBe(0);
  });

  it('reports an eager end with words, takes it back when speech goes on, and follows retuned pauses', async () => {
    const { engine, listener, quiet, kinds } = await listen({ eagerPauseMs: 150 });
    engine.report({ type: 'speech', startMs: 100 });
    quiet(600, 200);
    engine.report({ type: 'partial', audioMs: 700, words: [word] });
    quiet(710, 160);
    quiet(740, 190);
    quiet(770, 0);
    expect(kinds()).toEqual(['speech', 'interim', 'interim', 'eager', 'resumed']);
    listener.retune({ pauseMs: 100, eagerPauseMs: undefined });
    quiet(900, 100);
    expect(engine.segmentsEnded).toBe(1);
  });

  it('repeats its words over the audio of a pause, once, and again in the next pause', async () => {
    const { engine, heard, quiet } = await listen({ pauseMs: 900 });
    const interims = () => heard.flatMap((news) => (news.type === 'interim' ? [news.audioMs] : []));
    engine.report({ type: 'speech', startMs: 0 });
    quiet(30, 300);
    engine.report({ type: 'partial', audioMs: 400, words: [word] });
    quiet(490, 90);
    expect(interims()).toEqual([400]);
    quiet(520, 120);
    quiet(550, 150);
    quiet(900, 500);
    expect(interims()).toEqual([400, 520]);
    quiet(930, 0);
    quiet(1_080, 150);
    expect(interims()).toEqual([400, 520, 1_080]);
    engine.report({ type: 'final', startMs: 0, audioMs: 1_500, words: [word] });
    engine.report({ type: 'speech', startMs: 2_000 });
    quiet(2_500, 400);
    expect(interims()).toEqual([400, 520, 1_080]);
  });

  it('says of a late interim which audio it was understood from: a gap behind it would be a pause', async () => {
    const { engine, heard, quiet } = await listen();
    engine.report({ type: 'speech', startMs: 0 });
    engine.report({ type: 'partial', audioMs: 100, words: [word] });
    engine.report({ type: 'partial', audioMs: 200, words: [word, word] });
    quiet(350, 0);
    expect(heard.at(-1)).toEqual({ type: 'interim', audioMs: 200, words: [word, word] });
  });

  it('sends the first interim at once, later ones four times a second, and the newest before an eager end', async () => {
    const { engine, heard, quiet } = await listen({ eagerPauseMs: 150 });
    const partial = (audioMs: number, text: string) =>
      engine.report({ type: 'partial', audioMs, words: [{ ...word, word: text }] });
    const interims = () => heard.flatMap((news) => (news.type === 'interim' ? [news.words[0]?.word] : []));
    engine.report({ type: 'speech', startMs: 0 });
    partial(100, 'a');
    partial(200, 'b');
    partial(300, 'c');
    expect(interims()).toEqual(['a']);
    quiet(350, 0);
    expect(interims()).toEqual(['a', 'c']);
    partial(400, 'd');
    quiet(560, 160);
    expect(interims()).toEqual(['a', 'c', 'd']);
    expect(heard.at(-1)).toEqual({ type: 'eager', audioMs: 560 });
  });

  it('reports nothing after close and frees a stream that opens late', async () => {
    const { engine, listener, heard } = await listen();
    listener.close();
    const before = heard.length;
    engine.report({ type: 'speech', startMs: 0 });
    expect(heard).toHaveLength(before);
    expect(engine.closed).toBe(true);
    const late = new WrittenEngine();
    new EngineListener(late, { keyterms: [], pauseMs: 1, eagerPauseMs: undefined }, () => undefined).close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(late.closed).toBe(true);
  });

  it('reports an engine that does not open', async () => {
    const broken: RecogniserEngine = {
      open: () => Promise.reject(new Error('no model')),
      close: async () => undefined,
    };
    const failure = await new Promise<Heard>((resolve) => {
      new EngineListener(broken, { keyterms: [], pauseMs: 1, eagerPauseMs: undefined }, resolve);
    });
    expect(failure).toEqual({ type: 'failure', detail: 'no model' });
  });
});
