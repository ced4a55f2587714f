/** Checked settings to the frozen Config. Paths are resolved against the current working directory. */
import { resolve } from 'node:path';
import type { PartitionStrategy } from '../model/layout.ts';
import { memberName } from './key.ts';
import { PRICED_CLASSES } from './keys-cost.ts';
import { trimSlashes } from './relations-s3.ts';
import type { Settings } from './settings.ts';
import type {
  Compression,
  Config,
  CostConfig,
  LifecycleRule,
  S3Config,
  ServerConfig,
  TelemetryConfig,
} from './types.ts';

export function buildConfig(
  file: string,
  settings: Settings,
  tables: Config['tables'],
  lifecycle: readonly LifecycleRule[],
  partitioning: readonly PartitionStrategy[],
): Config {
  const { text, number } = settings;
  return deepFreeze<Config>({
    file,
    server: buildServer(settings),
    storage: { type: text('storage.type') as 'file' | 's3', path: resolve(text('storage.path')) },
    s3: text('storage.type') === 's3' ? buildS3(settings, lifecycle) : undefined,
    parquet: buildParquet(settings),
    partitioning,
    operations: {
      batchSize: number('operations.batch_size'),
      parallelism: number('operations.parallelism'),
      readCacheBytes: number('operations.read_cache_bytes'),
      readCachePath: optionalPath(settings, 'operations.read_cache_path'),
      readCacheDiskBytes: number('operations.read_cache_disk_bytes'),
      retryAttempts: number('operations.retry_attempts'),
      timeoutSeconds: number('operations.timeout_seconds'),
      drainSeconds: number('operations.drain_seconds'),
      lanes: number('operations.lanes'),
      encoders: number('operations.encoders'),
      readers: number('operations.readers'),
    },
    journal: {
      path: resolve(text('journal.path')),
      sync: text('journal.sync') as 'always' | 'interval',
      maxBytes: number('journal.max_bytes'),
    },
    flush: {
      maxAgeSeconds: number('flush.max_age_seconds'),
      maxBytes: number('flush.max_bytes'),
      maxRows: number('flush.max_rows'),
    },
    limits: {
      memoryBytes: number('limits.memory_bytes'),
      maxAttributeCount: number('limits.max_attribute_count'),
      maxNesting: number('limits.max_nesting'),
      maxPastSeconds: optionalNumber(settings, 'limits.max_past_seconds'),
      maxFutureSeconds: optionalNumber(settings, 'limits.max_future_seconds'),
    },
    tables,
    cost: buildCost(settings),
    telemetry: {
      logLevel: text('telemetry.log_level') as TelemetryConfig['logLevel'],
      logFormat: text('telemetry.log_format') as TelemetryConfig['logFormat'],
    },
  });
}

function optionalNumber(settings: Settings, path: string): number | undefined {
  return settings.get(path) === undefined ? undefined : settings.number(path);
}

function optionalPath(settings: Settings, path: string): string | undefined {
  const value = settings.optional(path);
  return value === undefined ? undefined : resolve(value);
}

function buildServer(settings: Settings): ServerConfig {
  const { text, number, texts, optional, has } = settings;
  return {
    otlpGrpc: text('server.otlp_grpc'),
    otlpHttp: text('server.otlp_http'),
    api: text('server.api'),
    admin: optional('server.admin'),
    maxRequestBytes: number('server.max_request_bytes'),
    maxConcurrentRequests: number('server.max_concurrent_requests'),
    connections: {
      maxConnections: number('server.max_connections'),
      headerTimeoutMs: 1000 * number('server.header_timeout_seconds'),
      requestTimeoutMs: 1000 * number('server.request_timeout_seconds'),
      responseTimeoutMs: 1000 * number('server.response_timeout_seconds'),
    },
    maxConcurrentStreams: number('server.max_concurrent_streams'),
    grpcKeepaliveSeconds: number('server.grpc_keepalive_seconds'),
    grpcKeepaliveTimeoutSeconds: number('server.grpc_keepalive_timeout_seconds'),
    grpcMaxConnectionAgeSeconds: optionalNumber(settings, 'server.grpc_max_connection_age_seconds'),
    grpcMaxConnectionAgeGraceSeconds: optionalNumber(settings, 'server.grpc_max_connection_age_grace_seconds'),
    tracesPath: text('server.traces_path'),
    logsPath: text('server.logs_path'),
    metricsPath: text('server.metrics_path'),
    tls: has('server.tls')
      ? {
          certFile: resolve(text('server.tls.cert_file')),
          keyFile: resolve(text('server.tls.key_file')),
          clientCaFile: optionalPath(settings, 'server.tls.client_ca_file'),
        }
      : undefined,
    auth: {
      ingestTokenFile: optionalPath(settings, 'server.auth.ingest_token_file'),
      readTokenFile: optionalPath(settings, 'server.auth.read_token_file'),
      adminTokenFile: optionalPath(settings, 'server.auth.admin_token_file'),
    },
    cors: {
      allowedOrigins: texts('server.cors.allowed_origins'),
      allowedHeaders: texts('server.cors.allowed_headers'),
      maxAgeSeconds: number('server.cors.max_age_seconds'),
    },
  };
}

function buildS3(settings: Settings, lifecycle: readonly LifecycleRule[]): S3Config {
  const { text, number, flag, optional } = settings;
  const map = (path: string) => (settings.get(path) ?? {}) as Readonly<Record<string, string>>;
  return {
    region: text('s3.region'),
    bucket: text('s3.bucket'),
    prefix: trimSlashes(text('s3.prefix')),
    endpoint: optional('s3.endpoint'),
    forcePathStyle: flag('s3.force_path_style'),
    createBucket: flag('s3.create_bucket'),
    blockPublicAccess: flag('s3.block_public_access'),
    versioning: settings.get('s3.versioning') as boolean | undefined,
    lifecycle,
    expectedBucketOwner: optional('s3.expected_bucket_owner'),
    storageClass: optional('s3.storage_class') as S3Config['storageClass'],
    acl: optional('s3.acl') as S3Config['acl'],
    tags: map('s3.tags'),
    metadata: map('s3.metadata'),
    checksums: text('s3.checksums') as S3Config['checksums'],
    conditionalWrites: flag('s3.conditional_writes'),
    connectTimeoutSeconds: number('s3.connect_timeout_seconds'),
    retryMaxDelaySeconds: number('s3.retry_max_delay_seconds'),
    maxConnections: number('s3.max_connections'),
    credentials: buildCredentials(settings),
    encryption: buildEncryption(settings),
    multipart: {
      enabled: flag('s3.multipart.enabled'),
      thresholdMb: number('s3.multipart.threshold_mb'),
      partSizeMb: number('s3.multipart.part_size_mb'),
      maxConcurrentUploads: number('s3.multipart.max_concurrent_uploads'),
      abortAfterHours: number('s3.multipart.abort_after_hours'),
    },
  };
}

function buildCredentials({ text, optional }: Settings): S3Config['credentials'] {
  const type = text('s3.credentials.type');
  if (type === 'profile') return { type, profile: optional('s3.credentials.profile') ?? 'default' };
  if (type !== 'explicit') return { type: 'env' };
  return {
    type,
    accessKeyId: text('s3.credentials.access_key_id'),
    secretAccessKey: text('s3.credentials.secret_access_key'),
    sessionToken: optional('s3.credentials.session_token'),
  };
}

function buildEncryption({ optional, get }: Settings): S3Config['encryption'] {
  const type = optional('s3.encryption.type');
  const kmsKeyId = optional('s3.encryption.kms_key_id');
  if (type === 'aws:kms') {
    return { type, kmsKeyId, bucketKeyEnabled: get('s3.encryption.bucket_key_enabled') as boolean | undefined };
  }
  if (type !== 'client') return type === 'AES256' ? { type } : undefined;
  const keyFile = optional('s3.encryption.key_file');
  const list = (path: string) => (get(path) ?? []) as readonly string[];
  return {
    type,
    keyFile: keyFile === undefined ? undefined : resolve(keyFile),
    kmsKeyId,
    oldKeyFiles: list('s3.encryption.old_key_files').map((path) => resolve(path)),
    oldKmsKeyIds: list('s3.encryption.old_kms_key_ids'),
    kmsEndpoint: optional('s3.encryption.kms_endpoint'),
  };
}

function buildCost({ text, number, get }: Settings): CostConfig {
  const byClass = (section: string) => {
    const known = PRICED_CLASSES.flatMap((name) => {
      const price = get(`cost.${section}.${name.toLowerCase()}`);
      return price === undefined ? [] : [[memberName(name.toLowerCase()), price as number] as const];
    });
    return Object.fromEntries(known);
  };
  return {
    currency: text('cost.currency'),
    putPer1000: number('cost.put_per_1000'),
    listPer1000: number('cost.list_per_1000'),
    getPer1000: number('cost.get_per_1000'),
    transitionPer1000: number('cost.transition_per_1000'),
    transferOutPerGb: number('cost.transfer_out_per_gb'),
    storage: byClass('storage'),
    retrieval: byClass('retrieval'),
  };
}

function buildParquet({ text, number, flag, texts }: Settings): Config['parquet'] {
  return {
    compression: text('parquet.compression') as Compression,
    rowGroupSize: number('parquet.row_group_size'),
    pageSize: number('parquet.page_size'),
    dictionaryEnabled: flag('parquet.dictionary_enabled'),
    statisticsEnabled: flag('parquet.statistics_enabled'),
    bloomFilterEnabled: flag('parquet.bloom_filter_enabled'),
    bloomFilterColumns: texts('parquet.bloom_filter_columns'),
    sortBy: texts('parquet.sort_by'),
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
