import { BridgeError } from '../errors.ts';
import { type Files, isErrno } from '../platform/files.ts';
import {
  decodeHeader,
  decodeRecord,
  decodeRecordPrefix,
  HEADER_PREFIX_BYTES,
  headerLength,
  type JournalRecord,
  RECORD_PREFIX_BYTES,
  type SegmentHeader,
} from './format.ts';

export interface SegmentReader {
  readonly path: string;
  readonly header: SegmentHeader;
  /** Whole records in order; ends before the first that is not whole. */
  records(): Generator<JournalRecord>;
  /** Bytes after the last whole record; known when `records` has been read to its end. */
  readonly tailBytes: number;
  close(): void;
}

/**
 * Opens a segment for reading; the open file stays readable after the segment was committed and removed.
 * Returns undefined where the file is gone. Throws `corrupt` where its header does not verify.
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
    const size = files.size(fd);
    const prefix = readAt(files, fd, 0, Math.min(HEADER_PREFIX_BYTES, size));
    const length = headerLength(prefix);
    const header = length !== undefined && length <= size ? decodeHeader(readAt(files, fd, 0, length)) : undefined;
    if (length === undefined || header === undefined) {
      throw new BridgeError('corrupt', `journal segment ${path} (${size} bytes) has no valid header`, {
        hint: 'The file was cut or damaged before its first request was acknowledged, or by the disk since.',
      });
    }
    return createReader(files, path, fd, header, length, size);
  } catch (error) {
    files.close(fd);
    throw error;
  }
}

function createReader(
  files: Files,
  path: string,
  fd: number,
  header: SegmentHeader,
  headerBytes: number,
  size: number,
): SegmentReader {
  let position = headerBytes;
  return {
    path,
    header,
    get tailBytes() {
      return size - position;
    },
    *records() {
      position = headerBytes;
      for (let sequence = 0; ; sequence++) {
        const prefix = decodeRecordPrefix(readAt(files, fd, position, Math.min(RECORD_PREFIX_BYTES, size - position)));
        if (!prefix || prefix.sequence !== sequence) return;
        const length = RECORD_PREFIX_BYTES + prefix.bodyLength;
        if (position + length > size) return;
        const record = decodeRecord(readAt(files, fd, position, length));
        if (!record) return;
        position += length;
        yield record;
      }
    },
    close: () => files.close(fd),
  };
}

function readAt(files: Files, fd: number, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, files.read(fd, bytes, position));
}
