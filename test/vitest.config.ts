import { fileURLToPath } from 'node:url';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { freePort } from './support/free-port.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Where the scripted providers listen for the tests that run inside workerd. */
const providersPort = await freePort();
const providersUrl = `http://127.0.0.1:${providersPort}`;

export default defineConfig({
  root,
  test: {
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/local/main.ts', 'src/local/start.ts', 'src/console/**', '**/*-worklet.ts', '**/*.d.ts'],
      reporter: ['text-summary', 'json-summary'],
      reportsDirectory: 'coverage',
    },
    projects: [
      {
        root,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // Files share no state, and a fresh environment for each would take longer than the tests.
          isolate: false,
          pool: 'threads',
          testTimeout: 60_000,
        },
      },
      {
        root,
        test: {
          name: 'wire',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        root,
        plugins: [
          cloudflareTest({
            main: './src/index.ts',
            miniflare: {
              compatibilityDate: '2026-10-01',
              durableObjects: {
                SESSIONS: { className: 'Session', useSQLite: true },
                SEATS: { className: 'Seats', useSQLite: true },
              },
              bindings: {
                PROVIDERS_URL: providersUrl,
                OPEN_ON_LOCALHOST: 'on',
                DEEPGRAM_BASE_URL: `${providersUrl}/deepgram`,
                OPENAI_BASE_URL: `${providersUrl}/openai/v1`,
                ELEVENLABS_BASE_URL: `${providersUrl}/elevenlabs`,
              },
            },
          }),
        ],
        test: {
          name: 'workerd',
          include: ['test/workerd/**/*.test.ts'],
          globalSetup: ['test/support/scripted-providers.ts'],
          provide: { providersPort },
          testTimeout: 30_000,
        },
      },
      {
        root,
        test: {
          name: 'browser',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 90_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
