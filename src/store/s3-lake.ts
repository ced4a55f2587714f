/** The lake of a configuration in S3: one bucket, or one more a table that has its own. */
import pLimit from 'p-limit';
import type { Config } from '../config/types.ts';
import { bucketsOf, bucketWishes } from './buckets.ts';
import { createStoreByTable } from './by-table.ts';
import { createS3Store, type S3StoreOptions } from './s3.ts';
import type { ObjectStore } from './store.ts';

export function createS3Lake(config: Config, options: S3StoreOptions = {}): ObjectStore {
  const [own, ...others] = bucketsOf(config);
  const wishes = bucketWishes(config);
  // Memory is one: so is the bound on bodies on their way.
  const uploads = options.uploads ?? pLimit(own!.s3.multipart.maxConcurrentUploads);
  const open = ({ s3 }: { readonly s3: (typeof wishes)[number]['s3'] }) => {
    const wish = wishes.find((one) => one.s3.bucket === s3.bucket)!;
    return createS3Store(s3, config.operations, { ...options, uploads, wish });
  };
  const main = open(own!);
  if (others.length === 0) return main;
  return createStoreByTable(
    main,
    others.map(({ s3, table }) => ({ folder: `${table}/`, store: open({ s3 }) })),
  );
}
