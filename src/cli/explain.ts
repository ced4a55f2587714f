/** The explanation of a read for people. */
import type { Cost, ReadExplanation } from '../model/read-explanation.ts';
import { countOf, showBytes, showCount } from './output.ts';

export function formatExplanation(found: ReadExplanation): string {
  const { partitions, files, rowGroups, pages, rows, columns } = found;
  const lines: readonly (readonly [string, string])[] = [
    ['filter', found.filter ?? 'none'],
    ['columns', `${columns.filter.length} in the filter, ${columns.output.length} in the output`],
    ['partitions', `${showCount(partitions.listed - partitions.pruned)} of ${showCount(partitions.listed)}`],
    [
      'files',
      kept(files.read, files.listed, [
        [files.notAsked, 'not asked for'],
        [files.prunedByPartition, 'by partition'],
        [files.prunedByCommit, 'by the times of their commit'],
        [files.prunedByFooter, 'by their footer'],
      ]),
    ],
    [
      'row groups',
      kept(rowGroups.read, sum(Object.values(rowGroups)), [
        [rowGroups.prunedByStatistics, 'by statistics'],
        [rowGroups.prunedByBloomFilters, 'by Bloom filters'],
        [rowGroups.prunedByPages, 'by page index'],
      ]),
    ],
    ['pages', kept(pages.read, pages.read + pages.pruned, [[pages.pruned, 'by page index']])],
    ['rows', kept(rows.read, rows.read + rows.pruned, [[rows.pruned, 'by page index']])],
    ['journal', countOf(found.journalSegments, 'segment')],
    ['planned with', costText(found.planned)],
    ['to read', costText(found.toRead)],
    ['if rows pass', `at most ${costText(found.toReadIfRowsPass)} more`],
  ];
  const text = lines.map(([name, value]) => `${name.padEnd(14)}${value}`);
  const skipped = found.skipped.map(({ key, reason }) => `skipped ${key}: ${reason}`);
  return [...text, ...skipped].join('\n');
}

function kept(left: number, all: number, pruned: readonly (readonly [number, string])[]): string {
  const reasons = pruned.filter(([count]) => count > 0).map(([count, why]) => `${showCount(count)} ${why}`);
  const without = reasons.length === 0 ? '' : `; left out: ${reasons.join(', ')}`;
  return `${showCount(left)} of ${showCount(all)}${without}`;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function costText({ requests, bytes }: Cost): string {
  return `${showBytes(bytes)} in ${showCount(requests)} requests`;
}
