/**
 * A manifest of the Parquet files below a location, in the form that `manifest read` and S3 Inventory's readers take.
 * Every file is read once for its MD5.
 */
import { pathToFileURL } from 'node:url';
import { BridgeError } from '../../errors.ts';
import { ahead } from '../../read/ahead.ts';
import { openDataset } from '../../read/dataset/dataset.ts';
import { printField } from '../../records/schema.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import { listGlob } from '../glob.ts';
import { type Connection, openPlaces, parseLocation, urlOf } from '../location.ts';
import { defaults } from '../open-scan.ts';
import { digest } from './verify.ts';

export interface WriteManifestOptions extends Connection {
  /** Where it is written; default: manifest.json in the folder of the location. */
  readonly to?: string | undefined;
  readonly onProgress?: ((file: number, files: number) => void) | undefined;
}

export interface WrittenManifest {
  /** URL or path of the manifest. */
  readonly manifest: string;
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
}

const MANIFEST_NAME = 'manifest.json';
/** Version of the format that S3 Inventory writes today. */
const VERSION = '2016-11-30';

/**
 * @param location a folder (a partition of a lake), a pattern or one object
 * @throws BridgeError `not_found` where there are no files, `unprocessable` where they are not one table
 */
export async function writeManifest(
  location: string,
  options: WriteManifestOptions = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<WrittenManifest> {
  const places = openPlaces(options);
  const { parallelism } = (options.config ?? defaults()).operations;
  try {
    const { store, objects } = await listGlob(places, location, '.parquet', signal);
    const target = await places.object(options.to ?? targetOf(location));
    // Also that they are one table: a manifest of other files would only fail later.
    const { schema, rows } = await openDataset({ store, objects, signal, parallelism, name: location });
    const files = await entriesOf(store, objects, parallelism, signal, options.onProgress);
    const bucket = parseLocation(location).bucket;
    const text = JSON.stringify(
      {
        sourceBucket: bucket ?? '',
        destinationBucket: bucket === undefined ? folderUrl(store) : `arn:aws:s3:::${bucket}`,
        version: VERSION,
        creationTimestamp: String(Date.now()),
        fileFormat: 'Parquet',
        fileSchema: schema.fields.map(printField).join(', '),
        files,
      },
      undefined,
      2,
    );
    await target.store.put(target.key, Buffer.from(`${text}\n`), { contentType: 'application/json', signal });
    const bytes = objects.reduce((sum, { size }) => sum + size, 0);
    return { manifest: urlOf(target), files: files.length, rows: rows ?? 0, bytes };
  } finally {
    places.close();
  }
}

async function entriesOf(
  store: ObjectStore,
  objects: readonly ObjectInfo[],
  parallelism: number,
  signal: AbortSignal,
  onProgress: WriteManifestOptions['onProgress'],
) {
  const bounds = { count: parallelism, maxWeight: parallelism, weight: () => 1 };
  const entry = async ({ key, size, etag }: ObjectInfo) => {
    // With KMS an ETag has the form of an MD5 and is none: what is written down is always that of the bytes.
    return { key, size, MD5checksum: await digest(store, key, etag, signal) };
  };
  const files: Awaited<ReturnType<typeof entry>>[] = [];
  for await (const file of ahead(objects, bounds, entry)) {
    files.push(file);
    onProgress?.(files.length, objects.length);
  }
  return files;
}

function folderUrl(store: ObjectStore): string {
  return `${pathToFileURL(store.location).href.replace(/\/$/, '')}/`;
}

function targetOf(location: string): string {
  const { bucket, path, isFolder } = parseLocation(location);
  if (!isFolder || /[*?[{(!]/.test(path)) {
    throw new BridgeError(
      'invalid_argument',
      `${location} is no folder, so it is not known where its manifest belongs`,
      {
        hint: 'Name it with --to s3://bucket/folder/manifest.json, or end the location with a slash.',
      },
    );
  }
  const folder = path === '' ? '' : `${path}/`;
  return bucket === undefined ? `${folder}${MANIFEST_NAME}` : `s3://${bucket}/${folder}${MANIFEST_NAME}`;
}
