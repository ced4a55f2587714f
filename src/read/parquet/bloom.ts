/**
 * Bloom filters of a row group, asked for the values that a predicate wants to be equal. Only the filters' own bytes are
 * fetched; with the tail of a file that this bridge wrote they are there already.
 */
import type { Predicate, ValueKind } from '../filter/predicate.ts';
import type { Value } from '../filter/prune.ts';
import { blockFilter, hashOf } from './block-filter.ts';
import { fetchRuns } from './byte-runs.ts';
import type { Footer } from './footer.ts';
import { corruptFile, type TailReader } from './object-reader.ts';
import { flatLeaf } from './statistics.ts';

/** A larger filter costs more than most row groups it could leave out. */
const MAX_FILTER_BYTES = 4 * 1024 * 1024;

/** By column: whether surely no row of the row group has a value. */
export type Lacks = ReadonlyMap<string, (value: Value) => boolean>;

/** Kinds whose values are hashed as they are: files may have times and decimals in other units and scales. */
const HASHED: ReadonlySet<ValueKind> = new Set(['text', 'int', 'double', 'bool', 'bytes']);

/** Columns of which a predicate asks equality with values. */
export function equalityColumns(predicate: Predicate): readonly string[] {
  switch (predicate.kind) {
    case 'and':
    case 'or':
      return [...new Set(predicate.terms.flatMap(equalityColumns))];
    case 'test': {
      const { source, test } = predicate;
      const equality = 'op' in test ? test.op === '=' : 'values' in test && !test.negated;
      return equality && source.kind === 'column' && HASHED.has(source.type) ? [source.column] : [];
    }
    default:
      return [];
  }
}

/** The filters of those of the columns that have one. */
export async function readBloomFilters(
  file: TailReader,
  footer: Footer,
  group: number,
  columns: readonly string[],
): Promise<Lacks> {
  const found = columns.flatMap((column) => {
    const leaf = flatLeaf(footer, column);
    const meta = footer.metadata.row_groups[group]!.columns[leaf]?.meta_data;
    const start = Number(meta?.bloom_filter_offset ?? 0);
    const length = meta?.bloom_filter_length ?? 0;
    const usable = start > 0 && length > 0 && length <= MAX_FILTER_BYTES && start + length <= footer.start;
    return usable ? [{ column, leaf, start, end: start + length }] : [];
  });
  const runs = await fetchRuns(file, found);
  const filters = found.flatMap(({ column, leaf, start, end }) => {
    const lacks = lacksOf(file.key, runs.at(start, end), footer, leaf);
    return lacks === undefined ? [] : [[column, lacks] as const];
  });
  return new Map(filters);
}

function lacksOf(
  key: string,
  bytes: Uint8Array,
  footer: Footer,
  leaf: number,
): ((value: Value) => boolean) | undefined {
  const element = footer.leaves[leaf]!;
  // Raw ids of other writers: filters ask for their hex.
  if (element.type === 'FIXED_LEN_BYTE_ARRAY') return undefined;
  try {
    const mayHold = blockFilter(bytes);
    if (mayHold === undefined) return undefined;
    return (value) => {
      const hash = hashOf(value, element);
      // 0 equals -0, whose bits are others.
      return hash !== undefined && value !== 0 && !mayHold(hash);
    };
  } catch (error) {
    throw corruptFile(key, 'a Bloom filter', error);
  }
}
