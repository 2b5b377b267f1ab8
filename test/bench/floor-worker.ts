import { DurableObject } from 'cloudflare:workers';
import { Buffer } from 'node:buffer';
import { FirstClause } from './first-clause.ts';

interface Env {
  readonly DEEPGRAM_BASE_URL: string;
  readonly OPENAI_BASE_URL: string;
  readonly ELEVENLABS_BASE_URL: string;
}

const LISTEN =
  'v1/listen?model=nova-3&encoding=linear16&sample_rate=16000&interim_results=true&endpointing=300';
const SPEAK =
  'v1/text-to-speech/EXAVITQu4vr4xnSDxMaL/multi-stream-input?model_id=eleven_flash_v2_5&output_format=pcm_24000&auto_mode=true&inactivity_timeout=180';

/**
 * The least a voice call can be on this platform: frames of audio go on to the recogniser, a final transcript or a text
 * frame to the model, its first clause and then its rest to the synthesiser, and audio back. It keeps no history, has
 * no barge-in, and minds no failure.
 */
export class Session extends DurableObject<Env> {
  #client: WebSocket | undefined;
  #recogniser: WebSocket | undefined;
  #synthesiser: WebSocket | undefined;
  #replies = 0;

  override async fetch(): Promise<Response> {
    const { DEEPGRAM_BASE_URL, ELEVENLABS_BASE_URL } = this.env;
    [this.#recogniser, this.#synthesiser] = await Promise.all([
      connected(`${DEEPGRAM_BASE_URL}/${LISTEN}`, { Authorization: 'Token local' }, (text) =>
        this.#hear(text),
      ),
      connected(`${ELEVENLABS_BASE_URL}/${SPEAK}`, { 'xi-api-key': 'local' }, (text) => this.#sound(text)),
    ]);
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    this.#client = server;
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(_: WebSocket, message: ArrayBuffer | string): void {
    if (typeof message === 'string') void this.#answer(message);
    else this.#recogniser?.send(message);
  }

  override webSocketClose(socket: WebSocket): void {
    this.#recogniser?.close();
    this.#synthesiser?.close();
    socket.close(1000);
  }

  #hear(text: string): void {
    const { is_final: isFinal, channel } = JSON.parse(text);
    const said = isFinal ? channel.alternatives[0].transcript : '';
    if (said !== '') void this.#answer(said);
  }

  async #answer(said: string): Promise<void> {
    const context = `r${++this.#replies}`;
    const say = (text: string) => this.#say({ context_id: context, text: `${text} `, flush: true });
    this.#say({ context_id: context, text: ' ' });
    const clause = new FirstClause(say);
    const response = await fetch(`${this.env.OPENAI_BASE_URL}/chat/completions`, {
      method: 'POST',
      headers: { Authorization: 'Bearer local', 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'gpt-6-luna',
        stream: true,
        messages: [{ role: 'user', content: said }],
      }),
    });
    for await (const token of tokensOf(response)) clause.push(token);
    const rest = clause.rest();
    if (rest !== '') say(rest);
    this.#say({ context_id: context, close_context: true });
  }

  #say(frame: object): void {
    this.#synthesiser?.send(JSON.stringify(frame));
  }

  #sound(text: string): void {
    const { audio, isFinal } = JSON.parse(text);
    if (audio) this.#client?.send(Buffer.from(audio, 'base64'));
    if (isFinal) this.#client?.send('complete');
  }
}

async function connected(
  url: string,
  headers: Record<string, string>,
  hear: (text: string) => void,
): Promise<WebSocket> {
  const { webSocket } = await fetch(url, { headers: { ...headers, Upgrade: 'websocket' } });
  if (!webSocket) throw new Error('the provider refused the socket');
  webSocket.accept();
  webSocket.addEventListener('message', ({ data }) => hear(String(data)));
  return webSocket;
}

async function* tokensOf(response: Response): AsyncGenerator<string> {
  if (!response.body) throw new Error('the model answered nothing');
  let held = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (held + text).split('\n');
    held = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('data: {')) continue;
      const token = JSON.parse(line.slice('data: '.length)).choices[0]?.delta.content;
      if (token) yield token;
    }
  }
}

export default {
  fetch(request: Request, env: { SESSIONS: DurableObjectNamespace<Session> }): Promise<Response> {
    return env.SESSIONS.getByName(crypto.randomUUID()).fetch(request);
  },
};
