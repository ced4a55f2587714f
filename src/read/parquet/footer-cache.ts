/**
 * Footers of files that were read before, with the bytes around them (Bloom filters and indexes). An object is known by
 * its key, size and time of change: one that was replaced is read anew. What was asked for longest ago goes first.
 */
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

/** Objects of a parsed footer take about this many times its bytes. */
const PARSED_SHARE = 15;

export function createFooterCache(maxBytes: number): FooterCache {
  const cached = new Map<string, Footer>();
  let bytes = 0;
  return {
    get(file) {
      const name = nameOf(file);
      const footer = cached.get(name);
      if (footer === undefined) return undefined;
      cached.delete(name);
      cached.set(name, footer);
      return footer;
    },
    put(file, footer) {
      const name = nameOf(file);
      const before = cached.get(name);
      if (before !== undefined) bytes -= weight(before);
      cached.delete(name);
      cached.set(name, footer);
      bytes += weight(footer);
      for (const [oldest, old] of cached) {
        if (bytes <= maxBytes) break;
        cached.delete(oldest);
        bytes -= weight(old);
      }
    },
  };
}

function nameOf({ key, size, modifiedMs }: FileIdentity): string {
  return `${key}\0${size}\0${modifiedMs}`;
}

function weight({ tail, metadata }: Footer): number {
  return tail.bytes.length + PARSED_SHARE * metadata.metadata_length;
}
