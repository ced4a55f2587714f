/** Errors of the file system as BridgeErrors, sorted by what the caller can do. */
import { BridgeError, type ErrorCode } from '../errors.ts';
import { notFound } from './common.ts';

interface Row {
  readonly code: ErrorCode;
  readonly found: string;
  readonly hint: string;
}

const USER = 'Give the user the bridge runs as the right to read and write there, or change storage.path.';
const FULL = 'Free space on that disk or move the lake; writes are tried again.';
const BLOCKED = 'A file stands where a folder is needed, or the other way round: move it out of the lake.';
const LIMIT = 'Raise the limit of open files (ulimit -n).';

const ROWS: Readonly<Record<string, Row>> = {
  EACCES: { code: 'permission_denied', found: 'permission denied', hint: USER },
  EPERM: { code: 'permission_denied', found: 'operation not permitted', hint: USER },
  EROFS: { code: 'permission_denied', found: 'the file system is read-only', hint: USER },
  ENOSPC: { code: 'unavailable', found: 'no space left on the device', hint: FULL },
  EDQUOT: { code: 'unavailable', found: 'the disk quota is used up', hint: FULL },
  EMFILE: { code: 'overloaded', found: 'too many open files', hint: LIMIT },
  ENFILE: { code: 'overloaded', found: 'too many open files on this machine', hint: LIMIT },
  ENOTDIR: { code: 'unprocessable', found: 'a part of the path is no folder', hint: BLOCKED },
  EISDIR: { code: 'unprocessable', found: 'a folder has this name', hint: BLOCKED },
  EEXIST: { code: 'unprocessable', found: 'a part of the path is no folder', hint: BLOCKED },
  ENAMETOOLONG: {
    code: 'invalid_argument',
    found: 'a name is too long for the file system',
    hint: 'Names in a path are limited to 255 bytes on most file systems.',
  },
  EXDEV: {
    code: 'config',
    found: 'the folder is on another file system than the lake',
    hint: 'Objects are published by renaming, so the whole lake must be on one file system: mount it at storage.path.',
  },
  ENOTSUP: {
    code: 'config',
    found: 'the file system has no hard links',
    hint: 'Creating an object only where there is none needs hard links: put storage.path on a file system with them.',
  },
};

/** `action` as in "writing /lake/a.parquet". A missing file is `not_found`; anything unknown may pass. */
export function fileError(thrown: unknown, action: string, path: string): BridgeError {
  if (thrown instanceof BridgeError) return thrown;
  const errno = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (errno === 'ENOENT') return notFound(path, thrown);
  const row = ROWS[errno];
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  if (!row) return new BridgeError('unavailable', `${action} ${path}: ${text}`, { cause: thrown });
  return new BridgeError(row.code, `${action} ${path}: ${row.found}`, { hint: row.hint, cause: thrown });
}
