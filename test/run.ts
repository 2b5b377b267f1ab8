/** `npm test`: format and lint, types, every test with coverage, and the browser where there is one. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { findChromium } from './support/chromium.ts';

const RESULTS = 'coverage/results';
const tally = { passed: 0, failed: 0, skipped: 0 };

run('format and lint', 'biome', ['ci', '.']);
run('types', 'node', ['test/support/typecheck.ts']);
run('page build', 'node', ['src/console/build.ts']);
mkdirSync(RESULTS, { recursive: true });
test('unit, workerd and wire tests', ['unit', 'workerd', 'wire'], ['--coverage']);
if (findChromium() === undefined) skipBrowser();
else test('browser tests', ['browser'], []);
console.log(`\n${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);

function skipBrowser(): void {
  const how = [
    'BROWSER TESTS SKIPPED: there is no Chromium on this machine.',
    'To run them: apt-get install -y --no-install-recommends chromium, or set CHROMIUM_PATH to a Chromium or Chrome.',
  ];
  console.error(`\n${how.join('\n')}`);
  // A machine that checks others' work must not pass what it has not looked at.
  if (process.env['CI']) process.exit(1);
}

function test(title: string, projects: readonly string[], options: readonly string[]): void {
  const results = `${RESULTS}/${projects.join('-')}.json`;
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const chosen = projects.flatMap((project) => ['--project', project]);
  run(title, 'vitest', ['run', '--config', 'test/vitest.config.ts', ...reporters, ...chosen, ...options]);
  const counts = JSON.parse(readFileSync(results, 'utf8'));
  tally.passed += counts.numPassedTests;
  tally.failed += counts.numFailedTests;
  tally.skipped += counts.numPendingTests;
}

function run(title: string, name: string, args: readonly string[]): void {
  console.log(`\n— ${title}`);
  const started = Date.now();
  const { status, error } = spawnSync(name, args, { stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
  console.log(`— ${title}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
