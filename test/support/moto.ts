/**
 * AWS as far as moto (https://docs.getmoto.org) speaks it, all of it in memory: STS and KMS, and the calls of S3 that
 * other servers lack. It asks for no valid credentials.
 */
import { execFileSync } from 'node:child_process';
import { ROOT, type S3Server } from './minio.ts';
import { freePort, startServer, tellMissing } from './server.ts';

export type Moto = S3Server;

let isThere: boolean | undefined;

/** Whether python3 has moto and its server; pass it to `skip` as `skip: !hasMoto()`. */
export function hasMoto(): boolean {
  if (isThere === undefined) {
    try {
      execFileSync('python3', ['-c', 'import moto.server, flask'], { stdio: 'ignore' });
      isThere = true;
    } catch {
      isThere = false;
      tellMissing('moto', 'Install it: pip install "moto[server]".');
    }
  }
  return isThere;
}

export async function startMoto(env: Readonly<Record<string, string>> = {}): Promise<Moto> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const close = await startServer({
    name: 'moto',
    command: 'python3',
    args: ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
    env,
    readyUrl: `${endpoint}/moto-api/`,
  });
  return { endpoint, ...ROOT, close };
}
