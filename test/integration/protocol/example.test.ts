import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { version as uuidVersion } from 'uuid';
import { expect, it } from 'vitest';
import WebSocket from 'ws';
import type { WireFrame } from '../../support/client.ts';
import { longWinded, stage } from './stage.ts';

interface Page {
  play(utteranceId: string, audio: Uint8Array, sampleRate: number): void;
  drop(utteranceId: string): number;
  show(frame: WireFrame): void;
  closed(code: number): void;
}

/** What the page's example exports. */
interface Example {
  call(url: string, samplingRate: number, page: Page): { type(text: string): void; hangUp(): void };
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const on = stage();

it('the minimal client of docs/protocol.md holds a call', async () => {
  globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket; // Node 20 has none of its own
  on.providers.script = longWinded;
  const { call } = await example();
  const shown: string[] = [];
  const played: Record<string, number> = {};
  const dropped: string[] = [];
  const closed = await new Promise<number>((resolve) => {
    const client = call(on.socketUrl, 16_000, {
      play: (id, audio, sampleRate) => {
        played[id] = (played[id] ?? 0) + audio.byteLength / 2 / (sampleRate / 1000);
      },
      drop: (id) => {
        dropped.push(id);
        return 500;
      },
      show: (frame) => {
        shown.push(frame.eventType);
        if (frame.eventType === 'voicechat.audio.start') expect(uuidVersion(frame.eventId)).toBe(7);
        if (frame.eventType !== 'voicechat.response.complete') return;
        if (shown.includes('voicechat.transcript.final')) client.hangUp();
        else client.type('How much is it?');
      },
      closed: resolve,
    });
  });
  expect(closed).toBe(1000);
  expect(shown.filter((eventType) => eventType.endsWith('.error'))).toEqual([]);
  expect(shown[0]).toBe('connection.ack');
  expect(shown.at(-1)).toBe('voicechat.call.ended');
  expect(Object.keys(played)).toHaveLength(2);
  expect(dropped).toEqual([Object.keys(played)[0]]);
  for (const ms of Object.values(played)) expect(ms).toBeGreaterThan(1000);
});

/** The TypeScript of the page's example, as a module. */
async function example(): Promise<Example> {
  const page = await readFile(`${root}docs/protocol.md`, 'utf8');
  const [, code = ''] = /```ts\n(.*?)```/s.exec(page) ?? [];
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root, loader: 'ts' },
    bundle: true,
    format: 'esm',
    conditions: ['browser'],
    write: false,
  });
  const [module] = outputFiles;
  return import(`data:text/javascript;base64,${Buffer.from(module?.contents ?? []).toString('base64')}`);
}
