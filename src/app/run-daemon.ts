/** Runs the daemon until a signal: says where it listens and what to do next, and stops within a bounded time. */
import type { Config } from '../config/types.ts';
import { type Daemon, startDaemon } from './serve.ts';

const STOP_DEADLINE_MS = 25_000; // Kubernetes kills after 30 s unless told otherwise

export async function runDaemon(config: Config, version: string): Promise<void> {
  const daemon = await startDaemon(config, version);
  process.stdout.write(welcome(daemon, config, version));
  await stopSignal();
  process.stderr.write('otel-lake: stopping; a second signal stops at once (what is acknowledged is in the journal)\n');
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(1));
  await daemon.stop(STOP_DEADLINE_MS);
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.removeListener('SIGINT', stop);
      process.removeListener('SIGTERM', stop);
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}

function welcome(daemon: Daemon, config: Config, version: string): string {
  const scheme = config.server.tls ? 'https' : 'http';
  return `otel-lake-bridge ${version}

  OTLP/gRPC  ${daemon.grpc}
  OTLP/HTTP  ${scheme}://${daemon.http}
  lake       ${daemon.lake}
  config     ${config.file}
  api        ${scheme}://${daemon.api}

Send something (another terminal):
  npm run demo
or point a Collector here:
  exporters:
    otlp:
      endpoint: ${daemon.grpc}
      tls: { insecure: ${config.server.tls ? 'false' : 'true'} }

Then read it back:
  npm run otel-lake -- read traces --limit 10
  curl '${scheme}://${daemon.api}/api/v1/tables/traces/rows?limit=10'

Rows reach files after at most ${config.flush.maxAgeSeconds} s; reads see them at once. Ctrl-C stops.
`;
}
