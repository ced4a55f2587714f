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

interface Kept extends Omit<FileIdentity, 'key'> {
  readonly footer: Footer;
}

export function createFooterCache(maxBytes: number): FooterCache {
  const footers = createLru<Kept>(maxBytes, weight);
  return {
    get({ key, size, modifiedMs }) {
      const kept = footers.get(key);
      return kept?.size === size && kept.modifiedMs === modifiedMs ? kept.footer : undefined;
    },
    put: ({ key, size, modifiedMs }, footer) => footers.put(key, { size, modifiedMs, footer }),
  };
}

function weight({ footer: { tail, metadata } }: Kept): number {
  return tail.bytes.length + PARSED_SHARE * metadata.metadata_length;
}
