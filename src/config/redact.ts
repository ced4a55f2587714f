/** A configuration that may be shown: `config show`, `GET /admin/v1/config`, logs. */
import type { Config } from './types.ts';

export const REDACTED = '***';

/** The same configuration with every secret as `***`. Files that hold secrets are named, never read. */
export function redactedConfig(config: Config): Config {
  const { s3 } = config;
  if (s3?.credentials.type !== 'explicit') return config;
  const credentials = {
    type: 'explicit',
    accessKeyId: REDACTED,
    secretAccessKey: REDACTED,
    sessionToken: s3.credentials.sessionToken === undefined ? undefined : REDACTED,
  } as const;
  return { ...config, s3: { ...s3, credentials } };
}
