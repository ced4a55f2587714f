import { join } from 'node:path';
import { BridgeError } from '../errors.ts';
import type { Files } from '../platform/files.ts';
import { encodeHeader, encodeRecordPrefix, type JournalRecord, type SegmentHeader } from './format.ts';
import { segmentsFolder } from './journal.ts';

export interface SegmentWriter {
  readonly path: string;
  readonly commitId: string;
  /** Bytes in the file that count. */
  readonly durableBytes: number;
  /**
   * The file may hold more than those for good (an append failed, and so did cutting it off), or less (a sync of what
   * counted already failed): what is to be read back has to be put into a new file first, see settle.ts.
   */
  readonly needsCopy: boolean;
  /**
   * Writes the records and, with `sync`, returns only when they are on the disk. When anything fails, none of them
   * counts, and the segment takes no more: after a failed fsync the kernel may have dropped the pages and marked them
   * clean, so that a second fsync on the same file would lie (https://lwn.net/Articles/752063/).
   */
  append(records: readonly JournalRecord[], sync: boolean): void;
  sync(): void;
  close(): void;
}

/**
 * Opens a segment. Its file is made with the first append, so that a quiet lane leaves no empty files.
 *
 * Room is not allocated ahead. Measured with `npm run bench journal` (ext4, groups of 500 kB): a size set 16 MiB ahead
 * changes nothing beyond the noise (each fdatasync still has to allocate the blocks); zeros written ahead take a group's
 * median from 0.6 to 0.35 ms, but every byte is written twice, and the same groups took up to 1.4 times as long in all.
 */
export function createSegmentWriter(files: Files, journalPath: string, header: SegmentHeader): SegmentWriter {
  const folder = segmentsFolder(journalPath);
  const path = join(folder, `${header.commitId}.segment`);
  const mark = Buffer.from(header.mark, 'hex');
  let fd: number | undefined;
  let durableBytes = 0;
  let writtenBytes = 0;
  let sequence = 0;
  let nameIsDurable = false;
  let hasFailed = false;
  let needsCopy = false;

  function checkWorks(): void {
    if (hasFailed) throw new BridgeError('internal', `journal segment ${path} has failed and takes no more`);
  }

  function sync(): void {
    checkWorks();
    if (fd === undefined) return;
    try {
      files.syncData(fd);
      if (!nameIsDurable) {
        files.syncFolder(folder);
        nameIsDurable = true;
      }
    } catch (error) {
      hasFailed = true;
      needsCopy = true;
      throw error;
    }
    durableBytes = writtenBytes;
  }

  return {
    path,
    commitId: header.commitId,
    get durableBytes() {
      return durableBytes;
    },
    get needsCopy() {
      return needsCopy;
    },
    append(records, syncNow) {
      checkWorks();
      const buffers: Uint8Array[] = [];
      if (fd === undefined) {
        fd = files.create(path);
        const copy = encodeHeader(header);
        buffers.push(copy, copy);
      }
      let offset = buffers.reduce((sum, { length }) => sum + length, writtenBytes);
      for (const record of records) {
        const prefix = encodeRecordPrefix(record, mark, offset, sequence++);
        buffers.push(prefix, record.body);
        offset += prefix.length + record.body.length;
      }
      try {
        files.append(fd, buffers);
        writtenBytes = offset;
        if (syncNow) sync();
      } catch (error) {
        hasFailed = true;
        needsCopy = !isCut(files, fd, durableBytes);
        throw error;
      }
      if (!syncNow) durableBytes = writtenBytes;
    },
    sync,
    close() {
      const open = fd;
      fd = undefined;
      if (open !== undefined) files.close(open);
    },
  };
}

/**
 * Takes unacknowledged records off the file's end where the disk lets us. Dropping pages asks nothing of those that
 * failed, so this sync is no second try of the first one. The first error is the one to report.
 */
function isCut(files: Files, fd: number, length: number): boolean {
  try {
    files.truncate(fd, length);
    files.syncData(fd);
    return true;
  } catch {
    return false;
  }
}
