/**
 * A lake of many spans for `npm run bench read`, kept in a folder for repeated runs.
 *
 * The payloads of bench/payloads go through the real decoder, partitioner, encoder and commit, FILE_ROWS spans a commit
 * and an hour of event time a commit, so that every commit is one file of one partition. Each copy of a payload has ids,
 * request ids and session ids of its own. A file whose commit record exists is not written again.
 *
 *   node bench/read-lake.ts FOLDER ROWS PART PARTS    writes the files whose number modulo PARTS is PART
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { layoutOf } from '../src/app/layout.ts';
import { createTableBuilder } from '../src/batch/builder.ts';
import { createCommits } from '../src/catalog/commits.ts';
import { commitKey } from '../src/catalog/keys.ts';
import { parseConfig } from '../src/config/load.ts';
import { createDecoder } from '../src/decode/decoder.ts';
import { commitSegment } from '../src/ingest/commit-segment.ts';
import { makeJournalFolders } from '../src/journal/journal.ts';
import { commitId } from '../src/model/commit.ts';
import { withPromotions } from '../src/model/promote.ts';
import { TRACES } from '../src/model/traces.ts';
import { systemClock } from '../src/platform/clock.ts';
import { systemFiles } from '../src/platform/files.ts';
import { openStore } from '../src/store/open.ts';
import type { Minio } from '../test/support/minio.ts';
import { s3Client } from '../test/support/s3-client.ts';
import { s3Toml } from '../test/support/s3-toml.ts';
import { createPatchable } from './patch.ts';

const FILE_ROWS = 96_000;
const HOUR_MS = 3_600_000;
const FIRST_HOUR_MS = Date.UTC(2026, 0, 1);
/** Event times of one payload span ten seconds. */
const PAYLOAD_MS = 10_000;
const NODE = '000bec41';

/** Attributes that no two requests share. */
const UNIQUE_VALUES = /(?:session\.id|x_request_id)[^0-9a-f]{1,6}([0-9a-f-]{32,36})/g;

const PROMOTE = `[tables.traces]
promote = [{ attribute = "http.route", type = "string" }, { attribute = "http.response.status_code", type = "int64" }]
`;

/** Configuration of the lake in a folder. */
export function lakeToml(folder: string): string {
  return `[storage]
path = "${join(folder, 'lake')}"
[journal]
path = "${join(folder, 'journal')}"
${PROMOTE}`;
}

/** Copies the lake of a folder to a new bucket; returns the configuration of that. */
export async function s3LakeToml(folder: string, minio: Minio): Promise<string> {
  const toml = `${s3Toml(minio, 'bench')}
[journal]
path = "${join(folder, 'journal')}"
${PROMOTE}`;
  const client = s3Client(minio);
  await client.send(new CreateBucketCommand({ Bucket: 'bench' }));
  client.destroy();
  const [from, to] = [
    await openStore(parseConfig(lakeToml(folder), 'bench.toml')),
    await openStore(parseConfig(toml, 's3.toml')),
  ];
  for await (const { key } of from.list('')) await to.put(key, await from.get(key));
  from.close();
  to.close();
  return toml;
}

/** Writes what is missing of a lake of `rows` spans, rounded up to whole files; returns the number of files. */
export async function makeLake(folder: string, rows: number, parts = 2): Promise<number> {
  const files = Math.ceil(rows / FILE_ROWS);
  const { storage } = parseConfig(lakeToml(folder), 'bench.toml');
  const isThere = (file: number) => existsSync(join(storage.path!, commitKey(idOf(file))));
  if (Array.from({ length: files }, (_, file) => file).every(isThere)) return files;
  const script = fileURLToPath(import.meta.url);
  const write = (part: number) =>
    new Promise<void>((resolve, reject) => {
      const child = spawn(process.execPath, [script, folder, String(rows), String(part), String(parts)], {
        stdio: 'inherit',
      });
      child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${script} ended with ${code}`))));
    });
  await Promise.all(Array.from({ length: parts }, (_, part) => write(part)));
  return files;
}

function idOf(file: number): string {
  return commitId(FIRST_HOUR_MS + file * HOUR_MS, NODE, file);
}

async function writePart(folder: string, rows: number, part: number, parts: number): Promise<void> {
  const config = parseConfig(lakeToml(folder), 'bench.toml');
  const layout = layoutOf(config);
  const store = await openStore(config);
  const commits = createCommits(store);
  const journalPath = join(folder, 'journal');
  makeJournalFolders(systemFiles, journalPath);
  const deps = { config, layout, store, commits, files: systemFiles, clock: systemClock, version: 'bench' };
  const payloadFolder = new URL('./payloads/', import.meta.url);
  const payloads = readdirSync(payloadFolder)
    .filter((name) => name.startsWith('traces-'))
    .map((name) => readFileSync(new URL(name, payloadFolder)))
    .map((bytes) => ({ patchable: createPatchable(bytes, 'traces'), unique: placesOf(bytes) }));
  const schema = withPromotions(TRACES, layout.promote.traces);
  const builder = createTableBuilder(schema);
  const decoder = createDecoder('traces', builder, { limits: layout.limits, promote: layout.promote.traces });
  for (let file = part; file < Math.ceil(rows / FILE_ROWS); file += parts) {
    const id = idOf(file);
    if (existsSync(join(config.storage.path!, commitKey(id)))) continue;
    const requests = FILE_ROWS / payloads[0]!.patchable.rows;
    const stepMs = (HOUR_MS - 2 * PAYLOAD_MS) / requests;
    for (let request = 0; builder.rows < FILE_ROWS; request++) {
      const { patchable, unique } = payloads[(file + request) % payloads.length]!;
      const latestMs = FIRST_HOUR_MS + file * HOUR_MS + PAYLOAD_MS + request * stepMs;
      decoder.decode(withUniqueValues(patchable.next(latestMs), unique));
    }
    const path = join(journalPath, 'segments', `${id}.segment`);
    mkdirSync(join(journalPath, 'segments'), { recursive: true });
    writeFileSync(path, '');
    const rows = builder.rows;
    const counts = { traces: { received: rows, journalled: rows, rejected: 0, rejectedBy: {} } };
    const batches = [builder.finish()];
    await commitSegment({ commitId: id, path, batches, counts, memoryBytes: 0, journalBytes: 0 }, deps);
  }
  store.close();
}

function placesOf(payload: Uint8Array): readonly { readonly start: number; readonly end: number }[] {
  const text = Buffer.from(payload).toString('latin1');
  return [...text.matchAll(UNIQUE_VALUES)].map((match) => {
    const end = match.index + match[0].length;
    return { start: end - match[1]!.length, end };
  });
}

const HEX = new TextEncoder().encode('0123456789abcdef');
const DASH = 45;

function withUniqueValues(payload: Uint8Array, places: ReturnType<typeof placesOf>): Uint8Array {
  for (const { start, end } of places) {
    for (let i = start; i < end; i++) if (payload[i] !== DASH) payload[i] = HEX[(Math.random() * 16) | 0]!;
  }
  return payload;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, ...numbers] = process.argv.slice(2);
  const [rows, part, parts] = numbers.map(Number) as [number, number, number];
  await writePart(folder!, rows, part, parts);
}
