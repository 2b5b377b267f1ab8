/** `npm test`: format and lint, types, every test with coverage, and the browser where there is one. */
import { spawnSync } from 'node:child_process';
import { findChromium } from './support/chromium.ts';

const vitest = ['vitest', 'run', '--config', 'test/vitest.config.ts'];

run('format and lint', 'biome', ['ci', '.']);
run('types', 'node', ['test/support/typecheck.ts']);
run('console build', 'node', ['src/console/build.ts']);
run(
  'unit, workerd and wire tests',
  ...command([...vitest, '--coverage', '--project', 'unit', '--project', 'workerd', '--project', 'wire']),
);
browserTests();

function browserTests(): void {
  if (findChromium() !== undefined) {
    return run('browser tests', ...command([...vitest, '--project', 'browser']));
  }
  const how = [
    'BROWSER TESTS SKIPPED: there is no Chromium on this machine.',
    'To run them: apt-get install -y --no-install-recommends chromium, or set CHROMIUM_PATH to a Chromium or Chrome.',
  ];
  console.error(`\n${how.join('\n')}\n`);
  // A machine that checks others' work must not pass what it has not looked at.
  if (process.env['CI']) process.exit(1);
}

function command([name = '', ...args]: readonly string[]): [string, readonly string[]] {
  return [name, args];
}

function run(title: string, name: string, args: readonly string[]): void {
  console.log(`\n— ${title}`);
  const started = Date.now();
  const { status, error } = spawnSync(name, args, { stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
  console.log(`— ${title}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
