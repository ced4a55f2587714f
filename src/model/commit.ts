/**
 * Commit ids and commit records.
 *
 * A commit id names a journal segment and every object its rows become: `{UTC time}-{node}-{sequence}`, for example
 * `20261121T085523123Z-4f9c1a2b-0007`. Text order is time order; the node is random for each lane and start, the
 * sequence counts the lane's segments, so that no clock step can make two ids equal.
 */

import type { PartitionStrategy } from './layout.ts';
import type { RowCounts } from './row-counts.ts';
import type { LakeTable } from './signal.ts';

export const COMMIT_ID = /^\d{8}T\d{9}Z-[0-9a-f]{8}-[0-9a-f]{4,}$/;

export function commitId(epochMs: number, node: string, sequence: number): string {
  const time = new Date(epochMs).toISOString().replace(/[-:.]/g, '');
  return `${time}-${node}-${sequence.toString(16).padStart(4, '0')}`;
}

/** `{commit id}.parquet`, or `{commit id}.{part}.parquet` where a commit has several objects in one partition. */
const OBJECT_NAME = /^(.+?)(?:\.\d+)?\.parquet$/;

/** The commit id in an object's file name, or undefined where another writer named it. */
export function commitIdOfKey(key: string): string | undefined {
  const id = OBJECT_NAME.exec(key.slice(key.lastIndexOf('/') + 1))?.[1];
  return id !== undefined && COMMIT_ID.test(id) ? id : undefined;
}

export interface CommitObject {
  readonly table: LakeTable;
  /** Key relative to the lake's root: `{table}/{partition path}/{commit id}.parquet`, see catalog/keys.ts. */
  readonly key: string;
  /** `{partition path}`; empty where the lake is not partitioned. */
  readonly partition: string;
  readonly rows: number;
  readonly bytes: number;
  readonly etag: string | undefined;
  /** CRC-32 (zlib's) of the bytes, eight hex digits; undefined where an earlier try of the commit wrote them. */
  readonly crc32: string | undefined;
  /** Range of the rows' event time in ISO 8601 (microseconds), null where no row has a time. */
  readonly minTimestamp: string | null;
  readonly maxTimestamp: string | null;
}

export interface CommitRecord {
  readonly formatVersion: 1;
  readonly commitId: string;
  /** When the commit was written, ISO 8601. */
  readonly committedAt: string;
  /** Strategies behind the objects' paths; undefined in records of versions that did not write them down. */
  readonly partitioning?: readonly PartitionStrategy[] | undefined;
  readonly objects: readonly CommitObject[];
  /** received = rejected + journalled, journalled = written. */
  readonly rows: Readonly<Partial<Record<LakeTable, RowCounts>>>;
  /**
   * Written by a check from the objects it found, because the commit never came to its end and its segment was gone. It
   * makes their rows visible; should the segment come back, its commit takes the place of this record.
   */
  readonly recovered?: true;
}
