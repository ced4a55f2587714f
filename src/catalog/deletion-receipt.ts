/**
 * Deletion receipts: the JSON form of DeletionReceipt (types.ts) under `_lake/deletions/{deletion id}.json`.
 *
 * Invariants: a receipt is written before the first of its objects is deleted, and names them all. So a missing object
 * that a commit record names is explained by a receipt; and after a crash in the middle, deleting the same path again
 * finishes the work under a second receipt. The id is `{UTC time}-{random}`: text order is time order.
 */

import { tableName } from './commit-record.ts';
import type { RecordReader } from './json-record.ts';
import { parseRecord } from './json-record.ts';
import type { DeletionReceipt } from './types.ts';

export function deletionId(epochMs: number, random: string): string {
  return `${new Date(epochMs).toISOString().replace(/[-:.]/g, '')}-${random}`;
}

export function encodeReceipt(receipt: DeletionReceipt): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(receipt)}\n`);
}

/** Throws `corrupt` where the bytes are no receipt. */
export function decodeReceipt(body: Uint8Array, key: string): DeletionReceipt {
  const receipt = parseRecord(body, key);
  return {
    formatVersion: 1,
    deletionId: receipt.string('deletionId'),
    deletedAt: receipt.string('deletedAt'),
    dryRun: false, // a dry run writes none
    table: tableName(receipt.string('table'), receipt),
    path: receipt.string('path'),
    files: receipt.count('files'),
    rows: receipt.optionalCount('rows'),
    bytes: receipt.count('bytes'),
    objects: receipt.list('objects').map(decodeObject),
  };
}

function decodeObject(object: RecordReader): DeletionReceipt['objects'][number] {
  return { key: object.string('key'), rows: object.optionalCount('rows'), bytes: object.count('bytes') };
}
