import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CallProblem, microphoneProblem } from '../../../src/client/problem.ts';
import { buildConsole } from '../../../src/console/build.ts';
import { guessHeardWords, splitHeard } from '../../../src/console/heard.ts';
import { latencyWords } from '../../../src/console/latency.ts';
import { honestWords, missingWords } from '../../../src/console/words.ts';

/** What the whole page may weigh, in bytes, compressed. */
const PAGE_BUDGET_BYTES = 36 * 1024;

describe('the words that were heard', () => {
  it('end where the listener stopped hearing', () => {
    expect(splitHeard('one two  three four', 2)).toEqual({ heard: 'one two', unheard: 'three four' });
    expect(splitHeard('one two', 0)).toEqual({ heard: '', unheard: 'one two' });
    expect(splitHeard('one two', 5)).toEqual({ heard: 'one two', unheard: '' });
  });

  it.each([
    ['nothing', 0, 0],
    ['half a word', 0.1, 0],
    ['a word and a half', 0.45, 1],
    ['two words and a space', 8 / 13, 2],
    ['everything', 1, 3],
  ])('are guessed from the share of sound: %s', (_, share, words) => {
    expect(guessHeardWords('one two three', share)).toBe(words);
  });
});

describe('the latency of a turn', () => {
  const counts = { utteranceId: 'u1', wordsSaid: 4, wordsHeard: 4, interrupted: false };

  it('is told in the order of its stages, in whole ms from the end of the caller’s speech', () => {
    const turn = {
      ...counts,
      firstHeardMs: 812.4,
      firstAudioMs: 640,
      firstTokenMs: 450,
      endOfTurnMs: 309.6,
    };
    expect(latencyWords(turn)).toBe(
      'After your last word: turn over 310 · first token 450 · first sound sent 640 · heard 812 ms',
    );
  });

  it('leaves out what was not measured, and keeps a measured 0', () => {
    expect(latencyWords({ ...counts, firstAudioMs: 0 })).toBe('After your last word: first sound sent 0 ms');
  });

  it.each([
    ['hit', 'answer begun early'],
    ['miss', 'answer begun early, and again'],
  ] as const)('tells whether the answer was begun before the turn was over: %s', (speculation, words) => {
    const told = latencyWords({ ...counts, firstTokenMs: 20, speculation });
    expect(told).toBe(`After your last word: first token 20 ms · ${words}`);
  });

  it('tells what made the agent pause', () => {
    expect(
      latencyWords({ ...counts, firstTokenMs: 20, pauses: 2, verdict: 'backchannel', verdictMs: 310 }),
    ).toBe('After your last word: first token 20 ms · paused 2×, backchannel after 310 ms');
    expect(latencyWords({ ...counts, pauses: 1 })).toBe('Paused 1×');
  });

  it('is nothing where nothing was measured', () => {
    expect(latencyWords({ ...counts, pauses: 0, speculation: 'none' })).toBeUndefined();
  });
});

describe('the words of the page', () => {
  it('name what the server lacks', () => {
    expect(missingWords({ stt: 'local', llm: 'live', tts: 'live' })).toBeUndefined();
    expect(missingWords({ stt: 'missing', llm: 'live', tts: 'live' })).toContain(
      'speech recognition is not set up',
    );
    expect(missingWords({ stt: 'live', llm: 'missing', tts: 'missing' })).toContain(
      'the language model and the voice are not set up',
    );
  });

  it('are honest about local providers only', () => {
    expect(honestWords({ stt: 'local', llm: 'local', tts: 'local' })).toMatch(/recogniser.*script/);
    expect(honestWords({ stt: 'live', llm: 'live', tts: 'local' })).toBe('');
  });

  it.each([
    ['NotAllowedError', 'mic-denied', /Allow it/],
    ['NotFoundError', 'mic-missing', /No microphone/],
    ['NotReadableError', 'mic-busy', /Another program/],
  ])('say what to do about %s', (name, kind, words) => {
    const problem = microphoneProblem(new DOMException('', name));
    expect(problem).toBeInstanceOf(CallProblem);
    expect(problem.kind).toBe(kind);
    expect(problem.message).toMatch(words);
  });
});

describe('the built page', () => {
  it('keeps within its budget and needs nothing inline', async () => {
    const outdir = await mkdtemp(join(tmpdir(), 'console-'));
    try {
      const files = await buildConsole(outdir);
      expect(files.map(({ file }) => file).sort()).toEqual([
        '_headers',
        'icon.svg',
        'index.html',
        'main.js',
        'microphone-worklet.js',
        'speaker-worklet.js',
        'style.css',
      ]);
      expect(files.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0)).toBeLessThan(PAGE_BUDGET_BYTES);
      const html = await readFile(join(outdir, 'index.html'), 'utf8');
      expect(html).not.toMatch(/<style|<script(?![^>]*src=)|\sstyle=|\son\w+=|https?:/);
    } finally {
      await rm(outdir, { recursive: true });
    }
  });
});
