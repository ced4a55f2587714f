/**
 * Objects by pattern: `s3://bucket/path/*.parquet` (and `**` over folders), a local pattern, a folder or one object.
 *
 * Listed is only what begins with the pattern's fixed part, up to its first special character. Names that begin with `_`
 * or `.` below it are left out, as engines do (`_lake/`, `_SUCCESS`), unless the pattern names such a one itself.
 */
import { dirname } from 'node:path';
import picomatch from 'picomatch';
import { BridgeError } from '../errors.ts';
import type { ObjectInfo, ObjectStore } from '../store/store.ts';
import { type Location, type Places, parseLocation } from './location.ts';

export interface Listing {
  readonly store: ObjectStore;
  /** In the order of their keys. */
  readonly objects: readonly ObjectInfo[];
}

/** Bound on what is kept of a listing. */
const MAX_OBJECTS = 1_000_000;
/** Characters that make a pattern of a location. */
export const SPECIAL = /[*?[\]{}()!\\]/;

/** Whether a location is a pattern, and not the name of an object or a folder. */
export function isGlob(location: string): boolean {
  return SPECIAL.test(location);
}

/**
 * The objects of a pattern; of a folder those below it whose name ends in `extension`; or the one object that is named.
 * Throws `not_found` where there is none.
 */
export async function listGlob(
  places: Places,
  location: string,
  extension: string,
  signal?: AbortSignal,
): Promise<Listing> {
  const parsed = parseLocation(location);
  if (isGlob(location)) return listPattern(places, location, parsed, signal);
  const named = parsed.isFolder ? undefined : await headOf(places, location, signal);
  if (named !== undefined) return named;
  const { store, key } = await places.folder(location);
  const objects = await collect(store, key, (name) => name.endsWith(extension) && !isHidden(name), signal);
  if (objects.length > 0) return { store, objects };
  const found = parsed.isFolder ? 'there are' : 'there is no such object, and there are';
  throw nothingFound(`${location}: ${found} no *${extension} below it`);
}

async function headOf(places: Places, location: string, signal: AbortSignal | undefined): Promise<Listing | undefined> {
  const { store, key } = await places.object(location);
  try {
    return { store, objects: [await store.head(key, signal === undefined ? {} : { signal })] };
  } catch (error) {
    if (error instanceof BridgeError && error.code === 'not_found') return undefined;
    throw error;
  }
}

async function listPattern(
  places: Places,
  location: string,
  { bucket, path }: Location,
  signal: AbortSignal | undefined,
): Promise<Listing> {
  const fixed = path.slice(0, path.search(SPECIAL));
  // A store of local files begins at the folder above the first special character; keys of a bucket at its root.
  const root = bucket === undefined ? fixed.slice(0, fixed.lastIndexOf('/') + 1) : '';
  const { store } = await places.folder(bucket === undefined ? dirname(`${root}x`) : `s3://${bucket}/`);
  const pattern = path.slice(root.length);
  const prefix = fixed.slice(root.length);
  const isMatch = picomatch(pattern, { dot: true });
  const hidden = /(?:^|\/)[_.]/.test(pattern.slice(prefix.lastIndexOf('/') + 1));
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const isAsked = (name: string) => (hidden || !isHidden(name)) && isMatch(folder + name);
  const objects = await collect(store, prefix, isAsked, signal, folder);
  if (objects.length === 0) throw nothingFound(`nothing matches ${location}`);
  return { store, objects };
}

/** `isAsked` gets the name below `folder`. */
async function collect(
  store: ObjectStore,
  prefix: string,
  isAsked: (name: string) => boolean,
  signal: AbortSignal | undefined,
  folder = prefix,
): Promise<ObjectInfo[]> {
  const objects: ObjectInfo[] = [];
  for await (const info of store.list(prefix, signal === undefined ? {} : { signal })) {
    if (!isAsked(info.key.slice(folder.length))) continue;
    objects.push(info);
    if (objects.length > MAX_OBJECTS) {
      throw new BridgeError('too_large', `more than ${MAX_OBJECTS} objects below ${store.location}/${prefix}`, {
        hint: 'Ask for fewer with a narrower pattern.',
      });
    }
  }
  return objects;
}

function isHidden(name: string): boolean {
  return name.split('/').some((segment) => segment.startsWith('_') || segment.startsWith('.'));
}

function nothingFound(message: string): BridgeError {
  return new BridgeError('not_found', message, {
    hint: "Patterns know *, ?, [a-z], {a,b} within a folder's name and ** over folders: 's3://bucket/path/**/*.parquet'.",
  });
}
