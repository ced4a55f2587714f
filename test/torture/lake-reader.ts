/**
 * What is in a lake, read without the bridge's own code: by pyarrow (lake_reader.py), or, where only npm's packages are
 * there, by hyparquet.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import type { CommitRecord } from '../../src/model/commit.ts';
import type { TableName } from '../../src/model/signal.ts';
import type { LakeRow } from './sent-rows.ts';

export interface LakeFile {
  readonly key: string;
  readonly table: TableName;
  readonly bytes: number;
  readonly rows: readonly LakeRow[];
}

export interface LakeVisitor {
  record(record: CommitRecord): void;
  file(file: LakeFile): void;
  /** An object that a record names and that cannot be read. */
  broken(key: string, error: string): void;
  /** Keys of all Parquet objects in the lake. */
  objects(keys: readonly string[]): void;
}

/** Tells `visitor` all commit records but the `known` ones, and the objects they name. */
export type ReadLake = (known: readonly string[], visitor: LakeVisitor) => Promise<void>;

export type LakeLocation =
  | { readonly type: 'file'; readonly path: string }
  | {
      readonly type: 's3';
      readonly endpoint: string;
      readonly bucket: string;
      readonly prefix: string;
      readonly access_key: string;
      readonly secret_key: string;
    };

const SCRIPT = fileURLToPath(new URL('lake_reader.py', import.meta.url));

type Line =
  | { readonly record: CommitRecord }
  | { readonly file: Omit<LakeFile, 'rows'> & { readonly rows: readonly PythonRow[] } }
  | { readonly broken: { readonly key: string; readonly error: string } }
  | { readonly objects: readonly string[] };

type PythonRow = readonly [name: string, nanos: string, value: string, service: string, check: string, pad: string];

export function readWithPyarrow(lake: LakeLocation): ReadLake {
  return async (known, visitor) => {
    const child = spawn('python3', [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    child.stdin.end(JSON.stringify({ lake, known }));
    for await (const text of createInterface({ input: child.stdout })) tell(JSON.parse(text) as Line, visitor);
    const code = await ended;
    if (code !== 0) throw new Error(`lake_reader.py ended with ${code}`);
  };
}

function tell(line: Line, visitor: LakeVisitor): void {
  if ('record' in line) visitor.record(line.record);
  else if ('file' in line) visitor.file({ ...line.file, rows: line.file.rows.map(toLakeRow) });
  else if ('broken' in line) visitor.broken(line.broken.key, line.broken.error);
  else visitor.objects(line.objects);
}

function toLakeRow([name, nanos, value, service, check, pad]: PythonRow): LakeRow {
  return { name, service, check, pad, nanos, value };
}

const COLUMNS: Readonly<Record<TableName, readonly [name: string, nanos: string, value: string]>> = {
  traces: ['name', 'start_time_unix_nano', 'duration_nano'],
  logs: ['event_name', 'time_unix_nano', 'body'],
  metrics: ['metric_name', 'time_unix_nano', 'value_int'],
};

/** Of a lake in a folder. */
export function readWithHyparquet(path: string): ReadLake {
  return async (known, visitor) => {
    const names = readdirSync(join(path, '_lake/commits')).filter((name) => name.endsWith('.json'));
    for (const name of names.filter((one) => !known.includes(one.slice(0, -'.json'.length)))) {
      const record = JSON.parse(readFileSync(join(path, '_lake/commits', name), 'utf8')) as CommitRecord;
      visitor.record(record);
      for (const { key, table } of record.objects) {
        try {
          visitor.file(await readFile(path, key, table as TableName));
        } catch (error) {
          visitor.broken(key, String(error));
        }
      }
    }
    // Temporary files come and go while a bridge runs: a walk through their folders would fail now and then.
    const tables = readdirSync(path).filter((name) => !name.startsWith('_'));
    const all = tables.flatMap((table) => {
      const names = readdirSync(join(path, table), { recursive: true, encoding: 'utf8' });
      return names.map((name) => `${table}/${name}`);
    });
    visitor.objects(all.filter((key) => key.endsWith('.parquet')));
  };
}

async function readFile(path: string, key: string, table: TableName): Promise<LakeFile> {
  const body = readFileSync(join(path, key));
  const [name, nanos, value] = COLUMNS[table];
  const found = await parquetReadObjects({
    file: body.buffer.slice(body.byteOffset, body.byteOffset + body.length) as ArrayBuffer,
    columns: [name, nanos, value, 'service_name', 'attributes'],
    compressors: { ZSTD: (input) => zstdDecompressSync(input) },
  });
  const rows = found.map((row) => {
    const attributes = row.attributes as Record<string, string>;
    return {
      name: String(row[name]),
      service: String(row.service_name),
      check: String(attributes['torture.check']),
      pad: createHash('sha256')
        .update(attributes['torture.pad'] ?? '')
        .digest('hex'),
      nanos: String(row[nanos]),
      value: String(row[value]),
    };
  });
  return { key, table, bytes: body.length, rows };
}
