/** A real S3 server for tests: MinIO on a free port of the loopback address, with its data in a temporary folder. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findGoProgram, freePort, startServer } from './server.ts';

export interface S3Server {
  /** `http://127.0.0.1:port`. */
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Stops the server and removes its data. */
  close(): Promise<void>;
}

export type Minio = S3Server;

/** Of every server for tests. */
export const ROOT = { accessKey: 'lake-test-user', secretKey: 'lake-test-secret' } as const;

const MODULE = 'github.com/minio/minio@latest';

let binary: string | undefined | null = null;

/** Undefined where there is no MinIO and none can be built; pass it to `skip` as `skip: !minioBinary()`. */
export function minioBinary(): string | undefined {
  if (binary === null) binary = findGoProgram('minio', MODULE);
  return binary;
}

/** @param env more of its environment, such as MINIO_KMS_SECRET_KEY or MINIO_SITE_REGION */
export async function startMinio(env: Readonly<Record<string, string>> = {}): Promise<Minio> {
  const command = minioBinary();
  if (!command) throw new Error('there is no MinIO to start');
  const folder = await mkdtemp(join(tmpdir(), 'otel-lake-minio-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  const address = `127.0.0.1:${await freePort()}`;
  const endpoint = `http://${address}`;
  try {
    const stop = await startServer({
      name: 'MinIO',
      command,
      args: ['server', '--quiet', '--address', address, folder],
      env: { MINIO_ROOT_USER: ROOT.accessKey, MINIO_ROOT_PASSWORD: ROOT.secretKey, MINIO_BROWSER: 'off', ...env },
      readyUrl: `${endpoint}/minio/health/cluster`,
    });
    return { endpoint, ...ROOT, close: () => stop().finally(removeFolder) };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}
