/**
 * A disk in memory that forgets at a power cut what was not synced.
 *
 * Invariants, all worse than what a real disk does, none better:
 * - bytes of a file are durable after a sync of that file; until then each sector of them may be there or not,
 *   independently of the others, and one that never was durable may hold garbage;
 * - a sector that was durable holds its old or its new bytes, never a mixture;
 * - a file's size follows its last sync, or is any size it had since, at a sector's end;
 * - a name (made, moved, removed) is durable after a sync of its folder, or one of its folders where it was moved;
 *   until then every change may be there or not, in any combination;
 * - after a sync that failed, the bytes count as clean: a later sync does not write them (https://lwn.net/Articles/752063/).
 */
import type { Random } from '../fuzz/random.ts';

const SECTOR_BYTES = 512;

export interface FileNode {
  readonly kind: 'file';
  readonly id: number;
  /** What programs see. */
  bytes: Buffer;
  size: number;
  /** What the disk has. */
  durable: Buffer;
  durableSize: number;
  /** Sectors that differ between them, and the sizes the file had since its last sync. */
  readonly dirty: Set<number>;
  sizes: number[];
  modified: number;
}

export interface FolderNode {
  readonly kind: 'folder';
  readonly id: number;
  readonly names: Map<string, DiskNode>;
  readonly durableNames: Map<string, DiskNode>;
}

export type DiskNode = FileNode | FolderNode;

interface NameChange {
  readonly folder: FolderNode;
  readonly name: string;
  readonly node: DiskNode | undefined;
}

/** Changes that are there together or not at all. */
type Change = readonly NameChange[];

export interface Disk {
  readonly root: FolderNode;
  newFile(): FileNode;
  newFolder(): FolderNode;
  write(file: FileNode, position: number, bytes: Uint8Array): void;
  truncate(file: FileNode, size: number): void;
  change(changes: Change): void;
  syncFile(file: FileNode): void;
  /** A sync that fails: some of the bytes were written, none will be. */
  failSync(file: FileNode): void;
  syncFolder(folder: FolderNode): void;
  /** The machine loses its power: what is left becomes what programs see. */
  powerCut(): void;
}

export function createDisk(random: Random): Disk {
  let nextId = 1;
  let ticks = 0;
  let pending: Change[] = [];
  const files: FileNode[] = [];
  const folders: FolderNode[] = [];

  function newFolder(): FolderNode {
    const folder: FolderNode = { kind: 'folder', id: nextId++, names: new Map(), durableNames: new Map() };
    folders.push(folder);
    return folder;
  }

  function touch(file: FileNode, start: number, end: number): void {
    for (let s = Math.floor(start / SECTOR_BYTES); s * SECTOR_BYTES < end; s++) file.dirty.add(s);
    file.modified = ++ticks;
  }

  function setSize(file: FileNode, size: number): void {
    if (size === file.size) return;
    file.size = size;
    file.sizes.push(size);
  }

  function makeDurable({ folder, name, node }: NameChange): void {
    if (node) folder.durableNames.set(name, node);
    else folder.durableNames.delete(name);
  }

  function copySector(file: FileNode, sector: number): void {
    const end = Math.min((sector + 1) * SECTOR_BYTES, file.bytes.length);
    file.durable = grown(file.durable, end);
    file.bytes.copy(file.durable, sector * SECTOR_BYTES, sector * SECTOR_BYTES, end);
  }

  /** The sector as the disk may have left it, `share` of a hundred of them written. */
  function leaveSector(file: FileNode, sector: number, share: number): void {
    const wasDurable = sector * SECTOR_BYTES < file.durableSize;
    const isWritten = random.below(100) < share;
    if (isWritten) copySector(file, sector);
    if (isWritten || wasDurable || !random.oneIn(10)) return;
    const start = sector * SECTOR_BYTES;
    const length = Math.min(SECTOR_BYTES, file.bytes.length - start);
    file.durable = grown(file.durable, start + length);
    file.durable.set(random.bytes(length), start);
  }

  function leaveFile(file: FileNode, share: number): void {
    const sectors = [...file.dirty];
    for (const sector of sectors) leaveSector(file, sector, share);
    file.dirty.clear();
    const size = random.pick([file.durableSize, ...file.sizes]);
    const isCut = size > file.durableSize && random.oneIn(4);
    const added = isCut ? random.below(size - file.durableSize) : size - file.durableSize;
    setDurableSize(file, file.durableSize + added);
    file.sizes = [];
  }

  function setDurableSize(file: FileNode, size: number): void {
    file.durable = grown(file.durable, size);
    file.durable.fill(0, size); // a file that grows again has zeros there
    file.durableSize = size;
  }

  return {
    root: newFolder(),
    newFile() {
      const none = Buffer.alloc(0);
      const file: FileNode = {
        kind: 'file',
        id: nextId++,
        bytes: none,
        size: 0,
        durable: none,
        durableSize: 0,
        dirty: new Set(),
        sizes: [],
        modified: ++ticks,
      };
      files.push(file);
      return file;
    },
    newFolder,
    write(file, position, bytes) {
      const end = position + bytes.length;
      file.bytes = grown(file.bytes, end);
      file.bytes.set(bytes, position);
      touch(file, position, end);
      setSize(file, Math.max(file.size, end));
    },
    truncate(file, size) {
      file.bytes = grown(file.bytes, size);
      file.bytes.fill(0, size);
      for (const sector of file.dirty) if (sector * SECTOR_BYTES >= size) file.dirty.delete(sector);
      touch(file, size, size);
      setSize(file, size);
    },
    change(changes) {
      for (const { folder, name, node } of changes) {
        if (node) folder.names.set(name, node);
        else folder.names.delete(name);
      }
      pending.push(changes);
    },
    syncFile(file) {
      for (const sector of file.dirty) copySector(file, sector);
      file.dirty.clear();
      file.sizes = [];
      setDurableSize(file, file.size);
    },
    failSync(file) {
      const size = file.size;
      leaveFile(file, 50);
      if (size !== file.durableSize) file.sizes = [size];
    },
    syncFolder(folder) {
      pending = pending.filter((changes) => {
        const isSynced = changes.some((change) => change.folder === folder);
        if (isSynced) changes.forEach(makeDurable);
        return !isSynced;
      });
    },
    powerCut() {
      const share = random.pick([0, 10, 50, 90, 100]);
      for (const changes of pending) if (random.below(100) < share) changes.forEach(makeDurable);
      pending = [];
      for (const { names, durableNames } of folders) {
        names.clear();
        for (const [name, node] of durableNames) names.set(name, node);
      }
      for (const file of files) {
        leaveFile(file, share);
        file.bytes = Buffer.from(file.durable);
        file.size = file.durableSize;
      }
    },
  };
}

/** The buffer with at least so many bytes, new ones zero. */
function grown(buffer: Buffer, length: number): Buffer {
  if (length <= buffer.length) return buffer;
  const larger = Buffer.alloc(Math.max(length, 2 * buffer.length));
  buffer.copy(larger);
  return larger;
}
