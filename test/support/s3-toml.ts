import type { S3Server } from './minio.ts';

/**
 * The sections [s3] and [s3.credentials] of a configuration, for a bucket of a server. `keys` are lines of [s3]; other
 * sections are written behind it.
 */
export function s3Toml(
  { endpoint, accessKey, secretKey }: Omit<S3Server, 'close'>,
  bucket: string,
  ...keys: readonly string[]
): string {
  return `[s3]
bucket = "${bucket}"
endpoint = "${endpoint}"
${keys.map((line) => `${line}\n`).join('')}[s3.credentials]
access_key_id = "${accessKey}"
secret_access_key = "${secretKey}"
`;
}
