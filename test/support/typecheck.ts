/** Type-checks every world: Workers, the pure rooms, the browser, Node, the tests and the tests inside workerd. */
import { spawnSync } from 'node:child_process';

const worlds = ['.', 'src/conversation', 'src/client', 'src/local', 'test', 'test/e2e', 'test/workerd'];
const failed = worlds.filter((world) => spawnSync('tsc', ['-p', world], { stdio: 'inherit' }).status !== 0);
if (failed.length > 0) {
  console.error(`type errors in: ${failed.join(', ')}`);
  process.exitCode = 1;
}
