/**
 * Rows that are durable but not in an object yet, read from the journal's segments: the same bytes a replay would use,
 * so that a read shows nothing else than what will be committed, and lanes are not disturbed by reads.
 *
 * The segments are opened when the snapshot is taken; an open file stays readable after its segment was committed and
 * removed. Memory: one record batch at a time, of about the bytes that are asked for or the rows of one request where that
 * is more.
 */
import type { RecordBatch } from 'apache-arrow';
import { toArrow } from '../batch/arrow.ts';
import { take } from '../batch/take.ts';
import { listSegments, segmentCommitId } from '../journal/journal.ts';
import { openSegment, type SegmentReader } from '../journal/segment-reader.ts';
import type { Batch } from '../model/batch.ts';
import type { Layout } from '../model/layout.ts';
import { withPromotions } from '../model/promote.ts';
import type { TableName } from '../model/signal.ts';
import { TABLES } from '../model/tables.ts';
import { createPartitioner, type Partitioner } from '../partition/partition.ts';
import type { Files } from '../platform/files.ts';
import { createRecordDecoder } from './replay.ts';

export interface FreshSnapshot {
  readonly commitIds: readonly string[];
  /**
   * Record batches of the segments whose commit id is not in `except`, under the reader's own promotions. One ends where
   * its rows take `batchBytes`.
   */
  batches(
    except: ReadonlySet<string>,
    batchBytes: number,
  ): Generator<{ readonly commitId: string; readonly batch: RecordBatch }>;
  close(): void;
}

export interface FreshOptions {
  readonly files: Files;
  readonly journalPath: string;
  readonly layout: Layout;
  /** Rows a record batch, about. */
  readonly batchSize: number;
}

/** `partition` leaves only rows whose partition path, under their segment's layout, is that path or lies below it. */
export function openFresh(options: FreshOptions, table: TableName, partition: string): FreshSnapshot {
  const { files, journalPath, layout } = options;
  const readers = new Map<string, SegmentReader>();
  for (const path of listSegments(files, journalPath)) {
    const reader = openIfWhole(files, path);
    if (reader) readers.set(segmentCommitId(path), reader);
  }
  const schema = withPromotions(TABLES[table], layout.promote[table]);
  return {
    commitIds: [...readers.keys()],
    *batches(except, batchBytes) {
      for (const [commitId, reader] of readers) {
        if (except.has(commitId)) continue;
        const partitioner = createPartitioner(reader.header.layout.partitioning, schema);
        for (const batch of tableBatches(reader, table, batchBytes, options)) {
          const kept = partition === '' ? batch : inPartition(batch, partitioner, partition);
          if (kept.rows > 0) yield { commitId, batch: toArrow(kept, schema) };
        }
      }
    },
    close() {
      for (const reader of readers.values()) reader.close();
      readers.clear();
    },
  };
}

/** A segment without a valid header holds no acknowledged row, or is damaged: its replay sets it aside and says so. */
function openIfWhole(files: Files, path: string): SegmentReader | undefined {
  try {
    return openSegment(files, path);
  } catch {
    return undefined;
  }
}

function inPartition(batch: Batch, partitioner: Partitioner, partition: string): Batch {
  const { paths, partitionOf } = partitioner.assign(batch);
  const wanted = paths.map((path) => path === partition || path.startsWith(`${partition}/`));
  const rows: number[] = [];
  for (let row = 0; row < batch.rows; row++) if (wanted[partitionOf[row]!]) rows.push(row);
  return take(batch, Int32Array.from(rows));
}

function* tableBatches(
  reader: SegmentReader,
  table: TableName,
  batchBytes: number,
  { layout, batchSize }: FreshOptions,
) {
  // Limits are the segment's: a row that was acknowledged stays readable after they were lowered.
  const decoder = createRecordDecoder({ ...layout, limits: reader.header.layout.limits });
  for (const record of reader.records()) {
    if (record.signal !== table) continue;
    decoder.decode(record); // one that cannot be decoded has no rows here, as in a replay
    if (decoder.rows >= batchSize || decoder.memoryBytes >= batchBytes) yield* decoder.finish().batches;
  }
  yield* decoder.finish().batches;
}
