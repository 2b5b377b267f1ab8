declare namespace Cloudflare {
  interface GlobalProps {
    mainModule: typeof import('../../src/index.ts');
  }
  interface Env {
    readonly PROVIDERS_URL: string;
    readonly SESSIONS: DurableObjectNamespace<import('../../src/index.ts').Session>;
    readonly SEATS: DurableObjectNamespace<import('../../src/index.ts').Seats>;
  }
}
