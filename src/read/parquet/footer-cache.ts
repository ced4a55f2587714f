/**
 * Footers of files that were read before, with the bytes around them (Bloom filters and indexes). An object is known by
 * its key, size and time of change: one that was replaced is read anew. What was asked for longest ago goes first.
 */
import { createLru } from '../../platform/lru.ts';
import type { Footer } from './footer.ts';

export interface FileIdentity {
  readonly key: string;
  readonly size: number;
  readonly modifiedMs: number;
}

export interface FooterCache {
  get(file: FileIdentity): Footer | undefined;
  put(file: FileIdentity, footer: Footer): void;
}

/** Objects of a footer take about this many times its bytes, once all of its columns have been asked. */
const PARSED_SHARE = 15;

export function createFooterCache(maxBytes: number): FooterCache {
  const footers = createLru(maxBytes, weight);
  return {
    get: (file) => footers.get(nameOf(file)),
    put: (file, footer) => footers.put(nameOf(file), footer),
  };
}

function nameOf({ key, size, modifiedMs }: FileIdentity): string {
  return `${key}\0${size}\0${modifiedMs}`;
}

function weight({ tail, metadata }: Footer): number {
  return tail.bytes.length + PARSED_SHARE * metadata.metadata_length;
}
