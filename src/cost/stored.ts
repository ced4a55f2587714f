/** What is stored, by table, partition and storage class: one listing, in memory of one row a partition and class. */
import { partitionOfKey } from '../catalog/keys.ts';
import type { CostConfig } from '../config/types.ts';
import { SIGNAL_LIST } from '../model/signal.ts';
import type { ObjectInfo } from '../store/store.ts';
import { gib, storagePrice } from './prices.ts';
import type { StoredRow } from './types.ts';

const STANDARD = 'STANDARD';
const BOOKKEEPING = '_lake';

export interface Place {
  readonly table: string;
  readonly partition: string;
}

/** Where an object of the lake belongs. */
export function placeOf(key: string): Place {
  for (const { name } of SIGNAL_LIST) {
    const partition = partitionOfKey(name, key);
    if (partition !== undefined) return { table: name, partition };
  }
  return { table: key.startsWith(`${BOOKKEEPING}/`) ? BOOKKEEPING : '', partition: '' };
}

/** Servers that have one class only leave its name out. */
export function classOf({ storageClass }: ObjectInfo): string {
  return storageClass === undefined || storageClass === '' ? STANDARD : storageClass;
}

export interface StoredSum {
  add(object: ObjectInfo): void;
  /** In the order of table, partition and class. */
  rows(cost: CostConfig): StoredRow[];
}

export function sumStored(): StoredSum {
  const sums = new Map<
    string,
    { readonly place: Place; readonly storageClass: string; files: number; bytes: number }
  >();
  return {
    add(object) {
      const place = placeOf(object.key);
      const storageClass = classOf(object);
      const id = `${place.table}\0${place.partition}\0${storageClass}`;
      const sum = sums.get(id) ?? { place, storageClass, files: 0, bytes: 0 };
      sum.files++;
      sum.bytes += object.size;
      sums.set(id, sum);
    },
    rows(cost) {
      return [...sums]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, { place, storageClass, files, bytes }]) => {
          const price = storagePrice(cost, storageClass);
          return { ...place, storageClass, files, bytes, monthly: price === undefined ? null : gib(bytes) * price };
        });
    },
  };
}
