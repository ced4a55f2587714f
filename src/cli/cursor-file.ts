/** A file that keeps the cursor of incremental reads from run to run. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { BridgeError } from '../errors.ts';
import { isErrno } from '../platform/files.ts';

/** Undefined where the file is not there yet. */
export function readCursorFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch (cause) {
    if (isErrno(cause, 'ENOENT')) return undefined;
    throw failed(path, 'read', cause);
  }
}

/** Takes the old one's place at once, so that a crash leaves the one or the other. */
export function writeCursorFile(path: string, cursor: string): void {
  try {
    writeFileSync(`${path}.new`, `${cursor}\n`);
    renameSync(`${path}.new`, path);
  } catch (cause) {
    throw failed(path, 'written', cause);
  }
}

function failed(path: string, what: string, cause: unknown): BridgeError {
  return new BridgeError('permission_denied', `${path} cannot be ${what}: ${(cause as Error).message}`, { cause });
}
