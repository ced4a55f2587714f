/** Opens the lake for a command: through a running bridge where there is one, else the store itself. */
import type { LakeOptions } from '../cli/context.ts';
import type { Lake } from '../cli/lake.ts';
import { findBridge, remoteLake } from '../cli/remote-lake.ts';
import type { Config } from '../config/types.ts';
import { addressUrl } from '../platform/listen.ts';
import { openStore } from '../store/open.ts';
import { openLocalLake } from './local-lake.ts';

/** Environment variable with the bearer token that commands show to a bridge. */
const TOKEN_VARIABLE = 'OTEL_LAKE_TOKEN';

/** Where the api of the configuration's bridge is, running or not. */
export function bridgeUrl(config: Config, { url }: LakeOptions): string {
  return (url ?? addressUrl(config.server.api, config.server.tls !== undefined)).replace(/\/+$/, '');
}

export async function openLake(config: Config, options: LakeOptions, version: string): Promise<Lake> {
  const tls = config.server.tls !== undefined;
  const url = bridgeUrl(config, options);
  const hasAdmin = config.server.admin !== undefined && options.url === undefined;
  const adminUrl = hasAdmin ? addressUrl(config.server.admin!, tls) : url;
  const remote = { url, adminUrl, tls, token: process.env[TOKEN_VARIABLE] };
  if (options.url) return remoteLake(remote);
  if (options.direct) return openLocalLake(config, version);
  const store = await openStore(config);
  const { location } = store;
  store.close();
  return (await findBridge(remote, location)) ?? openLocalLake(config, version);
}
