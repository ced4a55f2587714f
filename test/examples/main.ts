/** `npm run example <name> [folder]`: runs `test/examples/<name>.ts` over a folder, which is made where it is left out. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXAMPLES, runExample } from './run.ts';

const [name = '', folder] = process.argv.slice(2);
if (!Object.hasOwn(EXAMPLES, name)) {
  const lines = Object.entries(EXAMPLES).map(([known, what]) => `  ${known.padEnd(18)}${what}\n`);
  process.stderr.write(`npm run example <name> [folder]\n${lines.join('')}`);
  process.exit(2);
}
const path = folder ?? mkdtempSync(join(tmpdir(), `otel-lake-${name}-`));
await runExample(name, path, (line) => process.stdout.write(`${line}\n`));
process.stdout.write(`The files are in ${path}\n`);
