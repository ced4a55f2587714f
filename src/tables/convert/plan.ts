/** What is to be converted: sources as files with their outputs, as plain data that is looked at before anything is done. */
import { stat } from 'node:fs/promises';
import pLimit from 'p-limit';
import { BridgeError } from '../../errors.ts';
import type { ObjectInfo } from '../../store/store.ts';
import { isGlob, listGlob, SPECIAL } from '../glob.ts';
import { type Place, type Places, parseLocation, urlOf } from '../location.ts';
import type { TableFormat } from '../output.ts';
import { CSV_NAME } from './file.ts';
import { fingerprintOf, isUpToDate } from './stamp.ts';
import type { ConvertJob, ConvertOptions } from './types.ts';

export interface Plan {
  readonly jobs: readonly ConvertJob[];
  /** Files of which all outputs are up to date. */
  readonly upToDate: readonly ConvertJob[];
}

interface Source {
  readonly url: string;
  /** Path below the folder it was found in. */
  readonly name: string;
  readonly info: ObjectInfo;
}

/** Outputs whose metadata are looked at, at the same time. */
const CHECKS_AT_ONCE = 16;

/**
 * Lists sources and the output folder once each; of outputs that are there the metadata is read, and of no others.
 *
 * @throws BridgeError not_found where there is nothing to convert, invalid_argument where two sources have one output
 */
export async function planConversion(options: ConvertOptions, places: Places, signal?: AbortSignal): Promise<Plan> {
  const sources: Source[] = [];
  for (const text of options.sources) sources.push(...(await findSources(text, places, signal)));
  if (sources.length === 0) {
    throw new BridgeError('not_found', `there is no CSV file in ${options.sources.join(', ')}`, {
      hint: 'In folders files are taken whose names end in .csv, .tsv, .tab, .psv or .txt, also with .gz or .zst behind it; a glob takes any.',
    });
  }
  const target = await places.folder(options.to);
  const fingerprint = fingerprintOf(options);
  const jobs = sources.map((source) => jobOf(source, urlOf(target), options.formats, fingerprint));
  checkOutputs(jobs);
  const existing = options.force ? new Map<string, number>() : await listOutputs(target, signal);
  const limit = pLimit(CHECKS_AT_ONCE);
  const checked = await Promise.all(
    jobs.map(async (job) => {
      const stale = await Promise.all(
        job.outputs.map(async ({ format, url }) => {
          const bytes = existing.get(url);
          if (bytes === undefined) return true;
          const place = await places.object(url);
          return !(await limit(() => isUpToDate(place, format, bytes, job, signal)));
        }),
      );
      return { ...job, outputs: job.outputs.filter((_, i) => stale[i]) };
    }),
  );
  return {
    jobs: checked.filter(({ outputs }) => outputs.length > 0),
    upToDate: jobs.filter((_, i) => checked[i]!.outputs.length === 0),
  };
}

function jobOf(source: Source, target: string, formats: readonly TableFormat[], fingerprint: string): ConvertJob {
  const stem = `${target.replace(/\/$/, '')}/${source.name.replace(CSV_NAME, '')}`;
  return {
    source: source.url,
    bytes: source.info.size,
    etag: source.info.etag,
    outputs: formats.map((format) => ({ format, url: `${stem}.${format}` })),
    rejects: `${stem}.rejects.ndjson`,
    fingerprint,
  };
}

function checkOutputs(jobs: readonly ConvertJob[]): void {
  const owners = new Map<string, string>();
  for (const { source, outputs } of jobs) {
    for (const { url } of outputs) {
      const other = owners.get(url);
      if (other !== undefined) {
        throw new BridgeError('invalid_argument', `${other} and ${source} would both become ${url}`, {
          hint: 'Convert them into different folders.',
        });
      }
      owners.set(url, source);
    }
  }
}

async function listOutputs(target: Place, signal: AbortSignal | undefined): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for await (const { key, size } of target.store.list(target.key, signal ? { signal } : {})) {
    sizes.set(urlOf({ store: target.store, key }), size);
  }
  return sizes;
}

/** A glob, a folder or a file. */
async function findSources(text: string, places: Places, signal: AbortSignal | undefined): Promise<Source[]> {
  if (isGlob(text)) return globSources(text, places, signal);
  if (await isFolder(text)) return listSources(text, places, signal);
  const place = await places.object(text);
  const info = await place.store.head(place.key, signal ? { signal } : {});
  return [{ url: urlOf(place), name: place.key.split('/').at(-1)!, info }];
}

/** Names are those below the last folder before the first special character. */
async function globSources(text: string, places: Places, signal: AbortSignal | undefined): Promise<Source[]> {
  const { store, objects } = await listGlob(places, text, '', signal);
  const { bucket, path } = parseLocation(text);
  const folder = bucket === undefined ? '' : path.slice(0, path.slice(0, path.search(SPECIAL)).lastIndexOf('/') + 1);
  return objects.map((info) => ({
    url: urlOf({ store, key: info.key }),
    name: info.key.slice(folder.length),
    info,
  }));
}

async function isFolder(text: string): Promise<boolean> {
  const location = parseLocation(text);
  if (location.isFolder || location.bucket !== undefined) return location.isFolder;
  const found = await stat(location.path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

/** Without names that begin with `_` or `.`, as engines leave them out. */
async function listSources(folder: string, places: Places, signal: AbortSignal | undefined): Promise<Source[]> {
  const { store, key: prefix } = await places.folder(folder);
  const found: Source[] = [];
  for await (const info of store.list(prefix, signal ? { signal } : {})) {
    const name = info.key.slice(prefix.length);
    if (CSV_NAME.test(name) && !/(^|\/)[_.]/.test(name))
      found.push({ url: urlOf({ store, key: info.key }), name, info });
  }
  return found;
}
