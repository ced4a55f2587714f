import { BridgeError } from '../errors.ts';
import { type Files, isErrno } from '../platform/files.ts';
import {
  type ByteRange,
  decodeHeader,
  decodeRecord,
  HEADER_ALIGN_BYTES,
  headerLength,
  MARK_BYTES,
  MAX_HEADER_BYTES,
  RECORD_PREFIX_BYTES,
  recordLength,
  type SegmentHeader,
  type StoredRecord,
} from './format.ts';
import { segmentCommitId } from './journal.ts';

export interface SegmentReader {
  readonly path: string;
  readonly header: SegmentHeader;
  /** Whole records in order, those behind damage too. */
  records(): Generator<StoredRecord>;
  /** Bytes that are neither records nor zeros at the end; all of them once `records` has been read to its end. */
  readonly damage: readonly ByteRange[];
  /**
   * Bytes at the file's end, part of `damage`, that are the beginning of a record the file is too short for: what a kill
   * leaves of a group that was being written. It was not acknowledged, unless the file was cut by somebody else since.
   */
  readonly cutBytes: number;
  /** Records missing between those that were found; any missing at the end are not known of. */
  readonly lostRecords: number;
  close(): void;
}

/** What is read at once while searching. */
const SEARCH_BYTES = 1024 * 1024;

/**
 * Opens a segment for reading; the open file stays readable after the segment was committed and removed. Returns
 * undefined where the file is gone. Throws `corrupt` where neither copy of its header verifies.
 */
export function openSegment(files: Files, path: string): SegmentReader | undefined {
  let fd: number;
  try {
    fd = files.openForRead(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    const file = readableFile(files, fd);
    const found = findHeader(file, segmentCommitId(path));
    if (!found) throw noHeader(file, path);
    return createReader(file, path, found);
  } catch (error) {
    files.close(fd);
    throw error;
  }
}

interface ReadableFile {
  readonly size: number;
  /** As many of the bytes as there are. */
  read(position: number, length: number): Uint8Array;
  close(): void;
}

function readableFile(files: Files, fd: number): ReadableFile {
  const size = files.size(fd);
  return {
    size,
    read(position, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - position)));
      return bytes.subarray(0, files.read(fd, bytes, position));
    },
    close: () => files.close(fd),
  };
}

interface FoundHeader {
  readonly header: SegmentHeader;
  /** Of one copy. */
  readonly bytes: number;
  readonly damage: readonly ByteRange[];
}

/**
 * The first copy, or else the second, which stands where the first one's length, equal to its own, has put it. The
 * second counts only under the commit id of the file's name: with both damaged, the search must not go on into bodies.
 */
function findHeader(file: ReadableFile, commitId: string): FoundHeader | undefined {
  const last = Math.min(MAX_HEADER_BYTES, file.size);
  for (let start = 0; start < last; start += HEADER_ALIGN_BYTES) {
    const bytes = headerLength(file.read(start, HEADER_ALIGN_BYTES));
    if (bytes === undefined || (start > 0 && start !== bytes)) continue;
    const block = file.read(start, bytes);
    const header = decodeHeader(block);
    if (header?.commitId !== commitId) continue;
    const other = start === 0 ? bytes : 0;
    const isSame = Buffer.compare(block, file.read(other, bytes)) === 0;
    return { header, bytes, damage: isSame ? [] : [{ start: other, end: Math.min(other + bytes, file.size) }] };
  }
  return undefined;
}

function noHeader(file: ReadableFile, path: string): BridgeError {
  const isOld = /^OTLKSEG[12]$/.test(Buffer.from(file.read(0, 8)).toString('latin1'));
  return new BridgeError('corrupt', `journal segment ${path} (${file.size} bytes) has no valid header`, {
    hint: isOld
      ? 'An earlier version of the bridge wrote it: that version can still commit it.'
      : 'The file was cut or damaged before its first request was acknowledged, or by the disk since.',
  });
}

function createReader(file: ReadableFile, path: string, found: FoundHeader): SegmentReader {
  const { header } = found;
  const mark = Buffer.from(header.mark, 'hex');
  let damage: ByteRange[] = [...found.damage];
  let lostRecords = 0;
  let cutBytes = 0;

  function recordAt(start: number, sequence: number): StoredRecord | undefined {
    const length = recordLength(file.read(start, RECORD_PREFIX_BYTES), mark, start);
    if (length === undefined || start + length > file.size) return undefined;
    const record = decodeRecord(file.read(start, length), start);
    return record && record.sequence >= sequence ? record : undefined;
  }

  /** The first record behind `from`. */
  function findRecord(from: number, sequence: number): StoredRecord | undefined {
    for (let position = from; position + RECORD_PREFIX_BYTES <= file.size; position += SEARCH_BYTES) {
      const read = file.read(position, SEARCH_BYTES + MARK_BYTES - 1);
      const bytes = Buffer.from(read.buffer, read.byteOffset, read.length);
      for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + 1)) {
        const record = recordAt(position + at, sequence);
        if (record) return record;
      }
    }
    return undefined;
  }

  /** Whether a record begins here that the file ends within. */
  function isCutShort(start: number): boolean {
    const prefix = file.read(start, RECORD_PREFIX_BYTES);
    if (prefix.length < RECORD_PREFIX_BYTES) {
      return Buffer.compare(prefix.subarray(0, MARK_BYTES), mark.subarray(0, prefix.length)) === 0;
    }
    const length = recordLength(prefix, mark, start);
    return length !== undefined && start + length > file.size;
  }

  /** Where the zeros at the end of the file begin, not before `from`. */
  function endOfData(from: number): number {
    for (let end = file.size; end > from; end -= SEARCH_BYTES) {
      const start = Math.max(from, end - SEARCH_BYTES);
      const last = file.read(start, end - start).findLastIndex((byte) => byte !== 0);
      if (last !== -1) return start + last + 1;
    }
    return from;
  }

  return {
    path,
    header,
    get damage() {
      return damage;
    },
    get cutBytes() {
      return cutBytes;
    },
    get lostRecords() {
      return lostRecords;
    },
    *records() {
      damage = [...found.damage];
      lostRecords = 0;
      cutBytes = 0;
      let position = 2 * found.bytes;
      let sequence = 0;
      while (position < file.size) {
        const here = recordAt(position, sequence);
        const record = here ?? findRecord(position + 1, sequence);
        if (!here) {
          const end = record?.start ?? endOfData(position);
          if (end > position) damage.push({ start: position, end });
          if (!record && isCutShort(position)) cutBytes = end - position;
        }
        if (!record) return;
        lostRecords += record.sequence - sequence;
        sequence = record.sequence + 1;
        position = record.end;
        yield record;
      }
    },
    close: () => file.close(),
  };
}
