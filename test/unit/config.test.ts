import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config.ts';
import type { Variables } from '../../src/variables.ts';

const KEYS = { DEEPGRAM_API_KEY: 'a', OPENAI_API_KEY: 'b', ELEVENLABS_API_KEY: 'c' };

function configOf(variables: Variables = {}) {
  const parsed = parseConfig({ ...KEYS, ...variables });
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

function problemsOf(variables: Variables) {
  const parsed = parseConfig({ ...KEYS, ...variables });
  return 'problems' in parsed ? parsed.problems : [];
}

describe('the pace of a call', () => {
  it('has its defaults, for empty values too', () => {
    const pace = {
      speculation: true,
      idlePromptMs: 10_000,
      audioAheadMs: 5000,
      maxCallMs: 900_000,
      maxTokens: 400_000,
    };
    expect(configOf().pace).toEqual(pace);
    expect(configOf({ SPECULATION: '', IDLE_PROMPT_SECONDS: ' ', MAX_CALL_SECONDS: '' }).pace).toEqual(pace);
  });

  it('is read in seconds and told in ms', () => {
    const variables = {
      SPECULATION: 'off',
      IDLE_PROMPT_SECONDS: '3600',
      AUDIO_AHEAD_SECONDS: '2',
      MAX_CALL_SECONDS: '30',
      MAX_CALL_TOKENS: '1000',
    };
    expect(configOf(variables).pace).toEqual({
      speculation: false,
      idlePromptMs: 3_600_000,
      audioAheadMs: 2000,
      maxCallMs: 30_000,
      maxTokens: 1000,
    });
  });

  it.each([
    ['SPECULATION', 'yes', 'one of on, off'],
    ['IDLE_PROMPT_SECONDS', '1', 'an integer from 2 to 3600'],
    ['IDLE_PROMPT_SECONDS', '3601', 'an integer from 2 to 3600'],
    ['IDLE_PROMPT_SECONDS', '2.5', 'an integer from 2 to 3600'],
    ['AUDIO_AHEAD_SECONDS', '0', 'an integer from 1 to 30'],
    ['AUDIO_AHEAD_SECONDS', '31', 'an integer from 1 to 30'],
    ['MAX_CALL_TOKENS', '999', 'an integer from 1000 to 100000000'],
    ['MAX_MESSAGES_PER_SECOND', '59', 'an integer from 60 to 1000000'],
    ['MAX_BYTES_PER_SECOND', '39999', 'an integer from 40000 to 1000000000'],
    ['MAX_CALL_SECONDS', '29', 'an integer from 30 to 14400'],
    ['MAX_CALL_SECONDS', '14401', 'an integer from 30 to 14400'],
    ['MAX_CALL_SECONDS', 'long', 'an integer from 30 to 14400'],
  ])('refuses %s=%s by name, with what is accepted', (name, value, accepted) => {
    expect(problemsOf({ [name]: value })).toEqual([
      { name, message: `${name}: ${accepted} is accepted, got "${value}"` },
    ]);
  });
});

describe('the ends of a turn', () => {
  const ends = (variables: Variables) => {
    const { eotThreshold, eagerEotThreshold } = configOf(variables).recogniser;
    return [eotThreshold, eagerEotThreshold];
  };

  it('are probable at 0.5 and sure at 0.7 unless told otherwise', () => {
    expect(ends({})).toEqual([0.7, 0.5]);
    expect(ends({ DEEPGRAM_EAGER_EOT_THRESHOLD: '0.3' })).toEqual([0.7, 0.3]);
  });

  it('may be equal, so that the lowest sure one goes with the default', () => {
    expect(ends({ DEEPGRAM_EOT_THRESHOLD: '0.5' })).toEqual([0.5, 0.5]);
    expect(ends({ DEEPGRAM_EOT_THRESHOLD: '0.9', DEEPGRAM_EAGER_EOT_THRESHOLD: '0.9' })).toEqual([0.9, 0.9]);
  });

  it('are only sure without speculation', () => {
    expect(ends({ SPECULATION: 'off' })).toEqual([0.7, undefined]);
    expect(ends({ SPECULATION: 'off', DEEPGRAM_EAGER_EOT_THRESHOLD: '0.4' })).toEqual([0.7, undefined]);
  });

  it('cannot be surer when probable: one problem names both variables', () => {
    const name = 'DEEPGRAM_EAGER_EOT_THRESHOLD';
    expect(problemsOf({ DEEPGRAM_EOT_THRESHOLD: '0.6', [name]: '0.61' })).toEqual([
      { name, message: `${name}: a number up to DEEPGRAM_EOT_THRESHOLD (0.6) is accepted, got 0.61` },
    ]);
  });

  it.each(['0.29', '0.91', 'high'])('refuses an eager threshold of %s', (value) => {
    const name = 'DEEPGRAM_EAGER_EOT_THRESHOLD';
    expect(problemsOf({ [name]: value })).toEqual([
      { name, message: `${name}: a number from 0.3 to 0.9 is accepted, got "${value}"` },
    ]);
  });

  it('has one problem for a sure threshold out of range', () => {
    expect(problemsOf({ DEEPGRAM_EOT_THRESHOLD: '0.4' }).map(({ name }) => name)).toEqual([
      'DEEPGRAM_EOT_THRESHOLD',
    ]);
  });
});
