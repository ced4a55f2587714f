/** Opens the lake for a command: through a running bridge where there is one, else the store itself. */
import type { LakeOptions } from '../cli/context.ts';
import type { Lake } from '../cli/lake.ts';
import { findBridge, remoteLake } from '../cli/remote-lake.ts';
import type { Config } from '../config/types.ts';
import { openStore } from '../store/open.ts';
import { openLocalLake } from './local-lake.ts';

/** Environment variable with the bearer token that commands show to a bridge. */
const TOKEN_VARIABLE = 'OTEL_LAKE_TOKEN';

export async function openLake(config: Config, options: LakeOptions, version: string): Promise<Lake> {
  const scheme = config.server.tls ? 'https' : 'http';
  const url = (options.url ?? `${scheme}://${config.server.api}`).replace(/\/+$/, '');
  const adminUrl = config.server.admin === undefined || options.url ? url : `${scheme}://${config.server.admin}`;
  const remote = { url, adminUrl, token: process.env[TOKEN_VARIABLE] };
  if (options.url) return remoteLake(remote);
  // The commands' HTTP client has no way to a Unix socket.
  if (options.direct || url.includes('://unix:')) return openLocalLake(config, version);
  const store = await openStore(config);
  const { location } = store;
  store.close();
  return (await findBridge(remote, location)) ?? openLocalLake(config, version);
}
