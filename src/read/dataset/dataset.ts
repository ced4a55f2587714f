/**
 * Any list of Parquet objects of any schema, as one table: footers first, one schema by the names of the columns, then
 * plan, prune, scan, filter and select as reads of the lake do (the same modules).
 *
 * Bounded by: 16 footers on their way, FOOTER_CACHE_BYTES of footers kept (others are read again when their file is
 * scanned), and what scan.ts says of row groups.
 */
import type { LakeObject } from '../../catalog/types.ts';
import { BridgeError } from '../../errors.ts';
import { schemaOfFile } from '../../records/parquet-schema.ts';
import { outputSchema, toRecordBatch } from '../emit/to-arrow.ts';
import { explainPlan } from '../explain.ts';
import type { Footer } from '../parquet/footer.ts';
import { createFooterCache } from '../parquet/footer-cache.ts';
import { type BoundRequest, bindRequest, planFiles, type ReadPlan } from '../plan.ts';
import { upTo } from '../read.ts';
import { type ScanContext, scanFiles } from '../scan.ts';
import { emptyStats, type ReadStats, type SelectedBatch } from '../types.ts';
import { aggregateFiles } from './aggregate.ts';
import { checkFits } from './fits.ts';
import { openFiles } from './open.ts';
import { readSchemaOf } from './read-schema.ts';
import type { Dataset, DatasetObject, DatasetOptions, DatasetQuery, DatasetRead } from './types.ts';

const BATCH_ROWS = 10_000;
const PARALLELISM = 4;
const FOOTER_CACHE_BYTES = 128 * 1024 * 1024;

/**
 * @throws BridgeError `unprocessable` with the list of reasons where files have incompatible schemas, the file's own
 *   error where one cannot be read (under `onError: 'fail'`), `not_found` for no files at all without a schema
 */
export async function openDataset(options: DatasetOptions): Promise<Dataset> {
  const { store, objects, ranges, rooms, onOpened, name = 'the dataset', onError = 'fail' } = options;
  const { batchSize = BATCH_ROWS, parallelism = PARALLELISM, partitioning = [] } = options;
  const footers = options.footers ?? createFooterCache(FOOTER_CACHE_BYTES);
  const signal = options.signal ?? new AbortController().signal;
  const opened = emptyStats();
  if (objects.length === 0 && options.schema === undefined) {
    throw new BridgeError('not_found', `${name} has no files`);
  }
  const found =
    options.schema === undefined
      ? await openFiles(objects, { store, ranges, footers, onOpened, onError, signal, stats: opened })
      : { schema: options.schema, unsupported: [], files: objects.map((file) => ({ ...file, rows: file.rows })) };
  const schema = readSchemaOf(found.schema, name);
  const checkFooter =
    options.schema === undefined
      ? undefined // what the footers have together fits each of them
      : ({ metadata }: Footer, key: string) => checkFits(schemaOfFile(metadata.schema).schema, found.schema, key);

  function bind({ filter, select }: DatasetQuery): BoundRequest {
    return bindRequest({ filter: filter?.trim() ? filter : undefined, select, from: undefined, to: undefined }, schema);
  }

  function plan(bound: BoundRequest, files: readonly DatasetObject[], stats: ReadStats): ReadPlan {
    const context = { schema, promotions: [], partitioning, fromJournal: new Set<string>() };
    const planned = planFiles({ partition: '' }, bound, files.map(lakeObject), context);
    stats.filesListed += files.length;
    stats.filesPruned += files.length - planned.files.length;
    return planned;
  }

  function scanContext(stats: ReadStats, given: AbortSignal, lookahead: number, limit?: number): ScanContext {
    return {
      store,
      schema,
      promotions: [],
      checkFooter,
      batchSize,
      rooms,
      ranges,
      footers,
      lookahead,
      limit,
      stats,
      signal: given,
      onError,
    };
  }

  function read(query: DatasetQuery = {}): DatasetRead {
    const bound = bind(query);
    const stats = emptyStats();
    const arrowSchema = outputSchema(bound.output);
    // A limit is often met by the first row group: what lies ahead of it would be fetched in vain.
    const lookahead = query.limit === undefined ? parallelism : 1;
    const selected = (given: AbortSignal = signal) =>
      upTo(query.limit, stats, given, (both) =>
        scanFiles(plan(bound, found.files, stats), scanContext(stats, both, lookahead, query.limit)),
      );
    return {
      output: bound.output,
      arrowSchema,
      stats,
      selected,
      async *batches(given) {
        for await (const { batch, rows } of selected(given)) {
          for (const part of partsOf({ batch, rows }, batchSize)) yield toRecordBatch(part, bound.output, arrowSchema);
        }
      },
    };
  }

  return {
    schema: found.schema,
    files: found.files,
    rows: options.schema === undefined ? sumOf(found.files) : undefined,
    unsupported: found.unsupported,
    opened,
    read,
    async explain(query = {}, given = signal) {
      const stats = emptyStats();
      const planned = plan(bind(query), found.files, stats);
      const explained = { table: name, filter: query.filter, journalSegments: 0 };
      return explainPlan(explained, planned, scanContext(stats, given, parallelism));
    },
    async aggregate(aggregates, filter, given = signal) {
      const stats = emptyStats();
      const context = scanContext(stats, given, parallelism);
      const scan = (query: DatasetQuery, files: readonly DatasetObject[]) => {
        const bound = bind(query);
        return scanFiles(plan(bound, files, stats), context);
      };
      return aggregateFiles({ aggregates, filter, files: found.files, bind, scan }, context);
    },
  };
}

function* partsOf({ batch, rows }: SelectedBatch, size: number): Generator<SelectedBatch> {
  for (let from = 0; from < rows.length; from += size) yield { batch, rows: rows.subarray(from, from + size) };
}

function lakeObject(object: DatasetObject): LakeObject {
  const unknown = { table: '', partition: '', commitId: undefined } as const;
  return { ...unknown, rows: undefined, minTimestamp: undefined, maxTimestamp: undefined, ...object };
}

function sumOf(files: readonly { readonly rows: number | undefined }[]): number {
  return files.reduce((sum, { rows = 0 }) => sum + rows, 0);
}
