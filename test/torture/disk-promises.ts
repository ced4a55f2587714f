/**
 * `node:fs/promises`, as far as the file store uses it, over the simulated machine in force. Importing this module puts
 * it in the place of the real one for modules of src/store that are loaded later.
 */
import { registerHooks } from 'node:module';
import { isErrno } from '../../src/platform/files.ts';
import type { DiskNode } from './disk-model.ts';
import { errno, type OpenFile, type System } from './disk-system.ts';

let system: System;
let isInPlace = false;

/** Throws where the store was loaded before this module, and would write to the real disk. */
export function useSystem(other: System): void {
  if (!isInPlace)
    throw new Error('the file store was loaded before disk-promises.ts took the place of node:fs/promises');
  system = other;
}

registerHooks({
  resolve(specifier, context, next) {
    const isStore = context.parentURL?.includes('/src/store/') ?? false;
    if (specifier !== 'node:fs/promises' || !isStore) return next(specifier, context);
    isInPlace = true;
    return { url: import.meta.url, shortCircuit: true };
  },
});

function statOf(node: DiskNode, isBig: boolean) {
  const size = node.kind === 'file' ? node.size : 0;
  const modified = node.kind === 'file' ? node.modified : 0;
  const big = { ino: BigInt(node.id), size: BigInt(size), mtimeNs: BigInt(modified) * 1_000_000n };
  return {
    ...(isBig ? { ...big, mtimeMs: BigInt(modified) } : { ino: node.id, size, mtimeMs: modified }),
    isFile: () => node.kind === 'file',
    isDirectory: () => node.kind === 'folder',
  };
}

type StatOptions = { readonly bigint?: boolean } | undefined;

function handleOf(file: OpenFile) {
  const close = async () => {};
  return {
    stat: async (options: StatOptions) => statOf(file.node, options?.bigint === true),
    writeFile: async (chunk: Uint8Array | string) => system.write(file, [Buffer.from(chunk as string)]),
    sync: async () => system.sync(file),
    async read(into: Uint8Array, offset: number, length: number, position: number) {
      if (file.node.kind !== 'file') throw errno('EISDIR', 'read');
      const bytes = file.node.bytes.subarray(position, Math.min(position + length, file.node.size));
      into.set(bytes, offset);
      return { bytesRead: bytes.length };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

export async function open(path: string, flags: string) {
  return handleOf(flags === 'wx' ? system.create(path) : system.open(path));
}

export async function stat(path: string, options: StatOptions) {
  return statOf(system.open(path).node, options?.bigint === true);
}

export async function access(path: string): Promise<void> {
  system.open(path);
}

export async function readdir(path: string, options?: { readonly withFileTypes?: boolean }) {
  const { node } = system.open(path);
  if (node.kind !== 'folder') throw errno('ENOTDIR', path);
  const entries = [...node.names].map(([name, child]) => ({ name, ...statOf(child, false) }));
  return options?.withFileTypes ? entries : entries.map(({ name }) => name);
}

export async function mkdir(path: string): Promise<void> {
  system.makeFolders(path);
}

export async function link(from: string, to: string): Promise<void> {
  system.link(from, to);
}

export async function rename(from: string, to: string): Promise<void> {
  system.rename(from, to);
}

export async function unlink(path: string): Promise<void> {
  system.remove(path);
}

export async function rmdir(path: string): Promise<void> {
  system.remove(path);
}

export async function rm(path: string, options: { readonly recursive?: boolean; readonly force?: boolean } = {}) {
  try {
    const node = system.lookUp(path);
    if (node.kind === 'folder' && options.recursive) {
      for (const name of [...node.names.keys()]) await rm(`${path}/${name}`, options);
    }
    system.remove(path);
  } catch (error) {
    if (!options.force || !isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
  }
}
