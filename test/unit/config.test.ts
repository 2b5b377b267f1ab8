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

describe('a second recogniser', () => {
  const fallback = (variables: Variables) => configOf(variables).fallbackRecogniser;

  it('is there only when something of it is set', () => {
    expect(fallback({})).toBeUndefined();
    expect(fallback({ DEEPGRAM_FALLBACK_MODEL: ' ' })).toBeUndefined();
  });

  it.each([
    [{ DEEPGRAM_FALLBACK_MODEL: 'nova-2' }, { model: 'nova-2' }],
    [
      { DEEPGRAM_FALLBACK_BASE_URL: 'wss://api.eu.deepgram.com/', DEEPGRAM_FALLBACK_API_KEY: 'eu' },
      { baseUrl: 'https://api.eu.deepgram.com', apiKey: 'eu' },
    ],
    [{ DEEPGRAM_FALLBACK_API_KEY: 'other' }, { apiKey: 'other' }],
  ])('is as the first apart from what is set: %j', (variables, differs) => {
    const first = { DEEPGRAM_MODEL: 'flux-general-en', DEEPGRAM_REPLAY_SPEED: '2' };
    const { recogniser, fallbackRecogniser } = configOf({ ...first, ...variables });
    expect(recogniser.replaySpeed).toBe(2);
    expect(fallbackRecogniser).toEqual({ ...recogniser, ...differs });
  });

  it('elsewhere needs a key of its own: a key is never sent to another host', () => {
    const other = { DEEPGRAM_FALLBACK_BASE_URL: 'https://api.eu.deepgram.com' };
    expect(problemsOf(other).map(({ name }) => name)).toEqual(['DEEPGRAM_FALLBACK_API_KEY']);
  });

  it('of the vendor needs a key of its own beside a first one on this machine', () => {
    const local = { DEEPGRAM_API_KEY: '', DEEPGRAM_BASE_URL: 'http://127.0.0.1:1' };
    const other = { ...local, DEEPGRAM_FALLBACK_BASE_URL: 'https://api.deepgram.com' };
    expect(problemsOf(other).map(({ name }) => name)).toEqual(['DEEPGRAM_FALLBACK_API_KEY']);
    expect(fallback({ ...other, DEEPGRAM_FALLBACK_API_KEY: 'k' })).toMatchObject({ apiKey: 'k' });
    expect(fallback({ ...local, DEEPGRAM_FALLBACK_MODEL: 'nova-2' })).toMatchObject({ apiKey: 'local' });
  });

  it.each([
    ['DEEPGRAM_FALLBACK_MODEL', 'a b', 'a model name such as nova-3 or flux-general-en'],

    ['DEEPGRAM_REPLAY_SPEED', '1', 'a number from 1.05 to 10'],
    ['DEEPGRAM_REPLAY_SPEED', '11', 'a number from 1.05 to 10'],
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

describe('the second model', () => {
  const first = { model: 'gpt-6-luna', apiKey: 'b', baseUrl: 'https://api.openai.com/v1' };

  it('is the first one, asked after a second, unless told otherwise', () => {
    const { model, rival } = configOf({ OPENAI_HEDGE_MODEL: '', OPENAI_HEDGE_BASE_URL: ' ' });
    expect(rival).toEqual({ model, afterMs: 1000, differs: false });
    expect(model).toMatchObject(first);
  });

  it.each([
    [{ OPENAI_HEDGE_MODEL: 'gpt-5.4-mini' }, { ...first, model: 'gpt-5.4-mini' }],
    [{ OPENAI_HEDGE_API_KEY: 'other' }, { ...first, apiKey: 'other' }],
    [
      { OPENAI_HEDGE_BASE_URL: 'https://api.openai.com/v2/' },
      { ...first, baseUrl: 'https://api.openai.com/v2' },
    ],
    [
      { OPENAI_HEDGE_BASE_URL: 'https://eu.example.com/v1', OPENAI_HEDGE_API_KEY: 'c' },
      { ...first, apiKey: 'c', baseUrl: 'https://eu.example.com/v1' },
    ],
    [
      { OPENAI_HEDGE_BASE_URL: 'http://127.0.0.1:11434/v1' },
      { ...first, apiKey: 'local', baseUrl: 'http://127.0.0.1:11434/v1', place: 'local' },
    ],
  ])('differs by what is told of it: %j', (variables: Variables, expected) => {
    const { model, rival } = configOf({ ...variables, OPENAI_MAX_TOKENS: '99' });
    expect(rival.differs).toBe(true);
    expect(rival.model).toMatchObject({ ...expected, maxTokens: 99 });
    expect(model).toMatchObject(first);
  });

  it('needs a key of its own at another host: a key is not sent there', () => {
    expect(problemsOf({ OPENAI_HEDGE_BASE_URL: 'https://eu.example.com/v1' })).toEqual([
      { name: 'OPENAI_HEDGE_API_KEY', message: 'OPENAI_HEDGE_API_KEY: a key is needed, got nothing' },
    ]);
  });

  it('adds no problem of its own when the first one has no key', () => {
    const parsed = parseConfig({ ...KEYS, OPENAI_API_KEY: '' });
    expect('problems' in parsed ? parsed.problems.map(({ name }) => name) : []).toEqual(['OPENAI_API_KEY']);
  });

  it('may be told not to hurry the first', () => {
    expect(configOf({ OPENAI_HEDGE_MS: '0' }).rival.afterMs).toBe(0);
    expect(configOf({ OPENAI_HEDGE_MS: '200' }).rival.afterMs).toBe(200);
  });

  it.each(['199', '5001', '-1', '300.5', 'soon'])('refuses to be asked after %s ms', (value) => {
    const name = 'OPENAI_HEDGE_MS';
    expect(problemsOf({ [name]: value })).toEqual([
      { name, message: `${name}: 0 or an integer from 200 to 5000 is accepted, got "${value}"` },
    ]);
  });

  it('has a URL that can be read', () => {
    const name = 'OPENAI_HEDGE_BASE_URL';
    expect(problemsOf({ [name]: 'nowhere', OPENAI_HEDGE_API_KEY: 'c' })).toEqual([
      { name, message: `${name}: an http(s) URL is accepted, got "nowhere"` },
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
