import { afterEach, describe, expect, it } from 'vitest';
import type { ScriptInput } from '../../../src/local/script/script.ts';
import { type Providers, startProviders } from '../../../src/local/server.ts';
import type { Timings } from '../../../src/local/timings.ts';
import { Client, type Frame } from './client.ts';

const BASE = 'model=flux-general-en&encoding=linear16&sample_rate=16000';
const TOKEN = { headers: { authorization: 'Token any-key' } };

let providers: Providers;
afterEach(() => providers.close());

async function start(script: ScriptInput = {}, timings: Partial<Timings> = {}): Promise<void> {
  providers = await startProviders({ mode: 'scripted', script, timings, warn: () => undefined });
}

function open(query: string): Promise<Client> {
  return Client.open(`${providers.url}/deepgram/v2/listen?${query}`, TOKEN);
}

const event = (name: string) => (frame: Frame) => frame['event'] === name;

const oneTurn = (recogniser: NonNullable<ScriptInput['recogniser']> = {}): ScriptInput => ({
  recogniser: {
    utterances: [{ text: 'Hello there, who is this?' }],
    finalDelayMs: 30,
    finishDelayMs: 1,
    ...recogniser,
  },
});

describe('the handshake of /v2/listen', () => {
  it.each([
    ['model=nova-3&encoding=linear16&sample_rate=16000', /model/],
    ['encoding=linear16&sample_rate=16000', /model/],
    [`${BASE}&language=en`, /language/],
    [`${BASE}&smart_format=true`, /smart_format/],
    [`${BASE}&punctuate=true`, /punctuate/],
    [`${BASE}&interim_results=true`, /interim_results/],
    [`${BASE}&endpointing=300`, /endpointing/],
    [`${BASE}&utterance_end_ms=1000`, /utterance_end_ms/],
    [`${BASE}&diarize=true`, /diarize/],
    [`${BASE}&language_hint=en`, /language_hint/],
    [`${BASE}&eot_threshold=0.4`, /eot_threshold/],
    [`${BASE}&eager_eot_threshold=0.8`, /eager_eot_threshold/],
    [`${BASE}&eot_timeout_ms=499`, /eot_timeout_ms/],
    ['model=flux-general-en&encoding=linear16&sample_rate=11025', /sample_rate/],
    [`${BASE}${'&keyterm=a'.repeat(101)}`, /keyterm/],
  ])('refuses %s with 400', async (query, message) => {
    await start();
    const refused = await Client.refusal(`${providers.url}/deepgram/v2/listen?${query}`, TOKEN);
    expect(refused.status).toBe(400);
    expect(refused.body).toMatchObject({ err_msg: expect.stringMatching(message) });
  });

  it('sends Connected first and language facts with the multilingual model', async () => {
    await start(oneTurn());
    const client = await open(`${BASE.replace('-en&', '-multi&')}&language_hint=en&language_hint=es`);
    const connected = await client.take(() => true);
    expect(connected).toEqual({
      type: 'Connected',
      request_id: client.headers['dg-request-id'],
      sequence_id: 0,
    });
    client.speak(5);
    expect(await client.take(event('EndOfTurn'))).toMatchObject({
      languages: ['en'],
      languages_hinted: ['en', 'es'],
    });
  });
});

describe('turns of /v2/listen', () => {
  it('follows the grammar of a turn with one sequence over all messages', async () => {
    await start(oneTurn());
    const client = await open(BASE);
    client.silence(5);
    client.speak(12);
    const end = await client.take(event('EndOfTurn'));
    client.speak(6);
    await client.take(event('EndOfTurn'));
    const [connected, ...turns] = client.frames;
    expect(connected).toMatchObject({ type: 'Connected' });
    expect(client.frames.map((frame) => frame['sequence_id'])).toEqual(client.frames.map((_, i) => i));
    expect(grammarOf(turns.filter((turn) => turn['turn_index'] === 0))).toMatch(/^u+S[uU]*E$/);
    expect(grammarOf(turns.filter((turn) => turn['turn_index'] === 1))).toMatch(/^S[uU]*E$/);
    expect(end).toMatchObject({ transcript: 'Hello there, who is this?', trigger: 'model', turn_index: 0 });
    expect(end).toMatchObject({ audio_window_start: 0, audio_window_end: 1.7 });
    expect((end['words'] as Frame[])[0]).toMatchObject({ word: 'Hello', start: 0.5, end: 0.75 });
  });

  it('ends eagerly, resumes when speech goes on, and keeps the eager transcript when it does not', async () => {
    await start(oneTurn({ finalDelayMs: 400, eagerLeadMs: 370 }));
    const client = await open(`${BASE}&eager_eot_threshold=0.4`);
    client.speak(6);
    const first = await client.take(event('EagerEndOfTurn'));
    client.silence(6);
    expect(first['transcript']).not.toBe('');
    client.speak(3);
    await client.take(event('TurnResumed'));
    await client.take(event('EagerEndOfTurn'));
    const end = await client.take(event('EndOfTurn'));
    expect(grammarOf(client.frames.slice(1))).toMatch(/^u*SU*(gRU*)+gE$/);
    expect(end['transcript']).toBe('Hello there, who is this?');
    expect(end['end_of_turn_confidence']).toBeGreaterThanOrEqual(0.7);
  });

  it('ends eagerly with all words, 100 ms before the end unless the script says otherwise', async () => {
    await start(oneTurn({ finalDelayMs: 150 }));
    const client = await open(`${BASE}&eager_eot_threshold=0.4`);
    client.speak(6);
    client.silence(2);
    const end = await client.take(event('EndOfTurn'));
    expect(end['transcript']).toBe('Hello there, who is this?');
    const eager = client.frames.filter(event('EagerEndOfTurn'));
    expect(eager.map((frame) => frame['transcript'])).toEqual([end['transcript']]);
    expect(client.frames.indexOf(end) - client.frames.indexOf(eager[0] ?? end)).toBe(1);
  });

  it('takes an eager end back before the end has other words', async () => {
    const utterances = [{ text: 'Hello there, who is this?', wordsBeforePause: 2 }];
    await start(oneTurn({ utterances, finalDelayMs: 150 }));
    const client = await open(`${BASE}&eager_eot_threshold=0.4`);
    client.speak(6);
    client.silence(2);
    const end = await client.take(event('EndOfTurn'));
    expect(end['transcript']).toBe('Hello there, who is this?');
    expect(client.frames.find(event('EagerEndOfTurn'))?.['transcript']).toBe('Hello there,');
    expect(grammarOf(client.frames.slice(1))).toMatch(/^u*SU*gRU*E$/);
  });

  it('sends no eager end unless asked', async () => {
    await start(oneTurn({ finalDelayMs: 100, eagerLeadMs: 90 }));
    const client = await open(BASE);
    client.speak(6);
    await client.take(event('EndOfTurn'));
    expect(client.frames.some(event('EagerEndOfTurn'))).toBe(false);
  });

  it('ForceEndTurn ends the open turn by hand, and warns without one', async () => {
    await start(oneTurn({ finalDelayMs: 60_000 }));
    const client = await open(BASE);
    client.send({ type: 'ForceEndTurn' });
    expect(await client.type('Warning')).toMatchObject({ code: 'FORCE_END_TURN_NO_ACTIVE_TURN' });
    client.speak(6);
    await client.take(event('StartOfTurn'));
    client.send({ type: 'ForceEndTurn' });
    expect(await client.take(event('EndOfTurn'))).toMatchObject({ trigger: 'manual' });
  });

  it('Configure succeeds with what was sent, and fails for thresholds that do not fit', async () => {
    await start();
    const client = await open(BASE);
    const thresholds = { eot_threshold: 0.8, eager_eot_threshold: 0.5 };
    client.send({ type: 'Configure', thresholds, keyterms: ['Acme'] });
    expect(await client.type('ConfigureSuccess')).toMatchObject({
      thresholds,
      keyterms: ['Acme'],
      sequence_id: 1,
    });
    client.send({ type: 'Configure', thresholds: { eager_eot_threshold: 0.9 } });
    expect(await client.type('ConfigureFailure')).toMatchObject({ sequence_id: 2 });
    client.send({ type: 'Configure', thresholds: { eot_threshold: 2 } });
    await client.type('ConfigureFailure');
    client.send({ type: 'Configure', language_hints: ['es'] });
    await client.type('ConfigureFailure');
    expect(providers.log.invalid).toEqual([]);
  });

  it('CloseStream sends no EndOfTurn and closes without a code', async () => {
    await start(oneTurn({ finalDelayMs: 60_000 }));
    const client = await open(BASE);
    client.speak(6);
    await client.take(event('StartOfTurn'));
    client.send({ type: 'CloseStream' });
    await expect(client.closed).resolves.toEqual({ code: 1005, reason: '' });
    expect(client.frames.some(event('EndOfTurn'))).toBe(false);
    expect(client.frames.at(-1)).toMatchObject({ event: 'Update' });
  });

  it.each(['{"type":"KeepAlive"}', '{"type":"Finalize"}', 'junk'])(
    'answers %s with a fatal Error',
    async (frame) => {
      await start();
      const client = await open(BASE);
      client.send(frame);
      expect(await client.type('Error')).toMatchObject({ code: 'UNPARSABLE_CLIENT_MESSAGE', sequence_id: 1 });
      await client.closed;
      expect(providers.log.invalid).toHaveLength(1);
    },
  );

  it('gives an inactive client up', async () => {
    await start({}, { fluxIdleMs: 30 });
    const client = await open(BASE);
    expect(await client.type('Error')).toMatchObject({ code: 'INACTIVE_CLIENT' });
    await client.closed;
  });
});

/** u: update without words, U: with words, S: start, g: eager end, R: resumed, E: end. */
function grammarOf(turns: readonly Frame[]): string {
  const letters: Record<string, string> = {
    StartOfTurn: 'S',
    EagerEndOfTurn: 'g',
    TurnResumed: 'R',
    EndOfTurn: 'E',
  };
  return turns
    .map((turn) => letters[String(turn['event'])] ?? (turn['transcript'] === '' ? 'u' : 'U'))
    .join('');
}
