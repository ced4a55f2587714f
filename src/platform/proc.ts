/** Folders in proc(5): Node's recursive mkdir never returns there, because a name that cannot be made is answered ENOENT. */
import { existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { BridgeError } from '../errors.ts';

/** PROC_SUPER_MAGIC of statfs(2). */
const PROC = 0x9fa0;

/** Throws `config` where the path is in proc; `key` is the setting it comes from. */
export function refuseProc(path: string, key: string): void {
  let folder = resolve(path);
  while (!existsSync(folder)) folder = dirname(folder);
  if (process.platform !== 'linux' || statfsSync(folder).type !== PROC) return;
  throw new BridgeError(
    'config',
    `${key} "${path}" is in ${folder}, where the kernel shows processes and no file can be made`,
    {
      hint: 'Name a folder on a disk.',
    },
  );
}
