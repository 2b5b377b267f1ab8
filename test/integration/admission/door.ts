import { afterAll, beforeAll } from 'vitest';
import WebSocket from 'ws';
import { type Providers, startProviders } from '../../../src/local/server.ts';
import { WireClient } from '../../support/client.ts';
import { localVariables, type RunningWorker, startWorker } from '../../support/worker.ts';

export const CRM_KEY = 'crm-key-0123456789-0123456789-0123';
export const SITE_KEY = 'site-key-0123456789-0123456789-012';
export const SHOP_KEY = 'shop-key-0123456789-0123456789-012';

/** What the server gives for an API key. */
export interface Issued {
  readonly sessionId: string;
  readonly ticket: string;
  readonly expiresAt: string;
  readonly url: string;
  readonly page: string;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

type HeaderFields = Readonly<Record<string, string>>;

/** A Worker that lets nobody in without a ticket, and everything that has come back from it. */
export class Door {
  readonly #variables: HeaderFields;
  readonly #rates: Readonly<Record<string, number>>;
  #providers: Providers | undefined;
  #worker: RunningWorker | undefined;
  /** The bodies and headers of all answers, as one would look for a secret in them. */
  readonly answers: string[] = [];

  constructor(variables: HeaderFields = {}, rates: Readonly<Record<string, number>> = {}) {
    this.#variables = variables;
    this.#rates = rates;
    beforeAll(async () => {
      this.#providers = await startProviders({ port: 0, mode: 'scripted' });
      const { OPEN_ON_LOCALHOST: _, ...closed } = localVariables(this.#providers.url);
      const keys = { API_KEYS: `crm:${CRM_KEY},site:${SITE_KEY},shop:${SHOP_KEY}` };
      this.#worker = await startWorker({ ...closed, ...keys, ...this.#variables }, undefined, this.#rates);
    });
    afterAll(async () => {
      await this.#worker?.close();
      await this.#providers?.close();
    });
  }

  get worker(): RunningWorker {
    if (this.#worker === undefined) throw new Error('the door stands only within tests');
    return this.#worker;
  }

  /** `POST /v1/sessions`. */
  async ask(
    body: unknown = {},
    headers: HeaderFields = { authorization: `Bearer ${CRM_KEY}` },
  ): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.#kept(await fetch(`${this.worker.url}/v1/sessions`, { method: 'POST', body: text, headers }));
  }

  async ticket(body: unknown = {}, key = CRM_KEY): Promise<Issued> {
    const { status, body: issued } = await this.ask(body, { authorization: `Bearer ${key}` });
    if (status !== 201) throw new Error(`no ticket: ${status} ${JSON.stringify(issued)}`);
    return issued as Issued; // its fields are tested where it is asked for
  }

  /** A plain GET of `/ws`. */
  async look(query: string, headers: HeaderFields = {}): Promise<Answer> {
    return this.#kept(await fetch(`${this.worker.url}/ws${query}`, { headers }));
  }

  /** An upgrade of `/ws` that is refused; fails when it is not. */
  async knock(query: string, headers: HeaderFields = {}): Promise<Answer> {
    const socket = new WebSocket(`${this.worker.socketUrl}/ws${query}`, { headers });
    return new Promise((resolve, reject) => {
      socket.on('open', () => reject(new Error('the handshake was accepted')));
      socket.on('unexpected-response', (_, response) => {
        const chunks: Buffer[] = [];
        response.on('data', (data: Buffer) => chunks.push(data));
        response.on('end', () => {
          const fields = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
          const init = { status: response.statusCode ?? 0, headers: Object.fromEntries(fields) };
          resolve(this.#kept(new Response(Buffer.concat(chunks), init)));
        });
      });
    });
  }

  /** An upgrade of `/ws` that is accepted; the caller has read its `connection.ack`. */
  async enter(query: string): Promise<WireClient> {
    const client = await WireClient.open(`${this.worker.socketUrl}/ws${query}`);
    await client.next('connection.ack');
    return client;
  }

  async #kept(response: Response): Promise<Answer> {
    const text = await response.text();
    const { status, headers } = response;
    this.answers.push(`${JSON.stringify([...headers])} ${text}`);
    return { status, headers, body: JSON.parse(text) };
  }
}

/** Hangs up and waits until the server has finished with the call. */
export async function hangUp(client: WireClient): Promise<void> {
  client.send('voicechat.call.end');
  await client.end();
}
