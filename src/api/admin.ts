import type { Catalog } from '../catalog/catalog.ts';
import { BridgeError } from '../errors.ts';
import type { CommitRecord } from '../model/commit.ts';
import type { ObjectStore } from '../store/store.ts';
import { onlyParams, queryFlag, type Route, sendJson } from './route.ts';
import { tableOf } from './tables.ts';

export interface AdminDeps {
  readonly catalog: Catalog;
  readonly store: ObjectStore;
  /** Seals and commits; resolves with the commits. */
  readonly flush: () => Promise<readonly CommitRecord[]>;
  /** The configuration in force, secrets redacted. */
  readonly config: () => unknown;
}

export function adminRoutes(deps: AdminDeps): Route[] {
  const { catalog, store } = deps;
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
        sendJson(response, 200, { uploads: await store.listUploads(query.get('prefix') ?? '') });
      },
    },
    {
      method: 'DELETE',
      path: '/admin/v1/uploads',
      access: 'admin',
      async handle({ response, query }) {
        onlyParams(query, ['prefix', 'older_than_seconds']);
        const cutMs = Date.now() - olderThanSeconds(query) * 1000;
        const stale = (await store.listUploads(query.get('prefix') ?? '')).filter(
          (upload) => upload.startedMs <= cutMs,
        );
        for (const upload of stale) await store.abortUpload(upload);
        sendJson(response, 200, { aborted: stale });
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

/** Uploads younger than an hour are left alone unless asked: one may belong to a commit that is being written. */
function olderThanSeconds(query: URLSearchParams): number {
  const text = query.get('older_than_seconds') ?? '3600';
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw new BridgeError('invalid_argument', `older_than_seconds=${text} is not a number of seconds`);
}
