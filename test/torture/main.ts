/**
 * `npm run torture <name> -- <options>`: runs `test/torture/<name>.ts`. Each prints what it did, its figures and its seed,
 * and exits 1 where a promise was broken. Short forms of the same code run with the tests beside them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SCENARIOS = ['kill', 'tail', 'disk', 's3', 'memory', 'filters'];
const [name = '', ...options] = process.argv.slice(2);
const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
if (!SCENARIOS.includes(name) || !existsSync(file)) {
  process.stderr.write(`npm run torture <${SCENARIOS.join(' | ')}> -- <options>\n`);
  process.exit(2);
}
process.exit(spawnSync(process.execPath, [file, ...options], { stdio: 'inherit' }).status ?? 1);
