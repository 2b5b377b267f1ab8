import { DurableObject } from 'cloudflare:workers';
import { decode, encode, isRecord } from '../../src/protocol/codec.ts';

interface Env {
  readonly DEEPGRAM_BASE_URL: string;
  readonly OPENAI_BASE_URL: string;
  readonly ELEVENLABS_BASE_URL: string;
}

const LISTEN =
  'v1/listen?model=nova-3&encoding=linear16&sample_rate=16000&interim_results=true&endpointing=300';
const SPEAK = 'v1/text-to-speech/EXAVITQu4vr4xnSDxMaL/stream?output_format=pcm_24000';
const SAMPLE_RATE = 24_000;
const CHUNK_BYTES = 16_000;

/**
 * A voice call whose steps do not overlap, on the same wires: the whole answer of the model is awaited, then the whole
 * of its synthesis, and only then audio is sent.
 */
export class Session extends DurableObject<Env> {
  readonly #sessionId = crypto.randomUUID();
  #client: WebSocket | undefined;
  #recogniser: WebSocket | undefined;

  override async fetch(): Promise<Response> {
    const { webSocket } = await fetch(`${this.env.DEEPGRAM_BASE_URL}/${LISTEN}`, {
      headers: { Upgrade: 'websocket', Authorization: 'Token local' },
    });
    if (!webSocket) throw new Error('the recogniser refused the socket');
    webSocket.accept();
    webSocket.addEventListener('message', ({ data }) => this.#hear(String(data)));
    this.#recogniser = webSocket;
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    this.#client = server;
    this.#send('connection.ack', { success: true });
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(_: WebSocket, message: ArrayBuffer | string): void {
    const request = decode(new Uint8Array(message as ArrayBuffer)); // its client sends binary frames only
    if (!isRecord(request) || !isRecord(request['payload'])) return;
    const { audio } = request['payload'];
    if (request['eventType'] === 'voicechat.audio.start')
      this.#send('voicechat.audio.start', { success: true });
    else if (audio instanceof Uint8Array) this.#recogniser?.send(audio);
  }

  override webSocketClose(socket: WebSocket): void {
    this.#recogniser?.close();
    socket.close(1000);
  }

  #hear(text: string): void {
    const { is_final: isFinal, channel } = JSON.parse(text);
    const said = isFinal ? channel.alternatives[0].transcript : '';
    if (said !== '') void this.#answer(said);
  }

  async #answer(said: string): Promise<void> {
    const { OPENAI_BASE_URL, ELEVENLABS_BASE_URL } = this.env;
    const completion = await posted(`${OPENAI_BASE_URL}/chat/completions`, 'Authorization', {
      model: 'gpt-6-luna',
      messages: [{ role: 'user', content: said }],
    });
    const { choices } = await completion.json<{ choices: [{ message: { content: string } }] }>();
    const { content } = choices[0].message;
    const speech = await posted(`${ELEVENLABS_BASE_URL}/${SPEAK}`, 'xi-api-key', { text: content });
    this.#play(new Uint8Array(await speech.arrayBuffer()));
  }

  #play(pcm: Uint8Array): void {
    const utteranceId = crypto.randomUUID();
    this.#send('voicechat.response.start', { utteranceId, timestamp: Date.now() });
    for (let at = 0; at < pcm.byteLength; at += CHUNK_BYTES) {
      const audio = pcm.subarray(at, at + CHUNK_BYTES);
      this.#send('voicechat.response.chunk', { utteranceId, audio, sampleRate: SAMPLE_RATE });
    }
    this.#send('voicechat.response.complete', { utteranceId });
  }

  #send(eventType: string, payload: Record<string, unknown>): void {
    const frame = { eventType, eventId: crypto.randomUUID(), sessionId: this.#sessionId, payload };
    this.#client?.send(encode(frame));
  }
}

async function posted(url: string, keyHeader: string, body: object): Promise<Response> {
  const key = keyHeader === 'Authorization' ? 'Bearer local' : 'local';
  const headers = { [keyHeader]: key, 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`a provider answered ${response.status}`);
  return response;
}

export default {
  fetch(request: Request, env: { SESSIONS: DurableObjectNamespace<Session> }): Promise<Response> {
    return env.SESSIONS.getByName(crypto.randomUUID()).fetch(request);
  },
};
