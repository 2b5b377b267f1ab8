import { DurableObject } from 'cloudflare:workers';

/** The least a call can be on this platform: an object that passes every frame on to one outbound socket. */
export class Session extends DurableObject<{ DEEPGRAM_BASE_URL: string }> {
  #out: WebSocket | undefined;

  override async fetch(): Promise<Response> {
    const url = `${this.env.DEEPGRAM_BASE_URL}/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000`;
    const { webSocket } = await fetch(url, {
      headers: { Upgrade: 'websocket', Authorization: 'Token local' },
    });
    if (!webSocket) throw new Error('the provider refused the socket');
    webSocket.accept();
    this.#out = webSocket;
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(_: WebSocket, message: ArrayBuffer | string): void {
    this.#out?.send(message);
  }

  override webSocketClose(socket: WebSocket): void {
    this.#out?.close();
    socket.close(1000);
  }
}

export default {
  fetch(request: Request, env: { SESSIONS: DurableObjectNamespace<Session> }): Promise<Response> {
    return env.SESSIONS.getByName(crypto.randomUUID()).fetch(request);
  },
};
