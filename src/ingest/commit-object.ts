/** One object of a commit: the rows of one table in one partition, encoded and stored. */
import { setTimeout as sleep } from 'node:timers/promises';
import { recordBatchBuffers, toArrow } from '../batch/arrow.ts';
import { rowGroups } from '../batch/row-groups.ts';
import { objectKey } from '../catalog/keys.ts';
import { abortUploadsOf } from '../catalog/left-uploads.ts';
import type { Config } from '../config/types.ts';
import { createParquetEncoder } from '../encode/encoder.ts';
import { COMMIT_ID_KEY } from '../encode/identity.ts';
import { writerMemoryBytes } from '../encode/row-group.ts';
import { BridgeError } from '../errors.ts';
import type { Batch, NumberData } from '../model/batch.ts';
import type { CommitObject } from '../model/commit.ts';
import type { Layout } from '../model/layout.ts';
import { arrowSchema, type TableSchema } from '../model/table.ts';
import { timestampRange } from '../model/timestamp.ts';
import { releaseBuffers } from '../platform/memory.ts';
import { writeChunks } from '../store/common.ts';
import type { ObjectStore, ObjectWriter } from '../store/store.ts';
import { fittingRowGroupBytes, memoryPlan } from './memory-plan.ts';
import { findOwn, identityMetadata } from './own-object.ts';

/** All that the objects of one table in one commit have in common. */
export interface TableWrite {
  readonly commitId: string;
  readonly batch: Batch;
  readonly schema: TableSchema;
  readonly layout: Layout;
  /** Aborted when another object of the commit has failed. */
  readonly signal: AbortSignal;
}

export interface ObjectDeps {
  readonly config: Config;
  readonly store: ObjectStore;
  /** Written into every file's metadata. */
  readonly version: string;
}

type Stored = Pick<CommitObject, 'bytes' | 'etag' | 'crc32'>;

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 5_000;

/**
 * Stores the object, or finds what an earlier try has stored. An upload that was taken away under it (NoSuchUpload, a
 * conflict on Complete) is begun again, as often as `operations.retry_attempts` says.
 */
export async function writeObject(
  table: TableWrite,
  partition: string,
  rows: Int32Array,
  deps: ObjectDeps,
): Promise<CommitObject> {
  const { batch, schema, commitId, signal } = table;
  const key = objectKey(batch.table, partition, commitId);
  const stored = await storeObject(table, key, rows, deps, signal);
  const timestamps = batch.columns[schema.columns.findIndex((column) => column.name === 'timestamp')] as NumberData;
  const range = timestampRange(timestamps, rows);
  return { table: batch.table, key, partition, rows: rows.length, ...stored, ...range };
}

async function storeObject(
  table: TableWrite,
  key: string,
  rows: Int32Array,
  deps: ObjectDeps,
  signal: AbortSignal,
): Promise<Stored> {
  for (let tries = 0; ; tries++) {
    try {
      return await tryObject(table, key, rows, deps);
    } catch (error) {
      if (BridgeError.from(error).code !== 'conflict' || tries >= deps.config.operations.retryAttempts) throw error;
      await sleep(Math.random() * Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries), undefined, { signal });
    }
  }
}

async function tryObject(table: TableWrite, key: string, rows: Int32Array, deps: ObjectDeps): Promise<Stored> {
  const { commitId, signal } = table;
  const { store } = deps;
  const identity = { commitId, rows: rows.length };
  const writer = await store.write(key, {
    ifAbsent: true,
    contentType: 'application/vnd.apache.parquet',
    metadata: identityMetadata(identity),
    signal,
  });
  let stored: Stored;
  try {
    const checksum = await encodeTo(writer, table, rows, deps);
    const { size, etag } = await writer.close();
    stored = { bytes: size, etag, crc32: checksum.toString(16).padStart(8, '0') };
  } catch (error) {
    await writer.abort();
    if (BridgeError.from(error).code !== 'already_exists') throw error;
    const { size, etag } = await findOwn(store, key, identity, signal);
    stored = { bytes: size, etag, crc32: undefined }; // the bytes are those of another try, perhaps another encoder's
  }
  if (writer.isInParts) await abortUploadsOf(store, key);
  return stored;
}

/** Returns the CRC-32 of the file's bytes. */
async function encodeTo(
  writer: ObjectWriter,
  { commitId, batch, schema, layout }: TableWrite,
  rows: Int32Array,
  { config, version }: ObjectDeps,
): Promise<number> {
  const encoder = createParquetEncoder(
    arrowSchema(schema),
    { ...config.parquet, sortBy: layout.sortBy },
    { 'otel-lake.version': version, [COMMIT_ID_KEY]: commitId },
  );
  const takenBytes = process.memoryUsage.rss() - writerMemoryBytes();
  const maxBytes = fittingRowGroupBytes(memoryPlan(config), takenBytes);
  const bounds = { maxRows: config.parquet.rowGroupSize, maxBytes };
  let checksum = 0;
  for (const group of rowGroups(batch, rows, bounds)) {
    const arrow = toArrow(group, schema);
    const chunks = encoder.rowGroup(arrow);
    releaseBuffers(recordBatchBuffers(arrow));
    checksum = await writeChunks(writer, chunks, checksum);
  }
  return writeChunks(writer, encoder.finish().chunks, checksum);
}
