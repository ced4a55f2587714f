/**
 * A lazy scan of Parquet files by pattern:
 *
 *     const slow = scan('s3://bucket/spans/*.parquet').filter("duration_ms > 500").select('name', 'duration_ms').limit(100);
 *     console.log(await slow.explain(), await slow.collect());
 *
 * Nothing is read before it is asked for rows, schema or counts. Each such call lists the files anew and resolves
 * credentials once; footers read by an earlier one are kept. Filter, selection and limit go down to the pages read.
 */
import type { RecordBatch } from 'apache-arrow';
import type { ReadExplanation } from '../model/read-explanation.ts';
import type { Aggregate, AggregateResult, DatasetQuery } from '../read/dataset/types.ts';
import { createFooterCache, type FooterCache } from '../read/parquet/footer-cache.ts';
import type { ReadStats } from '../read/types.ts';
import { type OutputRecord, recordsOf } from '../records/to-records.ts';
import type { ParquetSchema } from '../records/types.ts';
import { parseAggregates } from './aggregates.ts';
import { type OpenScan, openScan, type ScanOptions } from './open-scan.ts';

const FOOTER_CACHE_BYTES = 64 * 1024 * 1024;

/** What all calls of a scan, and of those made from it, have taken. */
export interface ScanUsage {
  readonly requests: number;
  readonly bytesRead: number;
}

export interface Scan {
  /** Rows that pass this condition (the WHERE part of SQL), and those of earlier calls. */
  filter(condition: string): Scan;
  /** These columns, in this order. */
  select(...columns: readonly string[]): Scan;
  /** At most so many rows. */
  limit(rows: number): Scan;
  /** The columns of all files together; of the footers. */
  schema(): Promise<ParquetSchema>;
  /** Rows; without a filter from the footers alone. */
  count(): Promise<number>;
  /** `count(*)`, `count(x)`, `min(x)`, `max(x)` of the rows that pass; without a filter from statistics where they suffice. */
  aggregate(...aggregates: readonly string[]): Promise<AggregateResult['values']>;
  /** What would be read, and why the rest is left out. */
  explain(): Promise<ReadExplanation>;
  /** All rows, in memory. */
  collect(signal?: AbortSignal): Promise<OutputRecord[]>;
  /** Arrow record batches; a break gives up what was fetched ahead. */
  batches(signal?: AbortSignal): AsyncGenerator<RecordBatch>;
  readonly usage: ScanUsage;
}

interface Shared {
  readonly location: string;
  readonly options: ScanOptions;
  readonly footers: FooterCache;
  readonly usage: { requests: number; bytesRead: number };
}

/** @param location a pattern, a folder or one object, in a bucket (`s3://…`) or as a local path */
export function scan(location: string, options: ScanOptions = {}): Scan {
  const usage = { requests: 0, bytesRead: 0 };
  return lazyScan({ location, options, usage, footers: createFooterCache(FOOTER_CACHE_BYTES) }, {});
}

function lazyScan(shared: Shared, query: DatasetQuery): Scan {
  const { usage } = shared;

  async function* opened(signal?: AbortSignal): AsyncGenerator<OpenScan> {
    const open = await openScan(shared.location, shared.options, signal, shared.footers);
    try {
      add(usage, open.dataset.opened);
      yield open;
    } finally {
      await open.close();
    }
  }

  async function using<T>(work: (open: OpenScan) => T | Promise<T>): Promise<T> {
    for await (const open of opened()) return await work(open);
    throw new Error('unreachable');
  }

  async function aggregate(aggregates: readonly Aggregate[]): Promise<AggregateResult['values']> {
    return using(async ({ dataset }) => {
      const { values, stats } = await dataset.aggregate(aggregates, query.filter);
      add(usage, stats);
      return values;
    });
  }

  async function* batches(signal?: AbortSignal): AsyncGenerator<RecordBatch> {
    for await (const { dataset } of opened(signal)) {
      const read = dataset.read(query);
      try {
        yield* read.batches(signal);
      } finally {
        add(usage, read.stats);
      }
    }
  }

  return {
    filter(condition) {
      const filter = query.filter === undefined ? condition : `(${query.filter}) AND (${condition})`;
      return lazyScan(shared, { ...query, filter });
    },
    select: (...columns) => lazyScan(shared, { ...query, select: columns }),
    limit: (rows) => lazyScan(shared, { ...query, limit: Math.min(rows, query.limit ?? rows) }),
    schema: () => using(({ dataset }) => dataset.schema),
    async count() {
      const count = Number((await aggregate([{ kind: 'count' }]))['count(*)']);
      return Math.min(count, query.limit ?? count);
    },
    aggregate: (...aggregates) => aggregate(aggregates.flatMap(parseAggregates)),
    explain: () =>
      using(async ({ dataset }) => {
        return dataset.explain(query);
      }),
    async collect(signal) {
      const records: OutputRecord[] = [];
      for await (const batch of batches(signal)) records.push(...recordsOf(batch));
      return records;
    },
    batches,
    usage,
  };
}

function add(usage: Shared['usage'], { requests, bytesRead }: ReadStats): void {
  usage.requests += requests;
  usage.bytesRead += bytesRead;
}
