import { type Providers, startProviders } from '../../src/local/server.ts';
import { now } from '../../src/local/wire/clock.ts';
import { loud, quiet, WireClient } from '../support/client.ts';
import { localVariables, startWorker } from '../support/worker.ts';

/** What the scripted providers take, in ms: from the last speech to the final, to the first token, to the first audio. */
const FINAL_MS = 250;
const FIRST_TOKEN_MS = 450;
const FIRST_AUDIO_MS = 160;
const TOKENS_PER_SECOND = 60;
/** Twelve words, then a full stop: the first sentence of the answer. */
const FIRST_SENTENCE = 'The monthly plan for a team of ten people costs forty nine dollars.';
const REPLY = `${FIRST_SENTENCE} It includes planning, messages and a calendar for every member of the team.`;
const FRAME_MS = 20;
const SPEECH_MS = 500;

/** One turn as the caller hears it; all in ms. */
export interface TurnTimes {
  /** From the last frame of speech to the first frame of the answer's audio. */
  readonly voiceToVoiceMs: number;
  /** From the final transcript to the request to the model. */
  readonly askMs: number;
  /** From the model's first token to the first text sent to the synthesiser. */
  readonly clauseMs: number;
  /** From the synthesiser's first audio to its arrival at the client. */
  readonly deliverMs: number;
}

/** Runs `turns` turns of one call against scripted providers with exact delays. */
export async function measureVoiceToVoice(turns: number): Promise<readonly TurnTimes[]> {
  const providers = await startProviders({
    mode: 'scripted',
    script: {
      recogniser: { utterances: [{ text: 'What does the monthly plan cost?' }], finalDelayMs: FINAL_MS },
      model: { replies: [REPLY], firstTokenMs: FIRST_TOKEN_MS, tokensPerSecond: TOKENS_PER_SECOND },
      synthesiser: { firstAudioMs: FIRST_AUDIO_MS, msPerChar: 10, chunkMs: 100, paceMs: 10 },
    },
  });
  const worker = await startWorker(localVariables(providers.url));
  try {
    const client = await WireClient.open(`${worker.socketUrl}/ws`);
    await client.start();
    await client.next('voicechat.turn.metrics');
    const times: TurnTimes[] = [];
    for (let turn = 0; turn < turns; turn++) times.push(await oneTurn(client, providers));
    client.close();
    await client.end();
    return times;
  } finally {
    await worker.close();
    await providers.close();
  }
}

async function oneTurn(client: WireClient, providers: Providers): Promise<TurnTimes> {
  providers.log.clear();
  const from = client.frames.length;
  const lastSpeechAt = await speak(client);
  const arrival = client.next('voicechat.response.chunk', from).then(() => now());
  const asked = providers.log.waitFor(({ provider, kind }) => provider === 'openai' && kind === 'request');
  const said = providers.log.waitFor(
    (entry) => entry.provider === 'elevenlabs' && entry.kind === 'text' && isWords(entry.frame),
  );
  const [audioAt, ask, text] = await Promise.all([arrival, asked, said]);
  const [askAt, textAt] = [providers.log.startMs + ask.atMs, providers.log.startMs + text.atMs];
  await client.next('voicechat.turn.metrics', from);
  return {
    voiceToVoiceMs: audioAt - lastSpeechAt,
    askMs: askAt - lastSpeechAt - FINAL_MS,
    clauseMs: textAt - askAt - FIRST_TOKEN_MS,
    deliverMs: audioAt - textAt - FIRST_AUDIO_MS,
  };
}

/** Streams speech in real time, then silence; returns when the last frame of speech was sent. */
async function speak(client: WireClient): Promise<number> {
  const began = now();
  for (let sent = 0; sent < SPEECH_MS; sent += FRAME_MS) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, began + sent - now())));
    client.audio(loud(FRAME_MS));
  }
  const lastSpeechAt = now();
  client.audio(quiet(FRAME_MS));
  return lastSpeechAt;
}

function isWords(frame: unknown): boolean {
  return typeof frame === 'object' && frame !== null && 'text' in frame && String(frame.text).trim() !== '';
}
