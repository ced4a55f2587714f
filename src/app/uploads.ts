/** Open uploads, by what this bridge's journal says of its commits; and the look for old ones at its start. */
import { abortIdleUploads, type LakeUpload, listLakeUploads } from '../catalog/uploads.ts';
import type { Config } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import { listSegments, segmentCommitId } from '../journal/journal.ts';
import { systemClock } from '../platform/clock.ts';
import { systemFiles } from '../platform/files.ts';
import type { ObjectStore } from '../store/store.ts';
import type { Logger } from '../telemetry/log.ts';

/** Of a lake in a directory, which has no key for it. */
const FILE_ABORT_AFTER_HOURS = 24;
const HOUR_MS = 3_600_000;

export interface Uploads {
  list(prefix: string): Promise<LakeUpload[]>;
  /** Aborts those without a stored byte for `idleMs`; default: `s3.multipart.abort_after_hours`. */
  abort(prefix: string, idleMs: number | undefined): Promise<LakeUpload[]>;
}

export function uploadsOf(config: Config, store: ObjectStore): Uploads {
  return {
    list: async (prefix) => listLakeUploads(store, { prefix, liveCommits: liveCommits(config) }),
    abort: async (prefix, idleMs = defaultIdleMs(config)) =>
      abortIdleUploads(store, { prefix, idleMs, nowMs: systemClock.nowMs(), liveCommits: liveCommits(config) }),
  };
}

function defaultIdleMs(config: Config): number {
  return (config.s3?.multipart.abortAfterHours ?? FILE_ABORT_AFTER_HOURS) * HOUR_MS;
}

/** Those whose segments are in the journal. */
function liveCommits(config: Config): ReadonlySet<string> {
  return new Set(listSegments(systemFiles, config.journal.path).map(segmentCommitId));
}

/**
 * Aborts what earlier runs, of this bridge or of others that are no more, left open for longer than
 * `s3.multipart.abort_after_hours`: only uploads that are named by a commit, since the prefix may be shared. Never
 * throws: it is not needed for anything else.
 */
export async function sweepUploads(config: Config, store: ObjectStore, log: Logger): Promise<void> {
  try {
    const aborted = await abortIdleUploads(store, {
      prefix: '',
      idleMs: defaultIdleMs(config),
      nowMs: systemClock.nowMs(),
      liveCommits: liveCommits(config),
      ofCommits: true,
    });
    if (aborted.length === 0) return;
    const keys = aborted.slice(0, 10).map(({ key }) => key);
    log.info({ uploads: aborted.length, keys }, 'uploads that earlier runs left open were aborted');
  } catch (error) {
    const { code, message } = BridgeError.from(error);
    log.debug({ code }, `uploads left open were not looked for, which the next start does: ${message}`);
  }
}
