/** `npm run bench <name> -- <options>`: runs `bench/<name>.ts`. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BENCHES = ['ingest', 'decode', 'encode', 'journal'];
const [name = '', ...options] = process.argv.slice(2);
if (!BENCHES.includes(name)) {
  process.stderr.write(`npm run bench <${BENCHES.join(' | ')}> -- <options>\n`);
  process.exit(2);
}
const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
process.exit(spawnSync(process.execPath, [file, ...options], { stdio: 'inherit' }).status ?? 1);
