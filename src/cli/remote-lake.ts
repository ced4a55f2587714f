/** The lake of a running bridge, through its HTTP interface. */
import type { IncomingMessage } from 'node:http';
import { json as readJson } from 'node:stream/consumers';
import { checkPartitionPath } from '../catalog/keys.ts';
import { BridgeError, type ErrorCode, STATUS } from '../errors.ts';
import type { ReadSummary } from '../model/read-summary.ts';
import { createHttpClient, type HttpClient, type SendOptions } from './http.ts';
import type { Lake, LakeRead } from './lake.ts';

export interface RemoteOptions {
  /** `http://127.0.0.1:4319` or `unix:/run/lake.sock` */
  readonly url: string;
  /** Of the admin routes where they have a listener of their own. */
  readonly adminUrl: string;
  /** Whether a Unix socket speaks TLS. */
  readonly tls: boolean;
  readonly token: string | undefined;
}

const HEALTH_TIMEOUT_MS = 2000;

/**
 * The lake of the bridge at `url`, or undefined where none answers there or it serves another lake: the caller then
 * goes to the store itself.
 */
export async function findBridge(options: RemoteOptions, location: string): Promise<Lake | undefined> {
  const client = createHttpClient(options.url, options.tls);
  return (await servesLake(client, location)) ? remoteLake(options) : undefined;
}

/** Whether a bridge answers, and of this lake. */
export async function servesLake(client: HttpClient, location: string): Promise<boolean> {
  try {
    const response = await client.send('GET', '/healthz', { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) });
    return ((await readJson(response)) as { lake?: unknown }).lake === location;
  } catch {
    return false;
  }
}

export function remoteLake({ url, adminUrl, tls, token }: RemoteOptions): Lake {
  const api = createHttpClient(url, tls);
  const admin = adminUrl === url ? api : createHttpClient(adminUrl, tls);
  const authorization: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};

  async function call(client: HttpClient, method: string, path: string, options: SendOptions = {}) {
    const response = await client.send(method, path, { ...options, headers: { ...options.headers, ...authorization } });
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    throw await errorOf(response, status);
  }

  async function json<T>(client: HttpClient, path: string, method = 'GET'): Promise<T> {
    return (await readJson(await call(client, method, path))) as T;
  }

  return {
    via: `the bridge at ${url}`,
    read(table, params, signal) {
      const path = `/api/v1/tables/${encodeURIComponent(table)}/rows?${params}`;
      return remoteRead(() => call(api, 'GET', path, { signal, headers: { te: 'trailers' } }), signal);
    },
    tables: async () => (await json<{ tables: never }>(api, '/api/v1/tables')).tables,
    async partitions(filter) {
      const query = new URLSearchParams(filter as Record<string, string>);
      return (await json<{ partitions: never }>(api, `/api/v1/partitions?${query}`)).partitions;
    },
    async deletePartition(table, path, dryRun) {
      const query = dryRun ? '?dry_run=true' : '';
      return json(admin, `/admin/v1/partitions/${table}/${urlPath(checkPartitionPath(path))}${query}`, 'DELETE');
    },
    async uploads(prefix) {
      return (await json<{ uploads: never }>(admin, `/admin/v1/uploads?${new URLSearchParams({ prefix })}`)).uploads;
    },
    async abortUploads(prefix, olderThanSeconds) {
      const age = olderThanSeconds === undefined ? {} : { older_than_seconds: String(olderThanSeconds) };
      const query = new URLSearchParams({ prefix, ...age });
      return (await json<{ aborted: never }>(admin, `/admin/v1/uploads?${query}`, 'DELETE')).aborted;
    },
    flush: async () => (await json<{ commits: never }>(admin, '/admin/v1/flush', 'POST')).commits,
    close: async () => {},
  };
}

/** The path goes into a URL as it stands in the lake, where only other writers use what a URL cannot hold. */
function urlPath(path: string): string {
  if (/^[\x21-\x7e]*$/.test(path) && !/[?#]/.test(path)) return path;
  throw new BridgeError('unprocessable', `partition path ${JSON.stringify(path)} holds characters a URL cannot`, {
    hint: 'Stop the bridge, and delete it with --direct.',
  });
}

/** An answer that breaks off, or comes without its summary, is not whole. */
function remoteRead(open: () => Promise<IncomingMessage>, signal: AbortSignal): LakeRead {
  let summary: ReadSummary | undefined;
  return {
    get summary() {
      return summary;
    },
    async *[Symbol.asyncIterator]() {
      const response = await open();
      try {
        for await (const chunk of response) yield chunk as Uint8Array;
      } catch (cause) {
        signal.throwIfAborted();
        throw brokenOff(cause);
      }
      const { 'lake-error': error, 'lake-summary': text } = response.trailers;
      if (error !== undefined) throw bridgeError(JSON.parse(error) as ErrorBody, 0);
      if (text === undefined) throw brokenOff(undefined);
      summary = JSON.parse(text) as ReadSummary;
    },
  };
}

function brokenOff(cause: unknown): BridgeError {
  return new BridgeError('unavailable', 'the answer broke off: it is not complete', {
    cause,
    hint: "The bridge's log says why.",
  });
}

interface ErrorBody {
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
}

async function errorOf(response: IncomingMessage, status: number): Promise<BridgeError> {
  const body = (await readJson(response).catch(() => undefined)) as { error?: ErrorBody } | undefined;
  return bridgeError(body?.error, status);
}

function bridgeError(body: ErrorBody | undefined, status: number): BridgeError {
  const code = body?.code;
  const known = code !== undefined && Object.hasOwn(STATUS, code) ? (code as ErrorCode) : 'unavailable';
  return new BridgeError(known, body?.message ?? `HTTP ${status}`, { hint: body?.hint });
}
