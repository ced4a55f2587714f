/**
 * The system calls of a simulated machine over a disk of disk-model.ts: paths, open files, errors, and faults at chosen
 * calls. `files` is the journal's interface to the disk; disk-promises.ts puts `node:fs/promises` over the same calls.
 */
import { type Files, isErrno } from '../../src/platform/files.ts';
import type { Random } from '../fuzz/random.ts';
import type { Disk, DiskNode, FileNode, FolderNode } from './disk-model.ts';

export type Call = 'create' | 'write' | 'sync' | 'truncate' | 'folder' | 'name' | 'read';
export type End = 'power cut' | 'kill';
export type Fault = 'EIO' | 'ENOSPC' | End;

export interface OpenFile {
  readonly path: string;
  readonly node: DiskNode;
  position: number;
}

export interface System {
  readonly disk: Disk;
  /** Asked before every call; a fault is carried out there. */
  nextFault: (call: Call) => Fault | undefined;
  /** Calls that succeed and do nothing: what a bridge without them would be found by. */
  forgets: Call | undefined;
  /** Told of every call that is made. */
  trace: (line: string) => void;
  /** How this life has ended: every call fails from then until `restart`. */
  readonly ended: End | undefined;
  /** Calls so far. */
  readonly calls: number;
  /** The machine starts again after a power cut, or only the process after a kill: then nothing is forgotten. */
  restart(after: End): void;
  lookUp(path: string): DiskNode;
  create(path: string): OpenFile;
  open(path: string): OpenFile;
  write(file: OpenFile, buffers: readonly Uint8Array[]): void;
  sync(file: OpenFile): void;
  truncate(file: OpenFile, size: number): void;
  makeFolders(path: string): void;
  link(from: string, to: string): void;
  rename(from: string, to: string): void;
  /** A file, or an empty folder. */
  remove(path: string): void;
  readonly files: Files;
}

export function errno(code: string, call: string): Error {
  return Object.assign(new Error(`${code}: simulated, ${call}`), { code });
}

export function createSystem(disk: Disk, random: Random): System {
  const open = new Map<number, OpenFile>();
  let nextFd = 3;
  let ended: End | undefined;
  let calls = 0;

  /** Carries out a fault: `partly` is what may have happened when the power went away or room ran out. */
  function enter(call: Call, path: string, partly: (fault: Fault) => void = () => {}): void {
    calls++;
    if (ended) throw errno('EIO', `${call} after the end`);
    const fault = system.nextFault(call);
    system.trace(`${calls} ${call} ${path}${fault ? `: ${fault}` : ''}`);
    if (!fault) return;
    const isEnd = fault === 'power cut' || fault === 'kill';
    if (isEnd ? random.oneIn(2) : call === 'write' || call === 'sync') partly(fault);
    if (isEnd) ended = fault;
    throw errno(isEnd ? 'EIO' : fault, call);
  }

  function folderOf(path: string): { folder: FolderNode; name: string } {
    const slash = path.lastIndexOf('/');
    const folder = system.lookUp(path.slice(0, slash) || '/');
    if (folder.kind !== 'folder') throw errno('ENOTDIR', path);
    return { folder, name: path.slice(slash + 1) };
  }

  function asFile({ node }: OpenFile): FileNode {
    if (node.kind !== 'file') throw errno('EISDIR', 'write');
    return node;
  }

  function descriptor(file: OpenFile): number {
    open.set(nextFd, file);
    return nextFd++;
  }

  function fileOf(fd: number): OpenFile {
    const file = open.get(fd);
    if (!file) throw errno('EBADF', 'file');
    return file;
  }

  const system: System = {
    disk,
    nextFault: () => undefined,
    forgets: undefined,
    trace: () => {},
    get ended() {
      return ended;
    },
    get calls() {
      return calls;
    },
    restart(after) {
      if (after === 'power cut') disk.powerCut();
      open.clear();
      ended = undefined;
    },
    lookUp(path) {
      let node: DiskNode = disk.root;
      for (const name of path.split('/').filter(Boolean)) {
        if (node.kind !== 'folder') throw errno('ENOTDIR', path);
        const next = node.names.get(name);
        if (!next) throw errno('ENOENT', path);
        node = next;
      }
      return node;
    },
    create(path) {
      const { folder, name } = folderOf(path);
      const make = () => {
        const node = disk.newFile();
        disk.change([{ folder, name, node }]);
        return { path, node, position: 0 };
      };
      enter('create', path, make);
      if (folder.names.has(name)) throw errno('EEXIST', path);
      return make();
    },
    open(path) {
      enter('read', path);
      return { path, node: system.lookUp(path), position: 0 };
    },
    write(file, buffers) {
      const node = asFile(file);
      const bytes = Buffer.concat(buffers);
      const put = (length: number) => {
        disk.write(node, file.position, bytes.subarray(0, length));
        file.position += length;
      };
      enter('write', file.path, () => put(random.below(bytes.length + 1)));
      put(bytes.length);
    },
    sync(file) {
      if (file.node.kind === 'folder') return syncFolder(file.path, file.node);
      const node = file.node;
      // A kill leaves what was not written for later; only a sync that fails has it forgotten.
      enter('sync', file.path, (fault) => (fault === 'kill' ? disk.syncFile(node) : disk.failSync(node)));
      if (system.forgets !== 'sync') disk.syncFile(node);
    },
    truncate(file, size) {
      const node = asFile(file);
      enter('truncate', file.path, () => disk.truncate(node, size));
      if (system.forgets === 'truncate') return;
      disk.truncate(node, size);
      file.position = size;
    },
    makeFolders(path) {
      let folder = disk.root;
      for (const name of path.split('/').filter(Boolean)) {
        let next = folder.names.get(name);
        if (!next) {
          enter('name', path);
          next = disk.newFolder();
          disk.change([{ folder, name, node: next }]);
        }
        if (next.kind !== 'folder') throw errno('ENOTDIR', path);
        folder = next;
      }
    },
    link(from, to) {
      const node = system.lookUp(from);
      const { folder, name } = folderOf(to);
      if (folder.names.has(name)) throw errno('EEXIST', to);
      const change = () => disk.change([{ folder, name, node }]);
      enter('name', to, change);
      change();
    },
    rename(from, to) {
      const node = system.lookUp(from);
      const source = folderOf(from);
      const target = folderOf(to);
      const change = () => {
        disk.change([
          { ...source, node: undefined },
          { ...target, node },
        ]);
      };
      enter('name', to, change);
      change();
    },
    remove(path) {
      const node = system.lookUp(path);
      if (node.kind === 'folder' && node.names.size > 0) throw errno('ENOTEMPTY', path);
      const change = () => disk.change([{ ...folderOf(path), node: undefined }]);
      enter('name', path, change);
      change();
    },
    files: {
      create: (path) => descriptor(system.create(path)),
      openForRead: (path) => descriptor(system.open(path)),
      append: (fd, buffers) => system.write(fileOf(fd), buffers),
      read(fd, into, position) {
        const { path } = fileOf(fd);
        enter('read', path);
        const node = asFile(fileOf(fd));
        const length = Math.max(0, Math.min(into.length, node.size - position));
        into.set(node.bytes.subarray(position, position + length));
        return length;
      },
      size(fd) {
        enter('read', fileOf(fd).path);
        return asFile(fileOf(fd)).size;
      },
      syncData: (fd) => system.sync(fileOf(fd)),
      truncate: (fd, length) => system.truncate(fileOf(fd), length),
      close: (fd) => void open.delete(fd),
      syncFolder(path) {
        const node = system.lookUp(path);
        if (node.kind !== 'folder') throw errno('ENOTDIR', path);
        syncFolder(path, node);
      },
      makeFolder: (path) => system.makeFolders(path),
      list(path) {
        enter('read', path);
        try {
          const node = system.lookUp(path);
          return node.kind === 'folder' ? [...node.names.keys()].sort() : [];
        } catch (error) {
          if (isErrno(error, 'ENOENT')) return [];
          throw error;
        }
      },
      rename: (from, to) => system.rename(from, to),
      remove(path) {
        try {
          system.remove(path);
        } catch (error) {
          if (!isErrno(error, 'ENOENT')) throw error;
        }
      },
    },
  };

  function syncFolder(path: string, folder: FolderNode): void {
    enter('folder', path);
    if (system.forgets !== 'folder') disk.syncFolder(folder);
  }

  return system;
}
