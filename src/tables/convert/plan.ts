/** What is to be converted: sources as files with their outputs, as plain data that is looked at before anything is done. */
import pLimit from 'p-limit';
import { BridgeError } from '../../errors.ts';
import { CSV_NAME } from '../csv/name.ts';
import { type Place, type Places, urlOf } from '../location.ts';
import { findSources, manifestSources, type RefusedSource, type Source } from './sources.ts';
import { fingerprintOf, isUpToDate } from './stamp.ts';
import type { ConvertJob, ConvertOptions } from './types.ts';

export interface Plan {
  readonly jobs: readonly ConvertJob[];
  /** Files of which all outputs are up to date. */
  readonly upToDate: readonly ConvertJob[];
  /** Files of a manifest that are not what it says, or cannot be reached. */
  readonly refused: readonly RefusedSource[];
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
  const listed = options.manifest && (await manifestSources(options.manifest, options, places, signal));
  sources.push(...(listed?.sources ?? []));
  const refused = listed?.refused ?? [];
  if (sources.length + refused.length === 0) {
    throw new BridgeError('not_found', `there is no CSV file in ${options.sources.join(', ')}`, {
      hint: 'In folders files are taken whose names end in .csv, .tsv, .tab, .psv or .txt, also with .gz or .zst behind it; a glob takes any.',
    });
  }
  const target = await places.folder(options.to);
  const jobs = sources.map((source) => jobOf(source, urlOf(target), options));
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
    refused,
  };
}

function jobOf(source: Source, target: string, options: ConvertOptions): ConvertJob {
  const names = source.names;
  const stem = `${target.replace(/\/$/, '')}/${source.name.replace(CSV_NAME, '')}`;
  return {
    source: source.url,
    bytes: source.info.size,
    etag: source.info.etag,
    md5: source.md5,
    names,
    outputs: options.formats.map((format) => ({ format, url: `${stem}.${format}` })),
    rejects: `${stem}.rejects.ndjson`,
    fingerprint: fingerprintOf(options, names),
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
