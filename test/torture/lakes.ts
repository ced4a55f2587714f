/** The lakes a bridge is tortured on: a folder, and a bucket of a MinIO that is started for it. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { segmentsFolder } from '../../src/journal/journal.ts';
import { startMinio } from '../support/minio.ts';
import { s3Client } from '../support/s3-client.ts';
import { s3Toml } from '../support/s3-toml.ts';
import type { LakeLocation } from './lake-reader.ts';
import { createMoments, type Moments, watchFolder, watchJournal } from './moments.ts';
import { S3_STEPS, startS3Tap } from './s3-tap.ts';

export interface TortureLake {
  /** For the bridge's configuration. */
  readonly toml: string;
  readonly location: LakeLocation;
  readonly moments: Moments;
  /** Whether objects of some MiB become several parts here. */
  readonly hasParts: boolean;
  /** Uploads that were begun and neither completed nor aborted. */
  openUploads(): Promise<string[]>;
  /** Copies the lake into the folder where it is not there anyway, for people to look at. */
  keep(): Promise<void>;
  close(): Promise<void>;
}

export type LakeType = 'file' | 's3';

/** The lake, and the journal's folder, are made in `folder`. */
export async function openTortureLake(
  type: LakeType,
  folder: string,
  startFront: StartFront = startS3Tap,
): Promise<TortureLake> {
  mkdirSync(segmentsFolder(join(folder, 'journal')), { recursive: true });
  return type === 'file' ? openFileLake(folder) : openMinioLake(folder, startFront);
}

async function openFileLake(folder: string): Promise<TortureLake> {
  const path = join(folder, 'lake');
  const [uploads, records] = [join(path, '_lake/tmp'), join(path, '_lake/commits')];
  for (const name of [uploads, records]) mkdirSync(name, { recursive: true });
  const moments = createMoments(['segment', 'upload', 'publish', 'record', 'removal'], () => {
    for (const watcher of watchers) watcher.close();
  });
  const watchers = [
    watchJournal(join(folder, 'journal'), moments.tell),
    watchFolder(
      uploads,
      () => moments.tell('upload'),
      () => moments.tell('publish'),
    ),
    watchFolder(
      records,
      () => moments.tell('record'),
      () => {},
    ),
  ];
  return {
    toml: `[storage]\npath = "${path}"\n`,
    location: { type: 'file', path },
    moments,
    hasParts: false,
    async openUploads() {
      const names = readdirSync(uploads, { recursive: true, withFileTypes: true });
      // A check of the store that was killed is removed later, by its age.
      return names
        .filter((entry) => entry.isFile() && entry.name !== 'check')
        .map((entry) => join(entry.parentPath, entry.name));
    },
    keep: async () => {},
    close: async () => moments.close(),
  };
}

/** What stands between the bridge and MinIO. */
export interface S3Front {
  readonly endpoint: string;
  close(): Promise<void>;
}

type StartFront = (upstream: string, tell: (step: string) => void) => Promise<S3Front>;

async function openMinioLake(folder: string, startFront: StartFront): Promise<TortureLake> {
  const minio = await startMinio();
  const { endpoint, accessKey, secretKey } = minio;
  const [bucket, prefix] = ['torture', 'lake'];
  const client = s3Client(minio);
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const moments = createMoments(['segment', ...S3_STEPS, 'removal'], () => watcher.close());
  const watcher = watchJournal(join(folder, 'journal'), moments.tell);
  const front = await startFront(endpoint, moments.tell);
  return {
    toml: `${s3Toml({ endpoint: front.endpoint, accessKey, secretKey }, bucket, `prefix = "${prefix}"`)}
[s3.multipart]
threshold_mb = 1
part_size_mb = 5
[parquet]
compression = "UNCOMPRESSED"
`,
    location: { type: 's3', endpoint, bucket, prefix, access_key: accessKey, secret_key: secretKey },
    moments,
    hasParts: true,
    async openUploads() {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return Uploads.map(({ Key }) => Key ?? '');
    },
    async keep() {
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
        for (const { Key = '' } of Contents) {
          const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
          const file = join(folder, Key);
          mkdirSync(dirname(file), { recursive: true });
          writeFileSync(file, await Body!.transformToByteArray());
        }
      }
    },
    async close() {
      moments.close();
      client.destroy();
      await front.close();
      await minio.close();
    },
  };
}
