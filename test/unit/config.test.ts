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

describe('who is let in', () => {
  const K = 'k'.repeat(32);
  const L = 'l'.repeat(32);
  const accepted =
    'API_KEYS: up to 20 different name:key pairs are accepted, separated by commas, with names of 1 to 32 letters a-z, digits and -, and keys of 32 to 256 printable characters without commas';

  it('is nobody unless somebody is named, and not by default on localhost', () => {
    const closed = { keys: [], maxCallsPerKey: 20, origins: [], openOnLocalhost: false };
    expect(parseConfig({}).admission).toEqual(closed);
    expect(parseConfig({ API_KEYS: '', ALLOWED_ORIGINS: ' ', OPEN_ON_LOCALHOST: '' }).admission).toEqual(
      closed,
    );
  });

  it('are the holders of several keys, from several origins', () => {
    const variables = {
      API_KEYS: `crm:${K}, site-2:${L}`,
      MAX_CALLS_PER_KEY: '3',
      ALLOWED_ORIGINS: 'https://A.example, http://localhost:3000',
      OPEN_ON_LOCALHOST: 'on',
    };
    expect(configOf(variables)).toBeDefined();
    expect(parseConfig(variables).admission).toEqual({
      keys: [
        { name: 'crm', secret: K },
        { name: 'site-2', secret: L },
      ],
      maxCallsPerKey: 3,
      origins: ['https://a.example', 'http://localhost:3000'],
      openOnLocalhost: true,
    });
  });

  it.each([
    ['a short key', `crm:${K.slice(1)}`, 1],
    ['a long key', `crm:${K.repeat(9)}`, 1],
    ['no name', `:${K}`, 1],
    ['a key alone', K, 1],
    ['a name with capitals', `CRM:${K}`, 1],
    ['a long name', `${'n'.repeat(33)}:${K}`, 1],
    ['a space in the key', `crm:${K} ${K}`, 1],
    ['a name twice', `crm:${K},crm:${L}`, 2],
    ['a key twice', `crm:${K},site:${K}`, 2],
    ['a comma at the end', `crm:${K},`, 2],
  ])('refuses %s, and tells nothing of it but its place', (_, value, pair) => {
    expect(problemsOf({ API_KEYS: value })).toEqual([
      { name: 'API_KEYS', message: `${accepted}, got pair ${pair}` },
    ]);
  });

  it('has at most 20 keys', () => {
    const pairs = Array.from({ length: 21 }, (_, index) => `n${index}:${String(index).padStart(32, 'x')}`);
    expect(problemsOf({ API_KEYS: pairs.slice(1).join(',') })).toEqual([]);
    expect(problemsOf({ API_KEYS: pairs.join(',') })).toEqual([
      { name: 'API_KEYS', message: `${accepted}, got pair 21` },
    ]);
  });

  it.each(['example.com', 'https://example.com/', 'https://example.com/x', 'ws://example.com', 'null', '*'])(
    'refuses the origin %s',
    (value) => {
      const message = `ALLOWED_ORIGINS: a comma-separated list of origins such as https://example.com is accepted, got "${value}"`;
      expect(problemsOf({ ALLOWED_ORIGINS: value })).toEqual([{ name: 'ALLOWED_ORIGINS', message }]);
    },
  );

  it.each([
    ['MAX_CALLS_PER_KEY', '0', 'an integer from 1 to 10000'],
    ['MAX_CALLS_PER_KEY', '10001', 'an integer from 1 to 10000'],
    ['OPEN_ON_LOCALHOST', 'yes', 'one of on, off'],
  ])('refuses %s=%s', (name, value, range) => {
    expect(problemsOf({ [name]: value })).toEqual([
      { name, message: `${name}: ${range} is accepted, got "${value}"` },
    ]);
  });
});
