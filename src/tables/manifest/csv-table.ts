/**
 * The CSV files of an inventory as one table. They have no header: the manifest's `fileSchema` names the columns
 * ("Bucket, Key, Size, …"). Types are those that S3 documents for the fields it knows; everything else is text.
 */
import type { RecordBatch } from 'apache-arrow';
import { BridgeError, errorToData } from '../../errors.ts';
import { readArrow } from '../../read/dataset/arrow-read.ts';
import type { Dataset, DatasetObject } from '../../read/dataset/types.ts';
import { emptyStats, type ReadStats } from '../../read/types.ts';
import { createRecordBuilder } from '../../records/builder.ts';
import { createSchema } from '../../records/schema.ts';
import type { ParquetSchema } from '../../records/types.ts';
import type { ObjectStore } from '../../store/store.ts';
import { openCsv } from '../csv/open.ts';
import { inOrder } from '../in-order.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory.html */
const TYPES: Readonly<Record<string, string>> = {
  Size: 'int64',
  LastModifiedDate: 'timestamp(ms, UTC)',
  ObjectLockRetainUntilDate: 'timestamp(ms, UTC)',
  IsLatest: 'bool',
  IsDeleteMarker: 'bool',
  IsMultipartUploaded: 'bool',
};
const BATCH_ROWS = 10_000;

export type CsvTable = Pick<Dataset, 'schema' | 'opened' | 'read'>;

/** @throws BridgeError unprocessable where the manifest names no columns */
export function csvTable(
  store: ObjectStore,
  objects: readonly DatasetObject[],
  fileSchema: string,
  name: string,
): CsvTable {
  const schema = schemaOf(fileSchema, name);
  return {
    schema,
    opened: emptyStats(),
    read: (query = {}) =>
      readArrow(schema, name, query, (signal, stats) => rowsOf(store, objects, schema, signal, stats)),
  };
}

function schemaOf(fileSchema: string, name: string): ParquetSchema {
  const names = fileSchema.split(',').map((column) => column.trim());
  if (names.includes('')) {
    throw new BridgeError(
      'unprocessable',
      `the manifest ${name} is of CSV files, but its fileSchema names no columns`,
      {
        hint: 'fileSchema of CSV files is a list such as "Bucket, Key, Size": they have no header.',
      },
    );
  }
  return createSchema({ fields: names.map((column) => ({ name: column, type: TYPES[column] ?? 'string' })) });
}

/** Inventories are many small files: while one is given out the next ones are read, so far. */
const AHEAD = { streams: 4, items: 2 };

/** In the order of the manifest. A file that fails is reported in the stats, and left out from there on. */
async function* rowsOf(
  store: ObjectStore,
  objects: readonly DatasetObject[],
  schema: ParquetSchema,
  signal: AbortSignal,
  stats: ReadStats,
): AsyncGenerator<RecordBatch> {
  stats.filesListed = objects.length;
  const open = ({ key }: DatasetObject) => {
    stats.requests++;
    return fileRows(counted(store.read(key, { signal }), stats), schema);
  };
  for await (const batches of inOrder(objects, AHEAD, open)) {
    const { key } = objects[stats.filesScanned++]!;
    try {
      yield* batches;
    } catch (error) {
      signal.throwIfAborted();
      stats.skipped.push({ key, error: errorToData(error) });
    }
  }
}

async function* counted(bytes: AsyncIterable<Uint8Array>, stats: ReadStats): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    stats.bytesRead += chunk.length;
    yield chunk;
  }
}

async function* fileRows(bytes: AsyncIterable<Uint8Array>, schema: ParquetSchema): AsyncGenerator<RecordBatch> {
  const text = { nullTexts: [''], trim: false };
  const builder = createRecordBuilder(schema, { text });
  const csv = await openCsv(bytes, { delimiter: ',', quote: '"', hasHeader: false, encoding: 'utf-8' });
  let row = 0;
  for await (const { rows, problems } of csv.rows) {
    const [problem] = problems;
    if (problem !== undefined) throw new BridgeError('corrupt', `row ${row + problem[0] + 1}: ${problem[1]}`);
    for (const cells of rows) {
      builder.append(cells, ++row);
      if (builder.rows >= BATCH_ROWS) yield builder.finish();
    }
  }
  if (builder.rows > 0) yield builder.finish();
}
