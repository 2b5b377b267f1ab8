import { describe, expect, it } from 'vitest';
import { otherVoice, parseConfig } from '../../src/config.ts';
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
    const pace = { speculation: true, idlePromptMs: 10_000, maxCallMs: 900_000 };
    expect(configOf().pace).toEqual(pace);
    expect(configOf({ SPECULATION: '', IDLE_PROMPT_SECONDS: ' ', MAX_CALL_SECONDS: '' }).pace).toEqual(pace);
  });

  it('is read in seconds and told in ms', () => {
    const variables = { SPECULATION: 'off', IDLE_PROMPT_SECONDS: '3600', MAX_CALL_SECONDS: '30' };
    expect(configOf(variables).pace).toEqual({
      speculation: false,
      idlePromptMs: 3_600_000,
      maxCallMs: 30_000,
    });
  });

  it.each([
    ['SPECULATION', 'yes', 'one of on, off'],
    ['IDLE_PROMPT_SECONDS', '1', 'an integer from 2 to 3600'],
    ['IDLE_PROMPT_SECONDS', '3601', 'an integer from 2 to 3600'],
    ['IDLE_PROMPT_SECONDS', '2.5', 'an integer from 2 to 3600'],
    ['MAX_CALL_SECONDS', '29', 'an integer from 30 to 14400'],
    ['MAX_CALL_SECONDS', '14401', 'an integer from 30 to 14400'],
    ['MAX_CALL_SECONDS', 'long', 'an integer from 30 to 14400'],
  ])('refuses %s=%s by name, with what is accepted', (name, value, accepted) => {
    expect(problemsOf({ [name]: value })).toEqual([
      { name, message: `${name}: ${accepted} is accepted, got "${value}"` },
    ]);
  });
});

describe('the voice that takes over', () => {
  const VOICES = 'a:One,b:Two,c:Three';
  const other = (voiceId: string, variables: Variables = {}) =>
    otherVoice(configOf({ ELEVENLABS_VOICES: VOICES, ...variables }).synthesiser, voiceId);

  it('[V1] is the configured one, else the first that is not being spoken with', () => {
    expect([other('a'), other('b')]).toEqual(['b', 'a']);
    expect(other('a', { ELEVENLABS_FALLBACK_VOICE: 'd' })).toBe('d');
    expect(other('d', { ELEVENLABS_FALLBACK_VOICE: 'd' })).toBe('a');
    expect(other('a', { ELEVENLABS_FALLBACK_VOICE: '', ELEVENLABS_VOICES: 'a:One' })).toBeUndefined();
  });

  it('must be an id', () => {
    const name = 'ELEVENLABS_FALLBACK_VOICE';
    expect(problemsOf({ [name]: 'a:One' })).toEqual([
      { name, message: `${name}: the id of a voice is accepted, got "a:One"` },
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
