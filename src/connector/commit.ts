/** The commit that makes written files one batch: reads see all of them or none, and `changes` tells of it once. */
import type { CommitObject, CommitRecord } from '../model/commit.ts';
import type { PartitionStrategy } from '../model/layout.ts';
import { WHOLE_LAKE } from '../model/signal.ts';
import type { RecordReport } from '../records/record-types.ts';
import type { ConnectorContext } from './context.ts';
import type { WrittenFile } from './types.ts';

/**
 * Writes the record. `partitioning` is that of the objects' whole paths below the root: undefined where they have a
 * folder above them, about which no strategy says anything.
 */
export async function writeCommit(
  { commits, clock }: ConnectorContext,
  commitId: string,
  objects: readonly CommitObject[],
  { skipped }: RecordReport,
  partitioning: readonly PartitionStrategy[] | undefined,
): Promise<void> {
  const written = objects.reduce((sum, { rows }) => sum + rows, 0);
  const record: CommitRecord = {
    formatVersion: 1,
    commitId,
    committedAt: new Date(clock.nowMs()).toISOString(),
    ...(partitioning && { partitioning }),
    objects,
    rows: {
      [WHOLE_LAKE]: {
        received: written + skipped,
        rejected: skipped,
        rejectedBy: skipped > 0 ? { invalid: skipped } : {},
        journalled: written,
        written,
      },
    },
  };
  await commits.write(record);
}

export function writtenFile({ key, partition, rows, bytes, etag }: CommitObject): WrittenFile {
  return { path: key, partitionPath: partition, recordCount: rows, bytes, etag };
}
