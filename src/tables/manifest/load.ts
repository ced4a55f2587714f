/** A manifest from where it lies, and the place its files are in. */
import { BridgeError } from '../../errors.ts';
import type { ObjectStore } from '../../store/store.ts';
import { type Place, type Places, urlOf } from '../location.ts';
import { MAX_MANIFEST_BYTES, type Manifest, type ManifestFile, parseManifest } from './parse.ts';

export interface LoadedManifest {
  readonly manifest: Manifest;
  /** Of the files. */
  readonly store: ObjectStore;
  /** With their keys in that store. */
  readonly files: readonly ManifestFile[];
}

/**
 * @param filesIn where the files are, instead of the manifest's destination bucket: a bucket's URL or a folder
 * @throws BridgeError `not_found` where there is no manifest, `unprocessable` where it is none (see parseManifest)
 */
export async function loadManifest(
  location: string,
  filesIn: string | undefined,
  places: Places,
  signal: AbortSignal,
): Promise<LoadedManifest> {
  const manifest = parseManifest(await textOf(await places.object(location), location, signal), location);
  const { store, key: prefix } = await places.folder(filesIn ?? bucketUrl(manifest, location));
  return { manifest, store, files: manifest.files.map((file) => ({ ...file, key: prefix + file.key })) };
}

async function textOf({ store, key }: Place, location: string, signal: AbortSignal): Promise<string> {
  try {
    const { size } = await store.head(key, { signal });
    if (size > MAX_MANIFEST_BYTES) {
      throw new BridgeError(
        'too_large',
        `the manifest ${location} has ${size} bytes, at most ${MAX_MANIFEST_BYTES} are read`,
      );
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(await store.get(key, { signal }));
  } catch (error) {
    if (error instanceof TypeError) {
      throw new BridgeError('unprocessable', `the manifest ${location} is not JSON: it is no UTF-8 text`);
    }
    const { code, message, hint } = BridgeError.from(error);
    if (code === 'not_found') {
      throw new BridgeError('not_found', `there is no manifest ${urlOf({ store, key })}`, {
        cause: error,
        hint: 'Name the manifest.json itself, not its folder.',
      });
    }
    if (code !== 'permission_denied') throw error;
    throw new BridgeError(code, `access denied to ${urlOf({ store, key })}: ${message}`, { cause: error, hint });
  }
}

const ARN = /^arn:[a-z-]+:s3:::([^/]+)$/;

function bucketUrl({ destinationBucket }: Manifest, name: string): string {
  if (destinationBucket.startsWith('file://') || destinationBucket.startsWith('s3://')) return destinationBucket;
  const bucket = ARN.exec(destinationBucket)?.[1] ?? destinationBucket;
  if (bucket !== '' && !/[/:]/.test(bucket)) return `s3://${bucket}/`;
  throw new BridgeError('unprocessable', `${name}: destinationBucket "${destinationBucket}" is no bucket`, {
    hint: 'A bucket is a name, arn:aws:s3:::name, or file:///folder/ for files on this machine.',
  });
}
