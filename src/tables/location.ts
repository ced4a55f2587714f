/**
 * Where the table commands read and write: an `s3://bucket/key` URL or a local path becomes a store and a key in it.
 *
 * Which server a bucket is asked of: `endpoint`, `region` and `profile` where they are given; else, for the bucket of
 * the configuration, its section [s3]; else what AWS's own tools take (environment, shared files). Keys are those of the
 * bucket: the prefix of [s3] is the lake's, and is no part of them.
 *
 * Credentials are resolved when a bucket is first opened and then stay as they are until `close`: a profile that is
 * switched or renewed in the middle of a command does not make half of it run as somebody else.
 */
import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '../config/load.ts';
import type { Config } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import { createFileStore } from '../store/file.ts';
import { type OpenStoreOptions, openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';

/** How buckets are reached. */
export interface Connection {
  /** Its [s3] holds for its own bucket, its [operations] for all. */
  readonly config?: Config | undefined;
  /** AWS profile whose credentials (and region, where none is given) are used. */
  readonly profile?: string | undefined;
  /** URL of an S3 server other than AWS. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Instead of what the configuration says of multipart uploads: bounds what a writer holds in memory. */
  readonly multipart?: { readonly thresholdMb: number; readonly partSizeMb: number } | undefined;
}

export interface Location {
  /** Undefined for a local path. */
  readonly bucket: string | undefined;
  /** Key in the bucket, or the absolute local path; without a slash at its end. Empty for a bucket as a whole. */
  readonly path: string;
  /** Whether it was written with a slash at its end: a folder, whatever is there. */
  readonly isFolder: boolean;
}

export interface Place {
  readonly store: ObjectStore;
  /** Of an object; of a folder: '' or its prefix with a slash at its end. */
  readonly key: string;
}

export interface Places {
  /** Throws invalid_argument for what is no location, `unauthenticated` where there are no credentials. */
  object(location: string): Promise<Place>;
  /** The same for a folder (a prefix) and everything below. */
  folder(location: string): Promise<Place>;
  close(): void;
}

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;

/** `s3://bucket/key`, `file:///path` or a local path. Text behind the bucket is the key as it is, without escapes. */
export function parseLocation(text: string): Location {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  const isFolder = text.endsWith('/');
  if (scheme === undefined || scheme === 'file') {
    if (text === '') throw badLocation(text, 'is empty');
    const path = resolve(scheme === 'file' ? fileURLToPath(text) : text);
    return { bucket: undefined, path, isFolder };
  }
  if (scheme !== 's3' && scheme !== 's3a') throw badLocation(text, `begins with ${scheme}://`);
  const [bucket, ...segments] = text.slice(scheme.length + 3).split('/');
  if (!bucket) throw badLocation(text, 'names no bucket');
  return { bucket, path: segments.join('/').replace(/\/$/, ''), isFolder: isFolder || segments.join('') === '' };
}

function badLocation(text: string, wrong: string): BridgeError {
  return new BridgeError('invalid_argument', `the location "${text.slice(0, 200)}" ${wrong}`, {
    hint: 'Write s3://bucket/key, or a local path.',
  });
}

/** `s3://bucket/key` or the local path of an object of a store. */
export function urlOf({ store, key }: Place): string {
  return key === '' ? store.location : `${store.location.replace(/\/$/, '')}/${key}`;
}

/** Stores are opened once a bucket (or local folder), and closed together. */
export function openPlaces(connection: Connection = {}, hooks: OpenStoreOptions = {}): Places {
  const buckets = new Map<string, Promise<ObjectStore>>();
  const folders = new Map<string, ObjectStore>();

  function bucketStore(bucket: string): Promise<ObjectStore> {
    const opened = buckets.get(bucket) ?? openBucket(bucket, connection, hooks);
    buckets.set(bucket, opened);
    return opened;
  }

  function folderStore(path: string): ObjectStore {
    const opened = folders.get(path) ?? createFileStore(path, { ...hooks, isTidy: true });
    folders.set(path, opened);
    return opened;
  }

  return {
    async object(text) {
      const { bucket, path, isFolder } = parseLocation(text);
      if (isFolder) throw badLocation(text, 'is a folder, where the name of an object is expected');
      if (bucket !== undefined) return { store: await bucketStore(bucket), key: path };
      return { store: folderStore(dirname(path)), key: basename(path) };
    },
    async folder(text) {
      const { bucket, path } = parseLocation(text);
      if (bucket !== undefined) return { store: await bucketStore(bucket), key: path === '' ? '' : `${path}/` };
      return { store: folderStore(path), key: '' };
    },
    close() {
      for (const store of folders.values()) store.close();
      for (const store of buckets.values()) {
        store.then(
          (opened) => opened.close(),
          () => {}, // never opened
        );
      }
    },
  };
}

async function openBucket(bucket: string, connection: Connection, hooks: OpenStoreOptions): Promise<ObjectStore> {
  // Loaded only for a bucket: the AWS SDK takes time and memory.
  const { endpointOf, frozenCredentials, regionOf } = await import('../store/s3-access.ts');
  const { config, profile, endpoint, env = process.env } = connection;
  const own = config?.s3?.bucket === bucket ? config : undefined;
  const region = connection.region ?? own?.s3?.region ?? (await regionOf(profile)) ?? 'us-east-1';
  const known = endpoint ?? (own === undefined ? (envEndpoint(env) ?? (await endpointOf(profile))) : undefined);
  const found = own ?? foreignConfig(bucket, region, known);
  const s3 = {
    ...found.s3!,
    prefix: '',
    region,
    multipart: { ...found.s3!.multipart, ...connection.multipart },
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(profile === undefined ? {} : { credentials: { type: 'profile', profile } as const }),
  };
  const credentials = await frozenCredentials(s3);
  const operations = config?.operations ?? found.operations;
  return openStore(
    { ...found, storage: { ...found.storage, type: 's3' }, operations, s3: { ...s3, credentials } },
    hooks,
  );
}

function envEndpoint(env: NonNullable<Connection['env']>): string | undefined {
  return env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || undefined;
}

/** A bucket of which the configuration says nothing: its checks and defaults hold all the same. */
function foreignConfig(bucket: string, region: string, endpoint: string | undefined): Config {
  const overrides = { 's3.bucket': bucket, 's3.region': region, ...(endpoint ? { 's3.endpoint': endpoint } : {}) };
  return parseConfig('', '(command line)', {}, overrides);
}
