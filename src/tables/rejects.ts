/**
 * Rows that did not fit, kept beside the output: one JSON object a line with `row` (counted from 1), `column`, `found`,
 * `expected` and `record`, the row as it was read. The object exists only where there is such a row.
 */
import { Buffer } from 'node:buffer';
import type { ObjectWriter } from '../store/store.ts';
import type { Place } from './location.ts';

export interface RejectedRow {
  readonly row: number;
  /** Empty where the row as a whole is wrong. */
  readonly column: string;
  readonly found: string;
  readonly expected: string;
  readonly record: unknown;
}

export interface Rejects {
  readonly count: number;
  /** Keeps it in memory until the next `flush`. */
  add(row: RejectedRow): void;
  flush(): Promise<void>;
  /** Undefined where no row was rejected. */
  close(): Promise<{ readonly bytes: number } | undefined>;
  abort(): Promise<void>;
}

export function createRejects(openPlace: () => Promise<Place>, signal?: AbortSignal): Rejects {
  let lines: string[] = [];
  let writer: ObjectWriter | undefined;
  let count = 0;

  async function flush(): Promise<void> {
    if (lines.length === 0) return;
    if (writer === undefined) {
      const { store, key } = await openPlace();
      writer = await store.write(key, { contentType: 'application/x-ndjson', ...(signal ? { signal } : {}) });
    }
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    lines = [];
    await writer.write(bytes);
  }

  return {
    get count() {
      return count;
    },
    add(row) {
      count++;
      lines.push(JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));
    },
    flush,
    async close() {
      await flush();
      return writer && { bytes: (await writer.close()).size };
    },
    async abort() {
      await writer?.abort();
    },
  };
}
