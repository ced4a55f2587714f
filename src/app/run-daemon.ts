/** Runs the daemon until a signal: says where it listens and what to do next, and stops within a bounded time. */
import { DEFAULT_CONFIG_FILE } from '../config/load.ts';
import type { Config } from '../config/types.ts';
import type { StopReport } from '../ingest/ingest.ts';
import { addressUrl } from '../platform/listen.ts';
import type { Daemon } from './serve.ts';

/** For threads that are stuck in a call to the system. */
const MAX_EXIT_MS = 3000;

export async function runDaemon(config: Config, version: string): Promise<void> {
  fixMallocThreshold();
  // Loaded only now: the step before may begin the process anew, and would load everything twice.
  const { startDaemon } = await import('./serve.ts');
  const daemon = await startDaemon(config, version);
  process.stdout.write(welcome(daemon, config, version));
  const lost = await Promise.race([stopSignal(), daemon.journalLost]);
  if (lost) {
    process.stderr.write(`otel-lake: ${lost.message}; this bridge ends\n  ${lost.hint}\n`);
    process.exit(1); // at once: what it would commit is the other's to commit
  }
  process.stderr.write('otel-lake: stopping; a second signal stops at once (what is acknowledged is in the journal)\n');
  const report = await daemon.stop(config.operations.drainSeconds * 1000);
  process.stderr.write(`otel-lake: ${farewell(report)}\n`);
  setTimeout(() => process.exit(0), MAX_EXIT_MS).unref();
}

/**
 * glibc raises the size from which it maps blocks of their own whenever a large one is freed, and then keeps the holes
 * between them: the peak at full ingest was 720 MiB instead of 580. Setting its trim threshold switches that off, but
 * only from the environment of a new program, so this process becomes itself again, under the same process id.
 */
function fixMallocThreshold(): void {
  const name = 'MALLOC_TRIM_THRESHOLD_';
  if (process.platform !== 'linux' || process.env[name] !== undefined || process.execve === undefined) return;
  const args = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    ...process.execArgv,
    ...process.argv.slice(1),
  ];
  process.execve(process.execPath, args, { ...process.env, [name]: '1048576' });
}

function farewell({ segments, bytes, why }: StopReport): string {
  if (segments === 0) return 'stopped; everything acknowledged is in the lake';
  const what = `${segments} ${segments === 1 ? 'segment' : 'segments'} (${Math.ceil(bytes / 1024)} KiB)`;
  return `stopped; ${what} stay in the journal, for the next start to commit: ${why}`;
}

/** Resolves with the first signal; every later one stops at once. Without a moment in between that has no listener. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    const stop = () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}

function welcome(daemon: Daemon, config: Config, version: string): string {
  const isTls = config.server.tls !== undefined;
  const http = addressUrl(daemon.http, isTls);
  const api = addressUrl(daemon.api, isTls);
  const curl = api.startsWith('unix:') ? `curl --unix-socket ${api.slice(5)} 'http://lake` : `curl '${api}`;
  // Commands find a bridge by its configuration: another file than the default has to be named to them too.
  const configOption = config.file === DEFAULT_CONFIG_FILE ? '' : ` --config ${config.file}`;
  const demoOption = config.server.otlpHttp === '127.0.0.1:4318' ? '' : ` -- --url ${http}`;
  return `otel-lake-bridge ${version}

  OTLP/gRPC  ${daemon.grpc}
  OTLP/HTTP  ${http}
  lake       ${daemon.lake}
  config     ${config.file}
  api        ${api}

Send something (another terminal):
  npm run demo${demoOption}
or point a Collector here:
  exporters:
    otlp:
      endpoint: ${daemon.grpc}
      tls: { insecure: ${isTls ? 'false' : 'true'} }

Then read it back:
  npm run -s otel-lake -- read traces --limit 10${configOption}
  ${curl}/api/v1/tables/traces/rows?limit=10'

Rows reach files after at most ${config.flush.maxAgeSeconds} s; reads see them at once. Ctrl-C stops.
`;
}
