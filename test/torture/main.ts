/**
 * `npm run torture <name> -- <options>`: runs `test/torture/<name>.ts`. Each prints what it did, its figures and its seed,
 * and exits 1 where a promise was broken. Short forms of the same code run with the tests beside them.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCENARIOS: Readonly<Record<string, string>> = {
  kill: 'a bridge killed at every step of a commit loses and doubles nothing',
  tail: 'a damaged segment costs only the requests that were touched',
  disk: 'power cuts, a full disk and failing system calls lose nothing acknowledged',
  s3: 'with a share of S3 calls failing, every object arrives, once and whole',
  memory: 'the process stays within its budget and a fifth more',
  filters: 'random filters find what DuckDB finds',
};
const [name = '', ...options] = process.argv.slice(2);
const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
if (!Object.hasOwn(SCENARIOS, name)) {
  const lines = Object.entries(SCENARIOS).map(([known, what]) => `  ${known.padEnd(9)}${what}\n`);
  process.stderr.write(`npm run torture <name> -- <options>\n${lines.join('')}`);
  process.exit(2);
}
process.exit(spawnSync(process.execPath, [file, ...options], { stdio: 'inherit' }).status ?? 1);
