/**
 * What queries ask of an S3 server: requests and bytes as the SDK's client sends and receives them, each query by a new
 * process (`first`) and again by the same (`again`). Promises that a needle keeps are returned where they are broken.
 */
import type { ReadStats } from '../src/read/types.ts';
import type { ReadOutcome, ReadTask } from './read-child.ts';
import type { AskReader } from './read-reader.ts';

export interface RequestQuery extends ReadTask {
  readonly name: string;
  /** Held to the promises below. */
  readonly isNeedle: boolean;
}

/** For each file that may hold it by its commit record: the end with footer and Bloom filters, the filter's column, the rest. */
const MOST_REQUESTS_A_FILE = 3;
const LEAST_PRUNED_PERCENT = 99;
const LEAST_GROUPS = 200;

/** @param startReader starts a process over the lake */
export async function measureRequests(
  queries: readonly RequestQuery[],
  startReader: () => AskReader,
  log: (line: string) => void,
): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const query of queries) {
    const reader = startReader();
    try {
      for (const when of ['first', 'again']) {
        const outcome = await reader.ask(query);
        log(`${query.name}, ${when}: ${requestLine(outcome)}`);
        if (!query.isNeedle) continue;
        broken.push(...brokenPromises(outcome).map((what) => `${query.name}, ${when}: ${what}`));
      }
    } finally {
      reader.stop();
    }
  }
  return broken;
}

function requestLine({ ms, stats, fileRequests, http }: ReadOutcome): string {
  const calls = Object.entries(http).map(([operation, { requests }]) => `${requests} ${operation}`);
  const received = Object.values(http).reduce((sum, { receivedBytes }) => sum + receivedBytes, 0);
  const opened = stats.filesScanned + stats.filesPrunedByFooter;
  return `${stats.rows.toLocaleString('en')} rows in ${ms.toFixed(0)} ms; ${stats.filesPruned} of ${stats.filesListed} files unopened, ${opened} opened, ${stats.filesScanned} of them read; ${prunedPercent(stats).toFixed(1)} % of ${groupsOf(stats)} row groups pruned
  on files ${stats.requests} requests, ${megabytes(stats.bytesRead)}, at most ${fileRequests.most} of one file; in all ${calls.join(', ') || 'no request'}, ${megabytes(received)}`;
}

function brokenPromises({ stats, fileRequests }: ReadOutcome): readonly string[] {
  const { most, key } = fileRequests;
  const tooMany = most > MOST_REQUESTS_A_FILE;
  return [
    ...(tooMany ? [`${most} requests of ${key}, at most ${MOST_REQUESTS_A_FILE} are promised`] : []),
    ...(stats.rows === 0 ? ['no row was found'] : []),
    ...prunedTooLittle(stats),
  ];
}

/** What a needle leaves out, where the lake is large enough to ask for a share. */
export function prunedTooLittle(stats: ReadStats): readonly string[] {
  const percent = prunedPercent(stats);
  if (groupsOf(stats) < LEAST_GROUPS || percent >= LEAST_PRUNED_PERCENT) return [];
  return [`${percent.toFixed(1)} % of the row groups pruned, ${LEAST_PRUNED_PERCENT} % are promised`];
}

export function groupsOf(stats: ReadStats): number {
  return stats.rowGroupsPruned + stats.rowGroupsScanned;
}

export function prunedPercent(stats: ReadStats): number {
  return groupsOf(stats) === 0 ? 0 : (100 * stats.rowGroupsPruned) / groupsOf(stats);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
