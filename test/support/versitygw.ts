/** A second real S3 server for tests, of other authors: versitygw over a temporary folder. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, type S3Server } from './minio.ts';
import { findGoProgram, freePort, startServer } from './server.ts';

const MODULE = 'github.com/versity/versitygw/cmd/versitygw@latest';

let binary: string | undefined | null = null;

/** Undefined where there is no versitygw and none can be built; pass it to `skip` as `skip: !versitygwBinary()`. */
export function versitygwBinary(): string | undefined {
  if (binary === null) binary = findGoProgram('versitygw', MODULE);
  return binary;
}

export async function startVersitygw(region = 'us-east-1'): Promise<S3Server> {
  const command = versitygwBinary();
  if (!command) throw new Error('there is no versitygw to start');
  const folder = await mkdtemp(join(tmpdir(), 'otel-lake-versitygw-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  const [data, versions] = [join(folder, 'data'), join(folder, 'versions')];
  await Promise.all([mkdir(data), mkdir(versions)]);
  const address = `127.0.0.1:${await freePort()}`;
  const endpoint = `http://${address}`;
  try {
    const stop = await startServer({
      name: 'versitygw',
      command,
      args: ['--port', address, '--region', region, '--quiet', 'posix', '--versioning-dir', versions, data],
      env: { ROOT_ACCESS_KEY_ID: ROOT.accessKey, ROOT_SECRET_ACCESS_KEY: ROOT.secretKey },
      readyUrl: endpoint,
    });
    return { endpoint, ...ROOT, close: () => stop().finally(removeFolder) };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}
