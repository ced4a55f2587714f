/** The lake of a running bridge, through its HTTP interface. */
import { checkPartitionPath } from '../catalog/keys.ts';
import { BridgeError, type ErrorCode, STATUS } from '../errors.ts';
import type { Lake } from './lake.ts';

export interface RemoteOptions {
  /** `http://127.0.0.1:4319` */
  readonly url: string;
  /** `http://…` of the admin routes where they have a listener of their own. */
  readonly adminUrl: string;
  readonly token: string | undefined;
}

/**
 * The lake of the bridge at `url`, or undefined where none answers there or it serves another lake: the caller then
 * goes to the store itself.
 */
export async function findBridge(options: RemoteOptions, location: string): Promise<Lake | undefined> {
  let health: { lake?: unknown };
  try {
    const response = await fetch(`${options.url}/healthz`, { signal: AbortSignal.timeout(2000) });
    health = (await response.json()) as typeof health;
  } catch {
    return undefined;
  }
  return health.lake === location ? remoteLake(options) : undefined;
}

export function remoteLake({ url, adminUrl, token }: RemoteOptions): Lake {
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};

  async function call(address: string, init: RequestInit = {}): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(address, { ...init, headers });
    } catch (cause) {
      throw new BridgeError('unavailable', `the bridge at ${new URL(address).origin} does not answer`, { cause });
    }
    if (response.ok) return response;
    throw await errorOf(response);
  }

  async function json<T>(address: string, init?: RequestInit): Promise<T> {
    return (await (await call(address, init)).json()) as T;
  }

  return {
    via: `the bridge at ${url}`,
    async *read(table, params, signal) {
      const response = await call(`${url}/api/v1/tables/${encodeURIComponent(table)}/rows?${params}`, { signal });
      try {
        for await (const chunk of response.body!) yield chunk as Uint8Array;
      } catch (cause) {
        signal.throwIfAborted();
        throw new BridgeError('unavailable', 'the answer broke off: it is not complete', {
          cause,
          hint: "The bridge's log says why.",
        });
      }
    },
    tables: async () => (await json<{ tables: never }>(`${url}/api/v1/tables`)).tables,
    async partitions(filter) {
      const query = new URLSearchParams(filter as Record<string, string>);
      return (await json<{ partitions: never }>(`${url}/api/v1/partitions?${query}`)).partitions;
    },
    async deletePartition(table, path, dryRun) {
      // Checked here too: fetch would take `..` as a way to another route.
      checkPartitionPath(path);
      const query = dryRun ? '?dry_run=true' : '';
      return json(`${adminUrl}/admin/v1/partitions/${table}/${path}${query}`, { method: 'DELETE' });
    },
    flush: async () => (await json<{ commits: never }>(`${adminUrl}/admin/v1/flush`, { method: 'POST' })).commits,
    close: async () => {},
  };
}

async function errorOf(response: Response): Promise<BridgeError> {
  const body = (await response.json().catch(() => undefined)) as
    | { error?: { code?: string; message?: string; hint?: string } }
    | undefined;
  const code = body?.error?.code;
  const known = code !== undefined && code in STATUS ? (code as ErrorCode) : 'unavailable';
  return new BridgeError(known, body?.error?.message ?? `HTTP ${response.status}`, { hint: body?.error?.hint });
}
