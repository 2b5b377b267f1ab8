import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { answerControl } from './control.ts';
import type { Fault, ProviderName, Refusal } from './faults.ts';
import type { Stage } from './script/stage.ts';
import type { Providers } from './server.ts';
import type { Vendor } from './vendor.ts';
import { now, until } from './wire/clock.ts';
import { Exchange } from './wire/exchange.ts';
import { Handshake } from './wire/handshake.ts';
import { Link } from './wire/link.ts';
import { type WireLog, withoutSecrets } from './wire/log.ts';

interface Open {
  readonly provider: ProviderName;
  drop(): void;
  strike(fault: Fault): void;
}

interface Address {
  readonly provider: ProviderName;
  readonly url: URL;
  readonly path: string;
  readonly connection: number;
}

const OWN_ORIGIN = 'http://127.0.0.1';

/** Connects what comes in with the vendor it is for, through the faults of that connection. */
export class Switchboard {
  /** Set when clients may change the script over HTTP. */
  control: Providers | undefined;
  readonly #vendors: Readonly<Record<ProviderName, Vendor>>;
  readonly #stage: Stage;
  readonly #log: WireLog;
  readonly #about: object;
  readonly #open = new Set<Open>();
  readonly #dead = new Set<ProviderName>();
  #connections = 0;

  constructor(vendors: Readonly<Record<ProviderName, Vendor>>, stage: Stage, log: WireLog, about: object) {
    this.#vendors = vendors;
    this.#stage = stage;
    this.#log = log;
    this.#about = about;
  }

  /** Sockets that are open or being opened, and requests that are not answered yet. */
  get connected(): number {
    return this.#open.size;
  }

  async request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = this.#address(request);
    if (!address) return this.#ownRoute(request, response);
    if (this.#dead.has(address.provider)) return void request.socket.destroy();
    const vendor = this.#vendors[address.provider];
    const faults = this.#strikes(address.provider, 'http');
    const exchange = new Exchange(request, response, address, this.#log, vendor.errorChunk, faults);
    const open = this.#hold(address.provider, exchange);
    exchange.signal.addEventListener('abort', () => this.#open.delete(open));
    if (faults.some((fault) => fault.kind === 'hang')) return exchange.recordRequest();
    if (!(await until(now() + delayOf(faults), exchange.signal))) return;
    const refusal = faults.find((fault) => fault.kind === 'refuse');
    try {
      if (!refusal) return await vendor.requests(exchange);
      await exchange.json();
      refuse(exchange, vendor, refusal);
    } catch (problem) {
      if (exchange.signal.aborted) return; // The client left in the middle of its request.
      this.#log.report(address.provider, address.connection, problem);
      refuse(exchange, vendor, { provider: address.provider, kind: 'refuse', status: 500 });
    }
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const address = this.#address(request);
    if (!address || this.#dead.has(address.provider)) return void socket.destroy();
    const { provider, connection } = address;
    this.#log.record(provider, connection, { kind: 'upgrade', path: withoutSecrets(address.url) });
    const vendor = this.#vendors[provider];
    const handshake = new Handshake(request, socket, head, address.path, address.url.searchParams);
    const waiting = this.#hold(provider, {
      drop: () => handshake.drop(),
      strike: () => handshake.drop(),
    });
    const gone = new AbortController();
    socket.once('close', () => {
      gone.abort();
      this.#open.delete(waiting);
    });
    const faults = this.#strikes(provider, 'socket');
    if (faults.some((fault) => fault.kind === 'hang')) return hangUpWith(socket);
    if (!(await until(now() + delayOf(faults), gone.signal))) return;
    this.#open.delete(waiting);
    try {
      await this.#answer(handshake, vendor, address, faults);
    } catch (problem) {
      this.#log.report(provider, connection, problem);
      handshake.drop();
    }
  }

  kill(provider: ProviderName): void {
    this.#dead.add(provider);
    for (const open of [...this.#open]) if (open.provider === provider) open.drop();
  }

  revive(provider: ProviderName): void {
    this.#dead.delete(provider);
  }

  strike(fault: Fault): void {
    for (const open of [...this.#open]) if (open.provider === fault.provider) open.strike(fault);
  }

  close(): void {
    for (const open of [...this.#open]) open.drop();
  }

  async #answer(
    handshake: Handshake,
    vendor: Vendor,
    address: Address,
    faults: readonly Fault[],
  ): Promise<void> {
    const refusal = faults.find((fault) => fault.kind === 'refuse');
    const answer = refusal ? { refused: vendor.refusal(refusal) } : vendor.sockets(handshake);
    if ('refused' in answer) {
      const { status, body, headers } = answer.refused;
      return handshake.refuse(status, body, headers);
    }
    const { provider, connection } = address;
    // Never, if the client has left by now.
    const socket = await handshake.accept(answer.headers, answer.protocol);
    this.#log.record(provider, connection, { kind: 'open', path: withoutSecrets(address.url) });
    const link = new Link(socket, provider, connection, this.#log, vendor.tellError);
    const open = this.#hold(provider, link);
    socket.on('close', () => this.#open.delete(open));
    answer.serve(link, faults);
  }

  #hold(provider: ProviderName, what: { drop(): void; strike(fault: Fault): void }): Open {
    const open: Open = { provider, drop: () => what.drop(), strike: (fault) => what.strike(fault) };
    this.#open.add(open);
    return open;
  }

  #strikes(provider: ProviderName, channel: 'socket' | 'http'): Fault[] {
    return this.#stage.plan.strikes(this.#stage.script.faults, provider, channel);
  }

  #address(request: IncomingMessage): Address | undefined {
    const asked = request.url ?? '/';
    if (!URL.canParse(asked, OWN_ORIGIN)) return undefined;
    const url = new URL(asked, OWN_ORIGIN);
    const [, prefix] = url.pathname.split('/');
    if (prefix !== 'deepgram' && prefix !== 'openai' && prefix !== 'elevenlabs') return undefined;
    this.#connections += 1;
    const path = url.pathname.slice(prefix.length + 1);
    return { provider: prefix, url, path, connection: this.#connections };
  }

  async #ownRoute(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body } = await answerControl(request, this.control, this.#about);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  }
}

/** A socket that nobody reads does not notice that its client has left. */
function hangUpWith(socket: Duplex): void {
  socket.on('end', () => socket.destroy());
  socket.resume();
}

function refuse(exchange: Exchange, vendor: Vendor, refusal: Refusal): void {
  const { status, body, headers } = vendor.refusal(refusal);
  exchange.reply(status, body, headers);
}

function delayOf(faults: readonly Fault[]): number {
  return faults.reduce((ms, fault) => (fault.kind === 'delay' ? ms + fault.ms : ms), 0);
}
