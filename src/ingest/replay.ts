/**
 * From a segment on disk back to rows: for recovery at start, for batches that found no room in memory, and for a commit
 * that failed. Decodes under the segment's own layout, so the rows are those that were acknowledged.
 */
import { toProtobuf } from '../decode/body.ts';
import { BridgeError } from '../errors.ts';
import type { JournalRecord } from '../journal/format.ts';
import type { SegmentReader } from '../journal/segment-reader.ts';
import type { Batch } from '../model/batch.ts';
import type { Layout } from '../model/layout.ts';
import { type ByTable, createRowTally, type JournalledRows } from '../model/row-counts.ts';
import type { SignalName } from '../model/signal.ts';
import { createTableState } from './lane.ts';

export interface ReplayedSegment {
  readonly batches: readonly Batch[];
  readonly counts: ByTable<JournalledRows>;
}

/** Decodes all whole records of an open segment. */
export function replaySegment(reader: SegmentReader): ReplayedSegment {
  const { layout } = reader.header;
  const decoder = createRecordDecoder(layout);
  for (const record of reader.records()) decoder.decode(record);
  return decoder.finish();
}

export interface RecordDecoder {
  readonly rows: number;
  decode(record: JournalRecord): void;
  /** The rows since the last call, as one batch a table. */
  finish(): ReplayedSegment;
}

export function createRecordDecoder(layout: Layout): RecordDecoder {
  const tables = new Map<SignalName, ReturnType<typeof createTableState>>();
  const tally = createRowTally();
  let rows = 0;
  return {
    get rows() {
      return rows;
    },
    decode(record) {
      const { signal, contentType, contentEncoding, maxBytes, receivedMs, body } = record;
      let table = tables.get(signal);
      if (!table) {
        table = createTableState(signal, layout);
        tables.set(signal, table);
      }
      try {
        const limits = layout.limits;
        const result = table.decoder.decode(
          toProtobuf(body, { signal, contentType, contentEncoding, maxBytes, limits }),
          receivedMs,
        );
        tally.add(signal, result);
        rows += result.accepted;
      } catch (cause) {
        // It was decoded before it was acknowledged, so this is damage that the checksum missed, or a changed decoder.
        throw new BridgeError(
          'corrupt',
          `a request of the journal cannot be decoded again: ${BridgeError.from(cause).message}`,
          {
            cause,
          },
        );
      }
    },
    finish() {
      const batches: Batch[] = [];
      for (const { builder } of tables.values()) if (builder.rows > 0) batches.push(builder.finish());
      rows = 0;
      return { batches, counts: tally.counts() };
    },
  };
}
