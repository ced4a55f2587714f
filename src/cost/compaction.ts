/** What merging the small files of each partition would save: requests, as the bytes stay about the same. */
import type { CostConfig } from '../config/types.ts';
import { show } from './lifecycle.ts';
import { gib } from './prices.ts';
import type { CostOptions, Estimate, StoredRow } from './types.ts';

/** The footer, and at least one range of pages. */
const GETS_A_FILE = 2;
/** What has to be restored first. */
const ARCHIVES = new Set(['GLACIER', 'DEEP_ARCHIVE']);

export function estimateCompaction(
  stored: readonly StoredRow[],
  { targetBytes, readsPerMonth }: Pick<CostOptions, 'targetBytes' | 'readsPerMonth'>,
  cost: CostConfig,
): Estimate {
  let files = 0;
  let filesAfter = 0;
  let bytes = 0;
  for (const row of stored) {
    const after = Math.max(1, Math.ceil(row.bytes / targetBytes));
    if (row.table === '' || row.table.startsWith('_') || ARCHIVES.has(row.storageClass) || after >= row.files) continue;
    files += row.files;
    filesAfter += after;
    bytes += row.bytes;
  }
  const savedGets = (files - filesAfter) * GETS_A_FILE;
  const savedLists = (files - filesAfter) / 1000;
  const aRead = (savedGets / 1000) * cost.getPer1000 + (savedLists / 1000) * cost.listPer1000;
  const once = ((files * GETS_A_FILE) / 1000) * cost.getPer1000 + (filesAfter / 1000) * cost.putPer1000;
  return {
    kind: 'compaction',
    what: `merging ${files} files into ${filesAfter} of up to ${show(targetBytes / 1024 ** 2)} MiB, partition by partition`,
    files,
    bytes,
    monthlySaving: aRead * readsPerMonth,
    once,
    arithmetic:
      `a read of all: ${savedGets} GETs / 1000 x ${cost.getPer1000} (${GETS_A_FILE} a file), and a listing fewer for each 1000 files; ` +
      `x ${readsPerMonth} reads a month; once: ${files * GETS_A_FILE} GETs and ${filesAfter} PUTs for ${show(gib(bytes))} GiB`,
  };
}
