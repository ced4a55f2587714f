import { join } from 'node:path';
import type { Files } from '../platform/files.ts';
import { encodeHeader, encodeRecordPrefix, type JournalRecord, type SegmentHeader } from './format.ts';
import { segmentsFolder } from './journal.ts';

export interface SegmentWriter {
  readonly path: string;
  readonly commitId: string;
  /** Bytes in the file that count. */
  readonly durableBytes: number;
  /**
   * Writes the records and, with `sync`, returns only when they are on the disk. When anything fails, none of them
   * counts, and the segment takes no more: after a failed fsync the kernel may have dropped the pages and marked them
   * clean, so that a second fsync on the same file would lie (https://lwn.net/Articles/752063/).
   */
  append(records: readonly JournalRecord[], sync: boolean): void;
  sync(): void;
  close(): void;
}

/** Opens a segment. Its file is made with the first append, so that a quiet lane leaves no empty files. */
export function createSegmentWriter(files: Files, journalPath: string, header: SegmentHeader): SegmentWriter {
  const folder = segmentsFolder(journalPath);
  const path = join(folder, `${header.commitId}.segment`);
  let fd: number | undefined;
  let durableBytes = 0;
  let writtenBytes = 0;
  let sequence = 0;
  let nameIsDurable = false;

  function sync(): void {
    if (fd === undefined) return;
    files.syncData(fd);
    if (!nameIsDurable) {
      files.syncFolder(folder);
      nameIsDurable = true;
    }
    durableBytes = writtenBytes;
  }

  return {
    path,
    commitId: header.commitId,
    get durableBytes() {
      return durableBytes;
    },
    append(records, syncNow) {
      const buffers: Uint8Array[] = [];
      if (fd === undefined) {
        fd = files.create(path);
        buffers.push(encodeHeader(header));
      }
      for (const record of records) buffers.push(encodeRecordPrefix(record, sequence++), record.body);
      try {
        files.append(fd, buffers);
        for (const buffer of buffers) writtenBytes += buffer.length;
        if (syncNow) sync();
      } catch (error) {
        cutQuietly(files, fd, durableBytes);
        throw error;
      }
      if (!syncNow) durableBytes = writtenBytes;
    },
    sync,
    close() {
      if (fd !== undefined) files.close(fd);
      fd = undefined;
    },
  };
}

/** Takes unacknowledged records off the file's end where the disk still lets us; a replay may then not find them. */
function cutQuietly(files: Files, fd: number, length: number): void {
  try {
    files.truncate(fd, length);
    files.syncData(fd);
  } catch {
    // The first error is the one to report. Records left here were answered "not stored": a sender that tries again
    // stores them twice, which at-least-once senders accept; losing acknowledged ones they would not.
  }
}
