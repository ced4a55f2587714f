/** Committed batches since a cursor, each exactly once; the guarantee stands in catalog/cursor.ts. */
import type { RecordBatch } from 'apache-arrow';
import { BEGIN, type Changes as CommitsSince } from '../catalog/changes.ts';
import { checkPartitionPath, isWithin } from '../catalog/keys.ts';
import { BridgeError } from '../errors.ts';
import type { CommitObject } from '../model/commit.ts';
import { WHOLE_LAKE } from '../model/signal.ts';
import type { DatasetObject } from '../read/dataset/types.ts';
import { type OutputRecord, recordsOf } from '../records/to-records.ts';
import { writtenFile } from './commit.ts';
import type { ConnectorContext } from './context.ts';
import { toConnectorError } from './errors.ts';
import { readObjects } from './read.ts';
import type { Changes, ChangesOptions, CommittedBatch, QueryOptions } from './types.ts';

const HEADS_AT_ONCE = 16;

export function changes(context: ConnectorContext, options: ChangesOptions): Changes {
  const after = options.after ?? BEGIN;
  let since: CommitsSince | undefined;
  const done: string[] = [];

  async function* batches(): AsyncGenerator<CommittedBatch> {
    const partition = checkPartitionPath(options.partitionPath ?? '');
    const signal = options.signal ?? new AbortController().signal;
    try {
      since = await context.changes.open({ table: WHOLE_LAKE, after, partition, query: '', signal });
      for (const id of since.commitIds) {
        const record = await context.commits.read(id, { signal });
        const objects = record?.objects.filter((object) => isWithin(folderOf(object), partition)) ?? [];
        const before = done.length;
        if (record && objects.length > 0) {
          const cursorOf = since;
          yield {
            commitId: id,
            committedAt: record.committedAt,
            files: objects.map(writtenFile),
            recordCount: objects.reduce((sum, { rows }) => sum + rows, 0),
            get cursor() {
              return cursorOf.cursor([...done.slice(0, before), id]);
            },
            batches: (query = {}) => readCommitted(context, objects, query),
            records: (query = {}) => recordsFrom(readCommitted(context, objects, query)),
          };
        }
        done.push(id);
      }
    } catch (error) {
      throw toConnectorError(error, 'read');
    }
  }

  return {
    get cursor() {
      return since === undefined ? after : since.cursor(done);
    },
    [Symbol.asyncIterator]: batches,
  };
}

/** Its whole folder below the root: in a lake of the bridge the table's is above the partition. */
function folderOf({ key }: CommitObject): string {
  return key.slice(0, Math.max(0, key.lastIndexOf('/')));
}

async function* readCommitted(
  context: ConnectorContext,
  objects: readonly CommitObject[],
  query: QueryOptions,
): AsyncGenerator<RecordBatch> {
  const found: DatasetObject[] = [];
  for (let i = 0; i < objects.length; i += HEADS_AT_ONCE) {
    const some = await Promise.all(objects.slice(i, i + HEADS_AT_ONCE).map((object) => headOf(context, object)));
    found.push(...some.filter((object) => object !== undefined));
  }
  yield* readObjects(context, found, query);
}

/** Undefined where the object was deleted since. */
async function headOf({ store }: ConnectorContext, { key }: CommitObject): Promise<DatasetObject | undefined> {
  try {
    const { size, modifiedMs } = await store.head(key);
    return { key, size, modifiedMs };
  } catch (error) {
    if (BridgeError.from(error).code === 'not_found') return undefined;
    throw toConnectorError(error, 'store');
  }
}

async function* recordsFrom(batches: AsyncIterable<RecordBatch>): AsyncGenerator<OutputRecord> {
  for await (const batch of batches) yield* recordsOf(batch);
}
