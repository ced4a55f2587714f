/**
 * From a segment on disk back to rows: for recovery at start, for batches that found no room in memory, and for a commit
 * that failed. Decodes under the segment's own layout, so the rows are those that were acknowledged.
 */
import { toProtobuf } from '../decode/body.ts';
import type { ByteRange, JournalRecord } from '../journal/format.ts';
import type { SegmentReader } from '../journal/segment-reader.ts';
import type { Batch } from '../model/batch.ts';
import type { Layout } from '../model/layout.ts';
import { type ByTable, createRowTally, type JournalledRows } from '../model/row-counts.ts';
import type { SignalName } from '../model/signal.ts';
import { releaseMade } from '../platform/memory.ts';
import { createTableState } from './lane.ts';

export interface DecodedRows {
  readonly batches: readonly Batch[];
  readonly counts: ByTable<JournalledRows>;
}

export interface ReplayedSegment extends DecodedRows {
  /** Bytes that gave no rows although something was there. */
  readonly damage: readonly ByteRange[];
  /** See SegmentReader: bytes of the damage that are no more than a request under way when the bridge ended. */
  readonly cutBytes: number;
  /** Requests known to be missing because of it; one at the very end leaves no gap to be known by. */
  readonly lostRequests: number;
}

/** Decodes all whole records of an open segment. */
export function replaySegment(reader: SegmentReader): ReplayedSegment {
  const decoder = createRecordDecoder(reader.header.layout);
  const undecodable: ByteRange[] = [];
  for (const record of reader.records()) {
    if (!decoder.decode(record)) undecodable.push({ start: record.start, end: record.end });
  }
  const damage = [...reader.damage, ...undecodable].sort((a, b) => a.start - b.start);
  return {
    ...decoder.finish(),
    damage,
    cutBytes: reader.cutBytes,
    lostRequests: reader.lostRecords + undecodable.length,
  };
}

export interface RecordDecoder {
  readonly rows: number;
  readonly memoryBytes: number;
  /**
   * False, and no row more, where the request cannot be decoded. It was decoded before it was acknowledged, so this is
   * damage that the checksum missed, or a changed decoder.
   */
  decode(record: JournalRecord): boolean;
  /** The rows since the last call, as one batch a table. */
  finish(): DecodedRows;
}

export function createRecordDecoder(layout: Layout): RecordDecoder {
  const tables = new Map<SignalName, ReturnType<typeof createTableState>>();
  const tally = createRowTally();
  let rows = 0;
  return {
    get rows() {
      return rows;
    },
    get memoryBytes() {
      let bytes = 0;
      for (const { builder } of tables.values()) bytes += builder.memoryBytes;
      return bytes;
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
        const protobuf = toProtobuf(body, { signal, contentType, contentEncoding, maxBytes, limits });
        const result = table.decoder.decode(protobuf, receivedMs);
        releaseMade(protobuf, body);
        tally.add(signal, result);
        rows += result.accepted;
        return true;
      } catch {
        return false;
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
