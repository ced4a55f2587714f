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
import { BridgeError } from '../errors.ts';
import { type Ingest, startIngest } from '../ingest/ingest.ts';
import type { FromEncoder, FromLane, ToEncoder, ToLane } from '../ingest/messages.ts';
import { SIGNAL_LIST } from '../model/signal.ts';
import { systemRandomness } from '../platform/clock.ts';
import { systemFiles } from '../platform/files.ts';
import { formatAddress } from '../platform/listen.ts';
import { createTokenCheck, type TokenCheck } from '../platform/tokens.ts';
import { startGrpcReceiver } from '../receive/grpc.ts';
import { createHandler } from '../receive/handler.ts';
import { startHttpReceiver } from '../receive/http.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';
import { createLogger, type Logger } from '../telemetry/log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { layoutOf } from './layout.ts';
import { startReaders } from './readers.ts';
import { tableSchemas } from './schemas.ts';
import { spawnThread } from './spawn.ts';
import type { LaneThreadData, ThreadData } from './thread-data.ts';

export interface Daemon {
  readonly grpc: string;
  readonly http: string;
  readonly api: string;
  readonly admin: string;
  readonly lake: string;
  /** Resolves where another bridge took the journal over: end the process, without `stop`. */
  readonly journalLost: Promise<BridgeError>;
  /** Stops receiving, commits what it can within the deadline, and ends all threads. */
  stop(deadlineMs: number): Promise<void>;
}

/** How often the store is asked, for `/readyz`: seldom while it answers, because a call to S3 costs money. */
const STORE_CHECK_MS = { answering: 60_000, away: 10_000 };

/** Starts everything; throws a BridgeError `config` where the configuration cannot be used on this machine. */
export async function startDaemon(config: Config, version: string): Promise<Daemon> {
  const log = createLogger(config.telemetry);
  const metrics = createMetrics();
  const layout = layoutOf(config);
  const threadData: ThreadData = { config, layout, version };
  const { auth, tls } = config.server;
  const ingestToken = createTokenCheck(auth.ingestTokenFile, 'server.auth.ingest_token_file');
  const tokens: Record<Access, TokenCheck> = {
    open: () => {},
    read: createTokenCheck(auth.readTokenFile, 'server.auth.read_token_file'),
    admin: createTokenCheck(auth.adminTokenFile, 'server.auth.admin_token_file'),
  };
  const store = await openStore(config, { warn: (message, err) => log.warn({ err }, message) });
  const catalog = createCatalog(store, {
    onProblem: (key, error) => log.warn({ key, code: error.code }, error.message),
  });
  let stopping = false;
  const journalLost = Promise.withResolvers<BridgeError>();

  const storeHealth = watchStore(store, log);
  await storeHealth.first;
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
  const readers = startReaders(config.operations.readers, threadData);
  addStateMetrics(metrics, ingest);

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
    notReady: () => [
      ...(stopping ? ['the bridge is stopping'] : []),
      ...(storeHealth.failure ? [`store: ${storeHealth.failure.message}`] : []),
      ...(ingest.status().journalFailure ? [ingest.status().journalFailure!] : []),
      ...ingest.status().failures.map(({ message }) => `commits wait: ${message}`),
    ],
  };
  const adminDeps = {
    catalog,
    store,
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

  const started: { stop(deadlineMs: number): Promise<void> }[] = [];
  try {
    const grpc = await startGrpcReceiver(receiver);
    started.push(grpc);
    const http = await startHttpReceiver(receiver);
    started.push(http);
    const common = { tls, limits: config.server.connections, tokens, log };
    const served = config.server.admin === undefined ? [...open, ...admin] : open;
    const routes = [indexRoute(version, served), ...served];
    const api = await startApiServer({ ...common, address: config.server.api, key: 'server.api', routes });
    started.push(api);
    let adminServer: ApiServer = api;
    if (config.server.admin !== undefined) {
      adminServer = await startApiServer({
        ...common,
        address: config.server.admin,
        key: 'server.admin',
        routes: admin,
      });
      started.push(adminServer);
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

  /** Receivers first, so that nothing new comes in; then the lanes and encoders; the readers and the store last. */
  async function stop(deadlineMs: number): Promise<void> {
    stopping = true;
    const startMs = performance.now();
    const left = () => Math.max(0, deadlineMs - (performance.now() - startMs));
    await Promise.all(started.map((part) => part.stop(deadlineMs / 4)));
    await ingest.stop(left());
    await readers.stop();
    storeHealth.stop();
    store.close();
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

/** Asks the store at the start and again now and then. */
function watchStore(store: ObjectStore, log: Logger) {
  let failure: BridgeError | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  async function check(): Promise<void> {
    try {
      await store.check();
      failure = undefined;
    } catch (error) {
      const found = BridgeError.from(error);
      // Said when it begins, not every ten seconds; `/readyz` says it as long as it lasts.
      if (found.message !== failure?.message) {
        log.warn(
          { code: found.code, hint: found.hint },
          `the store cannot be used; rows wait in the journal: ${found.message}`,
        );
      }
      failure = found;
    }
    if (!stopped) timer = setTimeout(check, failure ? STORE_CHECK_MS.away : STORE_CHECK_MS.answering).unref();
  }
  return {
    first: check(),
    get failure() {
      return failure;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
