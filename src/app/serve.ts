/** Wires the daemon: what is started in which order, and stopped in which. */

import { adminRoutes } from '../api/admin.ts';
import { healthRoutes } from '../api/health.ts';
import { indexRoute } from '../api/index-route.ts';
import type { Access } from '../api/route.ts';
import { rowsRoutes } from '../api/rows.ts';
import { type ApiServer, startApiServer } from '../api/server.ts';
import { tableRoutes } from '../api/tables.ts';
import { traceRoutes } from '../api/traces.ts';
import { transferables } from '../batch/arrow.ts';
import { createCatalog } from '../catalog/catalog.ts';
import { redactedConfig } from '../config/redact.ts';
import type { Config } from '../config/types.ts';
import { encodeStatus, encodeSuccess } from '../decode/answers.ts';
import type { BridgeError } from '../errors.ts';
import { type Ingest, type StopReport, startIngest } from '../ingest/ingest.ts';
import type { FromEncoder, FromLane, ToEncoder, ToLane } from '../ingest/messages.ts';
import { SIGNAL_LIST } from '../model/signal.ts';
import { systemRandomness } from '../platform/clock.ts';
import { systemFiles } from '../platform/files.ts';
import { formatAddress } from '../platform/listen.ts';
import { createTokenCheck, type TokenCheck } from '../platform/tokens.ts';
import { within } from '../platform/within.ts';
import { startGrpcReceiver } from '../receive/grpc.ts';
import { createHandler } from '../receive/handler.ts';
import { startHttpReceiver } from '../receive/http.ts';
import { openStore } from '../store/open.ts';
import { createLogger } from '../telemetry/log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createStoreTally } from '../telemetry/store-tally.ts';
import { layoutOf } from './layout.ts';
import { startReaders } from './readers.ts';
import { readinessOf } from './readiness.ts';
import { tableSchemas } from './schemas.ts';
import { spawnThread } from './spawn.ts';
import type { LaneThreadData, ThreadData } from './thread-data.ts';
import { sweepUploads, uploadsOf } from './uploads.ts';
import { watchStore } from './watch-store.ts';

export interface Daemon {
  readonly grpc: string;
  readonly http: string;
  readonly api: string;
  readonly admin: string;
  readonly lake: string;
  /** Resolves where another bridge took the journal over: end the process, without `stop`. */
  readonly journalLost: Promise<BridgeError>;
  /** Stops receiving, commits what it can within the deadline, and ends all threads. */
  stop(deadlineMs: number): Promise<StopReport>;
}

/** Reads under way may end within it. */
const MAX_SERVER_STOP_MS = 2000;
/** How long a start waits for the store, so that what is wrong with it stands in the first lines of the log. */
const FIRST_ANSWER_MS = 2000;

/** Starts everything; throws a BridgeError `config` where the configuration cannot be used on this machine. */
export async function startDaemon(config: Config, version: string): Promise<Daemon> {
  const log = createLogger(config.telemetry);
  const metrics = createMetrics();
  const layout = layoutOf(config);
  const storeTally = createStoreTally();
  const threadData: ThreadData = { config, layout, version, storeCounts: storeTally.memory };
  const { auth, tls } = config.server;
  const ingestToken = createTokenCheck(auth.ingestTokenFile, 'server.auth.ingest_token_file');
  const tokens: Record<Access, TokenCheck> = {
    open: () => {},
    read: createTokenCheck(auth.readTokenFile, 'server.auth.read_token_file'),
    admin: createTokenCheck(auth.adminTokenFile, 'server.auth.admin_token_file'),
  };
  const store = await openStore(config, {
    warn: (message, err) => log.warn({ err }, message),
    observe: storeTally.observe,
  });
  const catalog = createCatalog(store, {
    onProblem: (key, error) => log.warn({ key, code: error.code }, error.message),
  });
  let stopping = false;
  const journalLost = Promise.withResolvers<BridgeError>();

  const storeHealth = watchStore(store, log);
  await within(storeHealth.first, FIRST_ANSWER_MS);
  const ingest = await startIngest({
    config,
    files: systemFiles,
    log,
    metrics,
    randomness: systemRandomness,
    startLane(node, lock) {
      return spawnThread<ToLane, FromLane>('lane', { ...threadData, node, lock } satisfies LaneThreadData);
    },
    onJournalLost: journalLost.resolve,
    startEncoder: () => spawnThread<ToEncoder, FromEncoder>('encoder', threadData),
    transferables: (segment) => segment.batches?.flatMap(transferables) ?? [],
  });
  const readers = startReaders(config.operations.readers, threadData, () => ingest.status().isCrowded);
  addStateMetrics(metrics, ingest);
  metrics.addStoreTally(storeTally);
  void sweepUploads(config, store, log);

  const signals = SIGNAL_LIST.filter((signal) => config.tables[signal.name].enabled);
  const handler = createHandler({
    next: ingest,
    metrics,
    log,
    maxConcurrentRequests: config.server.maxConcurrentRequests,
    notReady: () => (stopping ? 'the bridge is stopping' : undefined),
  });
  const receiver = {
    server: config.server,
    signals,
    handler,
    codec: { success: encodeSuccess, status: encodeStatus },
    checkToken: ingestToken,
  };

  const healthDeps = {
    version,
    location: store.location,
    registry: metrics.registry,
    readiness: () => readinessOf({ isStopping: stopping, store: storeHealth.trouble, ingest: ingest.status() }),
  };
  const adminDeps = {
    catalog,
    uploads: uploadsOf(config, store),
    flush: async () => (await ingest.flush()).flatMap((result) => result.record ?? []),
    config: () => redactedConfig(config),
  };
  const open = [
    ...healthRoutes(healthDeps),
    ...tableRoutes({ catalog, schemas: tableSchemas(config) }),
    ...rowsRoutes({ read: readers.read, metrics }),
    ...traceRoutes({ read: readers.read, metrics }),
  ];
  const admin = adminRoutes(adminDeps);

  const receivers: { stop(deadlineMs: number): Promise<void> }[] = [];
  const servers: ApiServer[] = [];
  try {
    const grpc = await startGrpcReceiver(receiver);
    receivers.push(grpc);
    const http = await startHttpReceiver(receiver);
    receivers.push(http);
    const common = { tls, limits: config.server.connections, tokens, log };
    const served = config.server.admin === undefined ? [...open, ...admin] : open;
    const routes = [indexRoute(version, served), ...served];
    const api = await startApiServer({ ...common, address: config.server.api, key: 'server.api', routes });
    servers.push(api);
    let adminServer: ApiServer = api;
    if (config.server.admin !== undefined) {
      adminServer = await startApiServer({
        ...common,
        address: config.server.admin,
        key: 'server.admin',
        routes: admin,
      });
      servers.push(adminServer);
    }
    return {
      grpc: formatAddress(grpc.address),
      http: formatAddress(http.address),
      api: formatAddress(api.address),
      admin: formatAddress(adminServer.address),
      lake: store.location,
      journalLost: journalLost.promise,
      stop,
    };
  } catch (error) {
    await stop(1000);
    throw error;
  }

  /**
   * Receivers first, so that nothing new comes in; then the lanes and encoders, while `/readyz`, `/metrics` and reads still
   * answer; then those, the readers and the store.
   */
  async function stop(deadlineMs: number): Promise<StopReport> {
    stopping = true;
    const endMs = performance.now() + deadlineMs;
    const leftMs = () => Math.max(0, endMs - performance.now());
    await Promise.all(receivers.map((receiver) => receiver.stop(deadlineMs / 4)));
    const report = await ingest.stop(leftMs());
    await Promise.all(servers.map((server) => server.stop(Math.min(leftMs(), MAX_SERVER_STOP_MS))));
    await readers.stop();
    storeHealth.stop();
    store.close();
    return report;
  }
}

function addStateMetrics(metrics: ReturnType<typeof createMetrics>, ingest: Ingest): void {
  metrics.gauge('memory_bytes', 'Bytes of requests and rows held.', () => ingest.status().memoryBytes);
  metrics.gauge('journal_bytes', 'Bytes of journal segments not committed.', () => ingest.status().journalBytes);
  metrics.gauge('waiting_commits', 'Sealed segments not committed.', () => ingest.status().waitingCommits);
  metrics.gauge('repeated_attribute_keys', 'Repeated attribute keys left out since the start.', () => {
    return ingest.status().duplicateKeys;
  });
}
