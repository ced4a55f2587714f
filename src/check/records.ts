/** What a commit record promises, held against itself. */
import { objectKey } from '../catalog/keys.ts';
import type { CommitRecord } from '../model/commit.ts';
import { imbalance, type RowCounts } from '../model/row-counts.ts';
import { SIGNAL_LIST, WHOLE_LAKE } from '../model/signal.ts';

/** Why a record cannot be right, as ends of sentences that begin with its key. */
export function faultsOf(record: CommitRecord): string[] {
  const faults: string[] = [];
  const keys = new Set<string>();
  for (const { key, table, partition } of record.objects) {
    const expected = objectKey(table, partition, record.commitId);
    // Files of a lake that is one table have parts behind the id, or names that their writer chose.
    if (table !== WHOLE_LAKE && key !== expected) faults.push(`names ${key}, which is not its commit's ${expected}`);
    if (keys.has(key)) faults.push(`names ${key} twice`);
    keys.add(key);
  }
  const none: RowCounts = { received: 0, rejected: 0, rejectedBy: {}, journalled: 0, written: 0 };
  for (const { name } of SIGNAL_LIST) {
    const counts = record.rows[name] ?? none;
    const wrong = imbalance(counts);
    if (wrong) faults.push(`does not add up for ${name}: ${wrong}`);
    const inObjects = record.objects.reduce((sum, { table, rows }) => sum + (table === name ? rows : 0), 0);
    if (inObjects !== counts.written) {
      faults.push(`has ${counts.written} rows of ${name} as written, and ${inObjects} in its objects`);
    }
  }
  return faults;
}
