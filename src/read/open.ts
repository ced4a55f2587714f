/**
 * Files of a plan, opened: their footers, and of each row group what is left after statistics, Bloom filters and the page
 * index were asked. Nothing of the rows is read here.
 */
import { attempt, type FileAttempt } from './attempt.ts';
import { promotedNeeds } from './columns/promoted.ts';
import type { Predicate } from './filter/predicate.ts';
import { type Bounds, type Knowledge, prune } from './filter/prune.ts';
import { equalityColumns, type Lacks, readBloomFilters } from './parquet/bloom.ts';
import { columnBytes, leavesOf } from './parquet/column-span.ts';
import type { LeafMemos } from './parquet/decode.ts';
import { extendTail, type Footer, readFooter } from './parquet/footer.ts';
import { createObjectReader, type TailReader } from './parquet/object-reader.ts';
import { type PagesByLeaf, type RowRange, readPageBounds, readPages } from './parquet/page-index.ts';
import { flatLeaf, rowGroupBounds } from './parquet/statistics.ts';
import { type PathColumns, pathBounds, pathColumn } from './path-columns.ts';
import type { PlannedFile, ReadPlan } from './plan.ts';
import { countRows, type IndexedColumn, rowsByPages } from './row-ranges.ts';
import type { ScanContext } from './scan.ts';
import type { ReadSchema } from './schema.ts';

/** Filters and indexes are fetched together up to this size. */
const MAX_INDEX_BYTES = 2 * 1024 * 1024;
/** Row groups of which fewer bytes are asked are not worth a request for their page index. */
const MIN_INDEXED_BYTES = 512 * 1024;

export interface OpenFile extends FileAttempt {
  readonly reader: TailReader;
  readonly footer: Footer;
  readonly schema: ReadSchema;
  /** Asked columns the file has not, and its path has. */
  readonly inPath: PathColumns;
  /** Columns of the file that are read first, to be filtered; none where there is nothing to filter by. */
  readonly first: ReadonlySet<string>;
  /** Columns read for rows that passed. */
  readonly rest: ReadonlySet<string>;
}

export interface OpenGroup {
  readonly file: OpenFile;
  readonly index: number;
  /** Rows to read, of all its rows. */
  readonly ranges: readonly RowRange[];
  readonly pages: PagesByLeaf;
  readonly memos: LeafMemos;
}

/** The row groups of a file that may hold asked rows; undefined where the file was skipped. */
export async function openFile(
  planned: PlannedFile,
  plan: ReadPlan,
  context: ScanContext,
): Promise<readonly OpenGroup[] | undefined> {
  const reader = createObjectReader(context.store, planned, context.stats, context.signal, context.ranges);
  const opening: FileAttempt = { key: planned.key, failed: false };
  const groups = await attempt(opening, context, async () => {
    const { footer, inPath, left } = await openFooter(reader, planned, plan, context);
    context.checkFooter?.(footer, planned.key);
    const first = present(plan.filterColumns, footer, inPath, context);
    const rest = present(plan.outputColumns, footer, inPath, context);
    for (const column of first) rest.delete(column);
    const file: OpenFile = Object.assign(opening, { reader, footer, schema: context.schema, inPath, first, rest });
    const found: OpenGroup[] = [];
    for (const index of left) {
      const group = await openGroup(file, index, plan.predicate, context);
      if (group !== undefined) found.push(group);
    }
    return found;
  });
  if (groups === undefined) return undefined;
  if (groups.value.length === 0) context.stats.filesPrunedByFooter++;
  else context.stats.filesScanned++;
  return groups.value;
}

/** The footer, which row groups statistics leave, and in the footer's tail the filters and indexes of these. */
async function openFooter(
  reader: TailReader,
  planned: PlannedFile,
  plan: ReadPlan,
  context: ScanContext,
): Promise<{ readonly footer: Footer; readonly inPath: PathColumns; readonly left: readonly number[] }> {
  const { predicate } = plan;
  const { footers, stats } = context;
  const known = footers?.get(planned);
  let footer = known ?? (await readFooter(reader));
  const inPath = pathColumnsOf(planned, footer, plan, context);
  const groups = [...footer.metadata.row_groups.keys()];
  const left = groups.filter((index) => {
    const rows = rowsOf(footer, index);
    return rows > 0 && prune(predicate, groupKnowledge(footer, inPath, index, rows, context)) === 'maybe';
  });
  stats.rowGroupsPruned += groups.length - left.length;
  const isWhole = predicate.kind === 'always' && context.limit === undefined;
  const start = isWhole ? footer.start : startOfIndexes(footer, left, equalityColumns(predicate));
  if (start < footer.tail.start && footer.tail.start - start <= MAX_INDEX_BYTES) {
    footer = await extendTail(reader, footer, start);
  }
  reader.keepTail(footer.tail);
  if (footer !== known) footers?.put(planned, footer);
  return { footer, inPath, left };
}

const NO_COLUMNS: PathColumns = new Map();

function pathColumnsOf({ inPath }: PlannedFile, { columns }: Footer, plan: ReadPlan, { schema }: ScanContext) {
  if (inPath === undefined || inPath.size === 0) return NO_COLUMNS;
  const asked = new Set([...plan.filterColumns, ...plan.outputColumns]);
  return new Map(
    [...inPath]
      .filter(([name]) => asked.has(name) && !columns.has(name))
      .map(([name, text]) => [name, pathColumn(name, schema.columns.find((one) => one.name === name)!.type, text)]),
  );
}

/** Where the first of the filters and indexes stands that the row groups are asked by; they all stand before the footer. */
function startOfIndexes(footer: Footer, groups: readonly number[], filtered: readonly string[]): number {
  let least = footer.start;
  for (const index of groups) {
    const { columns, indexStart } = footer.metadata.row_groups[index]!;
    least = Math.min(least, indexStart);
    for (const column of filtered) {
      const filter = Number(columns[flatLeaf(footer, column)]?.meta_data?.bloom_filter_offset ?? 0);
      if (filter > 0) least = Math.min(least, filter);
    }
  }
  return least;
}

function rowsOf(footer: Footer, index: number): number {
  return Number(footer.metadata.row_groups[index]!.num_rows);
}

/** The file's columns that answer the asked ones: a promoted column the file has not is answered by the maps. */
function present(
  asked: readonly string[],
  { columns }: Footer,
  inPath: PathColumns,
  { promotions }: ScanContext,
): Set<string> {
  const needed = asked.flatMap((name) => {
    const absent = !columns.has(name) && !inPath.has(name) && promotions.some((promotion) => promotion.column === name);
    return absent ? promotedNeeds() : [name];
  });
  return new Set(needed.filter((name) => columns.has(name)));
}

/** Undefined where no row can pass. */
async function openGroup(
  file: OpenFile,
  index: number,
  predicate: Predicate,
  context: ScanContext,
): Promise<OpenGroup | undefined> {
  const { footer, inPath, reader } = file;
  const { stats } = context;
  const rows = rowsOf(footer, index);
  const statistics = groupKnowledge(footer, inPath, index, rows, context);
  const lacks = await readBloomFilters(reader, footer, index, equalityColumns(predicate));
  const known = withFilters(statistics, lacks);
  if (lacks.size > 0 && prune(predicate, known) === 'none') {
    stats.rowGroupsPruned++;
    stats.rowGroupsPrunedByBloom++;
    return undefined;
  }
  // Rows of a file are asked for in its order: no more than the first ones of a row group can be wanted.
  const most = predicate.kind === 'always' ? Math.min(rows, context.limit ?? rows) : rows;
  const pages = await pagesOf(file, index, most < rows);
  const ranges =
    most < rows ? [{ start: 0, end: most }] : await rangesByPages(file, index, rows, predicate, known, pages, context);
  if (ranges.length === 0) {
    stats.rowGroupsPruned++;
    stats.rowGroupsPrunedByPages++;
    return undefined;
  }
  stats.rowGroupsScanned++;
  if (most === rows) stats.rowsPrunedByPages += rows - countRows(ranges);
  return { file, index, ranges, pages, memos: new Map() };
}

/** What the footer says of a row group's columns; a column the file has not is null, unless its path or maps answer for it. */
function groupKnowledge(
  footer: Footer,
  inPath: PathColumns,
  index: number,
  rows: number,
  context: ScanContext,
): Knowledge {
  const { schema, promotions } = context;
  return (source): Bounds | undefined => {
    if (source.kind === 'attribute') return undefined;
    if (footer.columns.has(source.column)) return rowGroupBounds(footer, index, schema, source.column);
    const given = inPath.get(source.column);
    if (given !== undefined) return pathBounds(given, rows);
    const promoted = promotions.some((promotion) => promotion.column === source.column);
    return promoted ? undefined : { rows, allNull: true };
  };
}

function withFilters(statistics: Knowledge, filters: Lacks): Knowledge {
  return (source) => {
    const lacks = source.kind === 'column' ? filters.get(source.column) : undefined;
    return lacks === undefined ? statistics(source) : { ...statistics(source), lacks };
  };
}

/** Fetched only where there is something to leave out, or where they are there already. */
async function pagesOf({ reader, footer, first, rest }: OpenFile, index: number, isCut: boolean): Promise<PagesByLeaf> {
  const columns = new Set([...first, ...rest]);
  const leaves = leavesOf(footer, columns);
  const chunks = footer.metadata.row_groups[index]!.columns;
  const isHere = leaves.every((leaf) => {
    const { offset_index_offset: offset, offset_index_length: length } = chunks[leaf]!;
    return offset === undefined || reader.has({ start: Number(offset), end: Number(offset) + (length ?? 0) });
  });
  const worthIt = (isCut || first.size > 0) && columnBytes(footer, index, columns) >= MIN_INDEXED_BYTES;
  return isHere || worthIt ? readPages(reader, footer, index, leaves) : new Map();
}

async function rangesByPages(
  { reader, footer, first }: OpenFile,
  index: number,
  rows: number,
  predicate: Predicate,
  known: Knowledge,
  pages: PagesByLeaf,
  { schema, stats }: ScanContext,
): Promise<readonly RowRange[]> {
  const columns = new Map<string, IndexedColumn>();
  for (const column of first) {
    const leaf = flatLeaf(footer, column);
    const found = pages.get(leaf);
    const type = schema.columns.find(({ name }) => name === column)?.type;
    if (found === undefined || found.length < 2 || type === undefined) continue;
    const bounds = await readPageBounds(reader, footer, index, leaf, type, found);
    if (bounds !== undefined) columns.set(column, { pages: found, bounds });
  }
  const ranges = columns.size === 0 ? [{ start: 0, end: rows }] : rowsByPages(predicate, columns, known, rows);
  for (const { pages: found } of columns.values()) {
    const read = found.filter(({ firstRow, endRow }) =>
      ranges.some(({ start, end }) => start < endRow && end > firstRow),
    );
    stats.pagesScanned += read.length;
    stats.pagesPruned += found.length - read.length;
  }
  return ranges;
}
