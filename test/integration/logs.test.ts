import { describe, expect, it } from 'vitest';
import type { Fault } from '../../src/local/faults.ts';
import { startProviders } from '../../src/local/server.ts';
import { quiet, spelled, WireClient, type WireFrame } from '../support/client.ts';
import { localVariables, startWorker } from '../support/worker.ts';
import { heardOut, utteranceOf } from './protocol/stage.ts';

/** Words that stand nowhere but in what is said, heard, typed and asked for in this call. */
const WORDS = [
  'zebra',
  'quixotic',
  'flamingo',
  'marzipan',
  'xylophone',
  'pineapple',
  'umbrella',
  'Zanzibara',
  'Papagena',
] as const;
const [HEARD, ASKED, SAID, ADDED, TYPED, ONCE_MORE, TOLD, NAME, COMPANY] = WORDS;

/** What the caller says aloud. */
const SPOKEN = `Is the ${HEARD} ${ASKED}?`;

const secrets = {
  DEEPGRAM_API_KEY: 'deepgram-0d5fd2c1a7',
  OPENAI_API_KEY: 'openai-77b1e0c94f',
  ELEVENLABS_API_KEY: 'elevenlabs-e3a90b52d8',
};

/** What goes wrong in the call: the vendors' own words about it hold what was said. */
const faults: readonly Fault[] = [
  { provider: 'openai', kind: 'refuse', status: 500, message: TOLD, when: 2 },
  {
    provider: 'openai',
    kind: 'error',
    code: 'server_error',
    message: TOLD,
    after: { sent: 3 },
    when: 4,
    times: 2,
  },
];
const strikes: readonly Fault[] = [
  { provider: 'deepgram', kind: 'close', code: 1011, reason: TOLD },
  { provider: 'elevenlabs', kind: 'close', code: 1011, reason: TOLD },
];

describe('the log of a whole call', () => {
  it('tells what happened, and holds no word, no name, no key and no token', {
    timeout: 60_000,
  }, async () => {
    const providers = await startProviders({
      mode: 'scripted',
      script: {
        recogniser: { vocabulary: SPOKEN.split(' ') },
        model: {
          replies: [`The ${SAID} is made of ${ADDED}, of course.`],
          firstTokenMs: 5,
          tokensPerSecond: 500,
        },
        synthesiser: { firstAudioMs: 5, msPerChar: 40, chunkMs: 200, paceMs: 20 },
        faults: [...faults],
      },
      warn: () => undefined,
    });
    const worker = await startWorker({ ...secrets, ...localVariables(providers.url) });
    const client = await WireClient.open(`${worker.socketUrl}/ws?name=${NAME}&company=${COMPANY}`);
    try {
      const { payload: ack } = await client.next('connection.ack');
      await client.start();
      await heardOut(client, await client.next('voicechat.response.complete'));
      await spokenTurn(client);
      for (const fault of strikes) providers.strike(fault);
      await spokenTurn(client);
      await bargeIn(client);
      await typedTurn(client, `My ${TYPED} is broken.`);
      await typedTurn(client, `And the ${ONCE_MORE} too.`);
      malformed(client);
      await refusals(worker.url);
      client.send('voicechat.call.end');
      await client.end();
      const events = worker.logs.map((line) => JSON.parse(line)['event']);
      for (const event of ['recogniser.failed', 'model.failed', 'agent.turn', 'call.ended'])
        expect(events).toContain(event);
      expect(events).not.toContain('call.bug');
      const hidden = [...WORDS, ...Object.values(secrets), ...tokensIn(ack)];
      expect(
        worker.logs.filter((line) => hidden.some((text) => line.toLowerCase().includes(text.toLowerCase()))),
      ).toEqual([]);
      const said = JSON.stringify(client.frames.map(({ payload }) => payload['text']));
      for (const word of [HEARD, ASKED, SAID, ADDED, TYPED, ONCE_MORE, NAME]) expect(said).toContain(word);
    } finally {
      client.close();
      await worker.close();
      await providers.close();
    }
  });
});

/** A spoken turn, and its answer heard whole. */
async function spokenTurn(client: WireClient): Promise<void> {
  const from = client.frames.length;
  client.audio(spelled(SPOKEN, SPOKEN.split(' ')));
  client.audio(quiet(700));
  await client.next('voicechat.transcript.final', from);
  await heardOut(client, await client.next('voicechat.response.complete', from));
}

async function typedTurn(client: WireClient, text: string): Promise<void> {
  const from = client.frames.length;
  client.send('voicechat.text.input', { text });
  await heardOut(client, await client.next('voicechat.response.complete', from));
}

/** Words in the middle of the agent's speech, and what they are answered with. */
async function bargeIn(client: WireClient): Promise<void> {
  const from = client.frames.length;
  client.send('voicechat.text.input', { text: `Tell me about the ${TYPED}.` });
  const chunk = await client.next('voicechat.response.chunk', from);
  client.audio(spelled(SPOKEN, SPOKEN.split(' ')));
  client.audio(quiet(700));
  const isOther = (frame: WireFrame) =>
    frame.eventType === 'voicechat.response.complete' && utteranceOf(frame) !== utteranceOf(chunk);
  await client.next('voicechat.response.interrupt', from);
  await heardOut(client, await client.next(isOther, from));
}

/** Frames that are refused, with words in every place where a message might quote them. */
function malformed(client: WireClient): void {
  client.raw(TYPED);
  client.raw(new TextEncoder().encode(TYPED));
  client.send(TYPED);
  client.send('voicechat.text.input', { text: TYPED }, { sessionId: TYPED });
  client.send('voicechat.audio.start', { language: `${TYPED} ${ONCE_MORE}`, voiceId: TYPED });
  client.send('voicechat.audio.chunk', { audio: TYPED });
}

/** Requests that the Worker refuses, with words and keys where they do not belong. */
async function refusals(url: string): Promise<void> {
  const headers = { authorization: `Bearer ${secrets.OPENAI_API_KEY}` };
  for (const path of [
    `/ws?name=${TYPED}`,
    `/ws?name=${TYPED.repeat(40)}`,
    `/ws?ticket=${TYPED}`,
    `/ws?session=${TYPED}&resume=${ONCE_MORE}`,
    `/${TYPED}?${ONCE_MORE}`,
  ]) {
    await (await fetch(url + path, { headers })).text();
  }
}

/** What lets a client back in. */
function tokensIn(ack: Readonly<Record<string, unknown>>): readonly string[] {
  const { resumeToken } = ack;
  return typeof resumeToken === 'string' && resumeToken !== '' ? [resumeToken] : [];
}
