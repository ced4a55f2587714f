/** One CSV file to all its outputs, read once. It succeeds or fails as a whole: nothing is visible before the end. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Schema } from 'apache-arrow';
import { CSV_NAME } from '../csv/name.ts';
import { openCsv } from '../csv/open.ts';
import { csvBatches } from '../csv-batches.ts';
import type { Places } from '../location.ts';
import { wrongMd5 } from '../manifest/verify.ts';
import { openOutput } from '../output.ts';
import { pourBatches } from '../pour.ts';
import { createRejects } from '../rejects.ts';
import { stampOf } from './stamp.ts';
import type { ConvertedFile, ConvertJob, ConvertSettings } from './types.ts';

/** Of a batch, whatever row groups the configuration asks for: with 100,000 two threads took 80 MB more. */
const MAX_BATCH_ROWS = 65_536;

export interface FileHooks {
  readonly signal: AbortSignal;
  /** Called for each piece that was read, with what came since. */
  onProgress(rows: number, bytes: number): void;
}

/**
 * Memory: the sample, one batch of at most 16 MiB or MAX_BATCH_ROWS rows, its row group and block while they are
 * encoded, and what the store's writers hold.
 *
 * @param stream instead of the bytes of `job.source`, which is its name then
 */
export async function convertFile(
  job: ConvertJob,
  settings: ConvertSettings,
  places: Places,
  { signal, onProgress }: FileHooks,
  stream?: AsyncIterable<Uint8Array>,
): Promise<ConvertedFile> {
  const source = stream ?? (await openSource(job, places, signal));
  const rejects = createRejects(() => places.object(job.rejects), signal);
  async function* counted() {
    for await (const chunk of source) {
      onProgress(0, chunk.length);
      yield chunk;
    }
  }
  const bytes = job.md5 === undefined ? counted() : withMd5(counted(), job.md5);
  const csv = await openCsv(bytes, { ...settings.csv, names: job.names });
  const batchRows = Math.min(settings.parquet.rowGroupSize, MAX_BATCH_ROWS);
  const table = csvBatches(csv, { ...settings, batchRows }, rejects.add);
  const open = job.outputs.map(({ format, url }) => async (schema: Schema) => {
    return openOutput(await places.object(url), format, schema, outputOptions(job, settings), signal);
  });
  const hooks = { signal, onRows: (rows: number) => onProgress(rows, 0) };
  const { outputs, rejectsBytes } = await pourBatches(table.batches, open, rejects, hooks);
  const sizes = job.outputs.map(({ format }, i) => [format, outputs[i]!.size]);
  const { records, skipped, nulled, invalid } = table.report;
  return {
    rows: records - skipped,
    rejected: skipped,
    nulled,
    invalid,
    bytesOut: Object.fromEntries(rejectsBytes === undefined ? sizes : [...sizes, ['rejects', rejectsBytes]]),
    encoding: csv.encoding,
    delimiter: csv.dialect.delimiter,
  };
}

async function openSource({ source, etag }: ConvertJob, places: Places, signal: AbortSignal) {
  const { store, key } = await places.object(source);
  return store.read(key, { etag, signal });
}

function outputOptions({ source, etag, fingerprint }: ConvertJob, { parquet, avro, version }: ConvertSettings) {
  const name = basename(source).replace(CSV_NAME, '');
  const metadata = stampOf(source, etag, fingerprint);
  return { parquet, avro, version, metadata, name, doc: `Rows of ${source}` };
}

/** Ends in an error where the bytes have another MD5: what was made of them is never seen then. */
async function* withMd5(bytes: AsyncIterable<Uint8Array>, expected: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('md5');
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
  const found = hash.digest('hex');
  if (found !== expected) throw wrongMd5(found, expected);
}
