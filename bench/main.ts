/** `npm run bench <name> -- <options>`: runs `bench/<name>.ts`. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BENCHES: Readonly<Record<string, string>> = {
  ingest: 'a whole daemon: rows a second, CPU and memory, to files',
  decode: 'the steps between the wire and the encoder',
  encode: 'the Parquet encoder, part by part',
  journal: 'what preallocation of a segment would save',
  read: 'reads of a large lake, beside DuckDB',
  connector: 'batchWrite of the library to files and MinIO, beside pyarrow',
  tables: 'CSV to Parquet and Avro, beside a sequential Python script',
  records: 'records and cells of text to Arrow',
};
const [name = '', ...options] = process.argv.slice(2);
if (!Object.hasOwn(BENCHES, name)) {
  const lines = Object.entries(BENCHES).map(([known, what]) => `  ${known.padEnd(11)}${what}\n`);
  process.stderr.write(`npm run bench <name> -- <options>\n${lines.join('')}`);
  process.exit(2);
}
const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
process.exit(spawnSync(process.execPath, [file, ...options], { stdio: 'inherit' }).status ?? 1);
