/**
 * Names of the lake's objects, relative to its root:
 *
 *   {table}/{partition path}/{commit id}.parquet         rows of a bridge
 *   {partition path}/{commit id}.{part}.parquet          rows of a lake that is one table (WHOLE_LAKE)
 *   _lake/commits/{commit id}.json                  commit records, see commit-record.ts
 *   _lake/deletions/{deletion id}.json              deletion receipts, see deletion-receipt.ts
 *   _lake/cuts/{commit id}.json                     how much of a segment counts, see ingest/cut-note.ts
 *
 * What engines skip is skipped here too: names and folders that begin with `.`, and those that begin with `_` unless
 * they hold a `=` (Hive and Spark) or are the name of missing values.
 */
import { BridgeError } from '../errors.ts';
import { type LakeTable, WHOLE_LAKE } from '../model/signal.ts';

export const COMMITS_PREFIX = '_lake/commits/';
export const DELETIONS_PREFIX = '_lake/deletions/';

const NULL_NAME = '__HIVE_DEFAULT_PARTITION__';
const MAX_PATH_BYTES = 900;

/** `partition` is empty where the lake is not partitioned; `name` is the commit id, and the part's number where there are parts. */
export function objectKey(table: LakeTable, partition: string, name: string): string {
  return `${tablePrefix(table)}${partition === '' ? '' : `${partition}/`}${name}.parquet`;
}

export function tablePrefix(table: LakeTable): string {
  return table === WHOLE_LAKE ? '' : `${table}/`;
}

export function commitKey(commitId: string): string {
  return `${COMMITS_PREFIX}${commitId}.json`;
}

export function cutNoteKey(commitId: string): string {
  return `_lake/cuts/${commitId}.json`;
}

export function deletionKey(deletionId: string): string {
  return `${DELETIONS_PREFIX}${deletionId}.json`;
}

/** The id in the key of a commit record or receipt; undefined for other names in that folder. */
export function idOfRecordKey(key: string, prefix: string): string | undefined {
  const name = key.slice(prefix.length);
  return key.startsWith(prefix) && name.endsWith('.json') && !name.includes('/') ? name.slice(0, -5) : undefined;
}

/** The partition path in the key of a table's Parquet object; undefined where the key is none that is read. */
export function partitionOfKey(table: LakeTable, key: string): string | undefined {
  const prefix = tablePrefix(table);
  if (!key.startsWith(prefix) || !key.endsWith('.parquet')) return undefined;
  const segments = key.slice(prefix.length).split('/');
  if (segments.some(isHidden)) return undefined;
  return segments.slice(0, -1).join('/');
}

/** Whether readers pass over what has this name. */
export function isHidden(segment: string): boolean {
  if (segment.startsWith('.')) return true;
  return segment.startsWith('_') && !segment.includes('=') && segment !== NULL_NAME;
}

/** Whether a partition is `path` or lies below it, by whole segments: `day=1` holds `day=1/hour=0`, not `day=10`. */
export function isWithin(partition: string, path: string): boolean {
  return path === '' || partition === path || partition.startsWith(`${path}/`);
}

/**
 * A partition path given by a person, as it stands in the lake: percent-encoded values stay encoded. Slashes at the end
 * are dropped. Throws `invalid_argument` for what could name something outside its table.
 */
export function checkPartitionPath(text: string): string {
  const path = text.replace(/\/+$/, '');
  if (path === '') return '';
  const refuse = (found: string, hint: string) =>
    new BridgeError('invalid_argument', `partition path ${JSON.stringify(text.slice(0, 200))} ${found}`, { hint });
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw refuse(`is longer than ${MAX_PATH_BYTES} bytes`, 'Shorten it to a path that partitions list shows.');
  }
  for (const segment of path.split('/')) {
    if (segment === '') {
      throw refuse('has an empty segment', 'Write it as partitions list shows it: date=2026-11-21/hour=08.');
    }
    const decoded = decodeSegment(segment);
    if (decoded === undefined) {
      throw refuse('has a "%" that begins no percent-encoded byte', 'Write it as in the lake: "%" itself is %25.');
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (/[\0-\x1f\x7f]/.test(segment) || decoded.includes('\0')) {
      throw refuse('holds a control character', 'Write it as partitions list shows it.');
    }
    if (decoded === '.' || decoded === '..' || !segment.isWellFormed()) {
      throw refuse(`has the segment "${segment}"`, 'A path names folders below its table only.');
    }
  }
  return path;
}

/** Each byte as a character, which is enough to find dots and NULs; undefined where an escape is cut. */
function decodeSegment(segment: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(segment)) return undefined;
  return segment.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
