/**
 * What comes only once, kept in a temporary file: for a format whose end says whether the whole is sound.
 *
 * The file lies in the system's folder for temporary files (TMPDIR) and has no name as soon as it is open, so that nothing
 * is left of it however the process ends.
 */
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BridgeError } from '../../errors.ts';
import { systemRandomness } from '../../platform/clock.ts';
import { isErrno } from '../../platform/files.ts';
import type { ByteRange } from '../../store/store.ts';

export interface Spill {
  readonly size: number;
  read(range: ByteRange): Promise<Uint8Array>;
  /** From its beginning to its end. */
  chunks(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

const READ_BYTES = 1024 * 1024;

/**
 * Takes the source to its end.
 *
 * @param name of the source, for messages
 * @throws BridgeError too_large beyond `maxBytes`, unavailable where the disk is full, and errors of the source
 */
export async function spill(
  source: AsyncIterable<Uint8Array>,
  { name, maxBytes, signal }: { readonly name: string; readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<Spill> {
  const file = await openUnnamed();
  let size = 0;
  try {
    for await (const chunk of source) {
      signal.throwIfAborted();
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(name, maxBytes);
      await write(file, chunk);
    }
    signal.throwIfAborted();
  } catch (error) {
    await file.close();
    throw error;
  }

  async function read({ start, end }: ByteRange): Promise<Uint8Array> {
    const bytes = new Uint8Array(end - start);
    for (let filled = 0; filled < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled);
      if (bytesRead === 0) throw new BridgeError('internal', `the temporary file of ${name} was cut short`);
      filled += bytesRead;
    }
    return bytes;
  }

  return {
    size,
    read,
    async *chunks() {
      for (let start = 0; start < size; start += READ_BYTES) {
        yield await read({ start, end: Math.min(size, start + READ_BYTES) });
      }
    },
    close: () => file.close(),
  };
}

async function openUnnamed(): Promise<FileHandle> {
  const path = join(tmpdir(), `otel-lake-spill-${systemRandomness.hex(8)}`);
  try {
    const file = await open(path, 'wx+', 0o600);
    await unlink(path);
    return file;
  } catch (cause) {
    throw new BridgeError('unavailable', `no temporary file can be made in ${tmpdir()}: ${(cause as Error).message}`, {
      cause,
      hint: 'Name another folder by TMPDIR.',
    });
  }
}

async function write(file: FileHandle, chunk: Uint8Array): Promise<void> {
  try {
    await file.writeFile(chunk);
  } catch (cause) {
    if (!isErrno(cause, 'ENOSPC', 'EDQUOT')) throw cause;
    throw new BridgeError('unavailable', `there is no room for the temporary file in ${tmpdir()}`, {
      cause,
      hint: 'Name a folder on a larger disk by TMPDIR, or upload from a file.',
    });
  }
}

function tooLarge(name: string, maxBytes: number): BridgeError {
  return new BridgeError('too_large', `${name} has more than ${maxBytes} bytes, which is all that may be spilled`, {
    hint: 'Allow more (--max-spill-mb), or upload it from a file, which needs no spill.',
  });
}
