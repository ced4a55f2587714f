/** What is to be uploaded: files, the files of folders, and streams that come only once. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { BridgeError } from '../../errors.ts';

/** Read once, of unknown length: standard input, a named pipe. */
export interface StreamSource {
  /** For messages and reports. */
  readonly name: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface Planned {
  /** Path of a file, or what a stream is called. */
  readonly source: string;
  /** Below the folder it was found in; undefined for a stream, which has none. */
  readonly name: string | undefined;
  /** Bytes; undefined for a stream. */
  readonly size: number | undefined;
  /** Of a stream. */
  readonly bytes: AsyncIterable<Uint8Array> | undefined;
}

/** @throws BridgeError not_found for a path that is not there */
export async function plan(source: string | StreamSource, signal: AbortSignal): Promise<Planned[]> {
  if (typeof source !== 'string')
    return [{ source: source.name, name: undefined, size: undefined, bytes: source.bytes }];
  const found = await stat(source).catch((cause: unknown) => {
    throw new BridgeError('not_found', `there is no file or folder ${source}`, { cause });
  });
  if (found.isFile()) return [{ source, name: basename(source), size: found.size, bytes: undefined }];
  if (!found.isDirectory()) {
    return [{ source, name: undefined, size: undefined, bytes: createReadStream(source, { signal }) }];
  }
  return filesIn(source);
}

/** All files below a folder but hidden ones, by their path in it. */
async function filesIn(folder: string): Promise<Planned[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((name) => !/(^|\/)[_.]/.test(name))
    .sort();
  const files: Planned[] = [];
  for (const name of names) {
    const source = join(folder, name);
    files.push({ source, name, size: (await stat(source)).size, bytes: undefined });
  }
  return files;
}
