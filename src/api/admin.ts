import type { Catalog } from '../catalog/catalog.ts';
import type { LakeUpload } from '../catalog/uploads.ts';
import { BridgeError } from '../errors.ts';
import type { CommitRecord } from '../model/commit.ts';
import { onlyParams, queryFlag, type Route, sendJson } from './route.ts';
import { tableOf } from './tables.ts';

export interface AdminDeps {
  readonly catalog: Catalog;
  readonly uploads: {
    list(prefix: string): Promise<readonly LakeUpload[]>;
    /** `idleMs` undefined: as configured. */
    abort(prefix: string, idleMs: number | undefined): Promise<readonly LakeUpload[]>;
  };
  /** Seals and commits; resolves with the commits. */
  readonly flush: () => Promise<readonly CommitRecord[]>;
  /** The configuration in force, secrets redacted. */
  readonly config: () => unknown;
}

export function adminRoutes(deps: AdminDeps): Route[] {
  const { catalog } = deps;
  return [
    {
      method: 'GET',
      path: '/admin/v1/partitions',
      access: 'admin',
      async handle({ response, query, signal }) {
        onlyParams(query, ['table', 'prefix']);
        sendJson(response, 200, { partitions: await catalog.partitions(partitionFilter(query, signal)) });
      },
    },
    {
      method: 'DELETE',
      path: '/admin/v1/partitions/{table}/{path+}',
      access: 'admin',
      async handle({ response, params, query, signal }) {
        onlyParams(query, ['dry_run']);
        const dryRun = queryFlag(query, 'dry_run');
        const table = tableOf(params.table!);
        // Rows that were acknowledged before the deletion was asked for belong to it: commit them first.
        if (!dryRun) await deps.flush();
        sendJson(response, 200, await catalog.deletePartition(table, params.path!, { dryRun, signal }));
      },
    },
    {
      method: 'POST',
      path: '/admin/v1/flush',
      access: 'admin',
      async handle({ response, query }) {
        onlyParams(query, []);
        sendJson(response, 200, { commits: await deps.flush() });
      },
    },
    {
      method: 'GET',
      path: '/admin/v1/uploads',
      access: 'admin',
      async handle({ response, query }) {
        onlyParams(query, ['prefix']);
        sendJson(response, 200, { uploads: await deps.uploads.list(query.get('prefix') ?? '') });
      },
    },
    {
      method: 'DELETE',
      path: '/admin/v1/uploads',
      access: 'admin',
      async handle({ response, query }) {
        onlyParams(query, ['prefix', 'older_than_seconds']);
        const aborted = await deps.uploads.abort(query.get('prefix') ?? '', olderThanMs(query));
        sendJson(response, 200, { aborted });
      },
    },
    {
      method: 'GET',
      path: '/admin/v1/config',
      access: 'admin',
      handle: ({ response }) => sendJson(response, 200, deps.config()),
    },
  ];
}

export function partitionFilter(query: URLSearchParams, signal: AbortSignal) {
  const table = query.get('table');
  const prefix = query.get('prefix');
  return { ...(table === null ? {} : { table: tableOf(table) }), ...(prefix === null ? {} : { prefix }), signal };
}

/** Undefined: as configured. */
function olderThanMs(query: URLSearchParams): number | undefined {
  const text = query.get('older_than_seconds');
  if (text === null) return undefined;
  const seconds = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1000;
  throw new BridgeError('invalid_argument', `older_than_seconds=${text} is not a number of seconds`);
}
