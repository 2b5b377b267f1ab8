import { afterEach, describe, expect, it } from 'vitest';
import { sentencesOf } from '../../../src/local/engine-sources.ts';
import type { RecogniserEngine, SynthesiserEngine } from '../../../src/local/engines/ports.ts';
import { type Providers, startProviders } from '../../../src/local/server.ts';
import { Client } from './client.ts';

const TOKEN = { headers: { authorization: 'Token k' } };
const XI = { headers: { 'xi-api-key': 'k' } };
const LISTEN = '/deepgram/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000';
const TURNS = '/deepgram/v2/listen?model=flux-general-en&encoding=linear16&sample_rate=16000';
const SPEECH = '/elevenlabs/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb';

let providers: Providers;
afterEach(() => providers.close());

/** Speaks 10 ms of 8 kHz audio for each character, as voice rms only; rejects the text `break`. */
function synthesiser() {
  const asked: { text: string; voice: string; speed: number }[] = [];
  const engine: SynthesiserEngine & { closed: boolean } = {
    closed: false,
    voices: [{ id: 'rms', name: 'Rms', labels: {} }],
    speak: async (request) => {
      asked.push(request);
      if (request.text.startsWith('break')) throw new Error('broken');
      const startMs = Array.from({ length: request.text.length }, (_, i) => i * 10);
      const samples = new Int16Array(request.text.length * 80).fill(1_000);
      return { samples, sampleRate: 8_000, startMs, endMs: startMs.map((ms) => ms + 10) };
    },
    close: async () => {
      engine.closed = true;
    },
  };
  return { engine, asked };
}

const deaf: RecogniserEngine = {
  open: () => Promise.reject(new Error('no model')),
  close: async () => undefined,
};

async function start() {
  const { engine, asked } = synthesiser();
  const warnings: string[] = [];
  providers = await startProviders({
    mode: 'real',
    recogniser: deaf,
    synthesiser: engine,
    reply: (messages) => ({ content: `You said: ${messages.at(-1)?.content}` }),
    timings: { lingerMs: 5 },
    warn: (line) => warnings.push(line),
  });
  return { engine, asked, warnings };
}

describe('real mode', () => {
  it('ends both recogniser wires in their own way when the engine cannot listen', async () => {
    await start();
    const listen = await Client.open(providers.url + LISTEN, TOKEN);
    const { code, reason } = await listen.closed;
    expect(code).toBe(1011);
    expect(reason).toContain('net0000');
    const turns = await Client.open(providers.url + TURNS, TOKEN);
    expect(await turns.type('Error')).toMatchObject({ code: 'INTERNAL_SERVER_ERROR' });
  });

  it('speaks sentence by sentence at the rate asked for, as the voice behind the alias', async () => {
    const { asked } = await start();
    const client = await Client.open(
      `${providers.url}${SPEECH}/multi-stream-input?output_format=pcm_24000`,
      XI,
    );
    client.send({ text: ' ', context_id: 'c', voice_settings: { speed: 1.1 } });
    const sentences = ['This is a first sentence of a good length. ', 'And the second one. '];
    client.send({ text: sentences.join(''), context_id: 'c', flush: true });
    client.send({ context_id: 'c', close_context: true });
    await client.take((frame) => frame['isFinal'] === true);
    expect(asked).toEqual(sentences.map((text) => ({ text, voice: 'rms', speed: 1.1 })));
    const bytes = client.frames.map(
      (frame) => Buffer.from(String(frame['audio'] ?? ''), 'base64').byteLength,
    );
    expect(bytes.reduce((sum, length) => sum + length)).toBe(sentences.join('').length * 10 * 48);
    expect(client.frames.filter((frame) => frame['alignment'])).toHaveLength(2);
  });

  it('tells a failed rendering on the socket and over HTTP, and goes on', async () => {
    const { warnings } = await start();
    const client = await Client.open(`${providers.url}${SPEECH}/stream-input?output_format=pcm_16000`, XI);
    client.send({ text: 'break ', flush: true });
    expect(await client.take((frame) => frame['error'] !== undefined)).toMatchObject({ code: 1008 });
    await expect(client.closed).resolves.toMatchObject({ code: 1008 });
    const speak = (text: string) => {
      const body = JSON.stringify({ text });
      return fetch(`${providers.url}${SPEECH}/stream?output_format=pcm_16000`, {
        method: 'POST',
        ...XI,
        body,
      });
    };
    expect((await speak('break')).status).toBe(500);
    expect(warnings).toEqual([expect.stringContaining('the local server failed: Error: broken')]);
    expect((await speak('fine')).status).toBe(200);
  });

  it('answers with what the agent writes and obeys faults', async () => {
    await start();
    providers.script = { faults: [{ provider: 'openai', kind: 'refuse', status: 503 }] };
    const ask = () =>
      fetch(`${providers.url}/openai/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: 'Bearer k' },
        body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] }),
      });
    expect((await ask()).status).toBe(503);
    expect(await (await ask()).json()).toMatchObject({ choices: [{ message: { content: 'You said: Hi' } }] });
  });

  it('closes the engines', async () => {
    const { engine } = await start();
    await providers.close();
    expect(engine.closed).toBe(true);
  });
});

describe('sentencesOf', () => {
  it.each([
    ['One short. Two short. ', ['One short. Two short. ']],
    [`${'a'.repeat(45)}. Next! `, [`${'a'.repeat(45)}. `, 'Next! ']],
    [
      'It costs just 3.50 for each and every month. Fine. ',
      ['It costs just 3.50 for each and every month. ', 'Fine. '],
    ],
    ['no end', ['no end']],
  ])('cuts %j', (text, pieces) => {
    expect(sentencesOf(text)).toEqual(pieces);
    expect(sentencesOf(text).join('')).toBe(text);
  });

  it('loses nothing of an awkward text', () => {
    const text = '... Well?! "Yes." 3.5 % of us, e.g. me. Ok\n\nNew line. end ';
    expect(sentencesOf(text).join('')).toBe(text);
  });
});
