/**
 * Rows that are durable but not in an object yet, read from the journal's segments: the same bytes a replay would use,
 * so that a read shows nothing else than what will be committed, and lanes are not disturbed by reads.
 *
 * The segments are opened when the snapshot is taken; an open file stays readable after its segment was committed and
 * removed. Memory: one record batch at a time.
 */
import type { RecordBatch } from 'apache-arrow';
import { toArrow } from '../batch/arrow.ts';
import { listSegments, segmentCommitId } from '../journal/journal.ts';
import { openSegment, type SegmentReader } from '../journal/segment-reader.ts';
import type { Layout } from '../model/layout.ts';
import { withPromotions } from '../model/promote.ts';
import type { TableName } from '../model/signal.ts';
import { TABLES } from '../model/tables.ts';
import type { Files } from '../platform/files.ts';
import { createRecordDecoder } from './replay.ts';

export interface FreshSnapshot {
  readonly commitIds: readonly string[];
  /** Record batches of the segments whose commit id is not in `except`, under the reader's own layout. */
  batches(except: ReadonlySet<string>): Generator<{ readonly commitId: string; readonly batch: RecordBatch }>;
  close(): void;
}

export function openFresh(
  files: Files,
  journalPath: string,
  table: TableName,
  layout: Layout,
  batchSize: number,
): FreshSnapshot {
  const readers = new Map<string, SegmentReader>();
  for (const path of listSegments(files, journalPath)) {
    const reader = openIfWhole(files, path);
    if (reader) readers.set(segmentCommitId(path), reader);
  }
  const schema = withPromotions(TABLES[table]!, layout.promote[table]);
  return {
    commitIds: [...readers.keys()],
    *batches(except) {
      for (const [commitId, reader] of readers) {
        if (except.has(commitId)) continue;
        for (const batch of tableBatches(reader, table, layout, batchSize)) {
          yield { commitId, batch: toArrow(batch, schema) };
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

function* tableBatches(reader: SegmentReader, table: TableName, layout: Layout, batchSize: number) {
  // Limits are the segment's: a row that was acknowledged stays readable after they were lowered.
  const decoder = createRecordDecoder({ ...layout, limits: reader.header.layout.limits });
  for (const record of reader.records()) {
    if (record.signal !== table) continue;
    decoder.decode(record);
    if (decoder.rows >= batchSize) yield* decoder.finish().batches;
  }
  yield* decoder.finish().batches;
}
