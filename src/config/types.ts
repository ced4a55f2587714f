/**
 * The configuration as everything inside sees it: complete, checked, frozen. Made by `load.ts` from TOML; the key in the
 * file is the snake_case form of the name here, in the section named by the object. Units stand in the names where the
 * file's own name (a contract) lets them.
 */
import type { PartitionStrategy, Promotion, RowLimits } from '../model/layout.ts';
import type { TableName } from '../model/signal.ts';

export interface Config {
  /** The file it was read from, for messages. */
  readonly file: string;
  readonly server: ServerConfig;
  readonly storage: { readonly type: 'file' | 's3'; readonly path: string };
  /** Present where storage.type is "s3". */
  readonly s3: S3Config | undefined;
  readonly parquet: ParquetConfig;
  readonly partitioning: readonly PartitionStrategy[];
  readonly operations: OperationsConfig;
  readonly journal: JournalConfig;
  readonly flush: FlushConfig;
  readonly limits: LimitsConfig;
  readonly tables: Readonly<Record<TableName, TableConfig>>;
  readonly cost: CostConfig;
  readonly telemetry: TelemetryConfig;
}

export interface ServerConfig {
  /** "host:port", where port 0 takes a free one, or "unix:/path". */
  readonly otlpGrpc: string;
  readonly otlpHttp: string;
  readonly api: string;
  /** Absent: admin routes are served on `api`. */
  readonly admin: string | undefined;
  readonly maxRequestBytes: number;
  readonly maxConcurrentRequests: number;
  readonly connections: ConnectionLimits;
  /** Of one gRPC connection. */
  readonly maxConcurrentStreams: number;
  /** Silence after which a gRPC connection is asked whether it still lives. */
  readonly grpcKeepaliveSeconds: number;
  /** How long the answer to that may take. */
  readonly grpcKeepaliveTimeoutSeconds: number;
  /** Age at which senders are told to connect again; undefined: never. */
  readonly grpcMaxConnectionAgeSeconds: number | undefined;
  /** How long calls under way may go on then; undefined: to their end. */
  readonly grpcMaxConnectionAgeGraceSeconds: number | undefined;
  /** Paths of OTLP/HTTP. */
  readonly tracesPath: string;
  readonly logsPath: string;
  readonly metricsPath: string;
  readonly tls: TlsConfig | undefined;
  readonly auth: AuthConfig;
  readonly cors: CorsConfig;
}

/** What peers may take of a listener. */
export interface ConnectionLimits {
  readonly maxConnections: number;
  readonly headerTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly responseTimeoutMs: number;
}

/** For pages that send telemetry from a browser. */
export interface CorsConfig {
  /** "*", or origins, in which "*" stands for any text ("https://*.example.com"). */
  readonly allowedOrigins: readonly string[];
  /** Further request headers, or "*". */
  readonly allowedHeaders: readonly string[];
  readonly maxAgeSeconds: number;
}

export interface TlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
  /** Senders must show a certificate signed by this CA. */
  readonly clientCaFile: string | undefined;
}

/** Files with one bearer token a line; absent means that no token is asked for. */
export interface AuthConfig {
  readonly ingestTokenFile: string | undefined;
  readonly readTokenFile: string | undefined;
  readonly adminTokenFile: string | undefined;
}

export interface S3Config {
  readonly region: string;
  readonly bucket: string;
  /** Without slashes at its ends; empty for the bucket's root. */
  readonly prefix: string;
  readonly endpoint: string | undefined;
  readonly forcePathStyle: boolean;
  readonly createBucket: boolean;
  /** Of the bucket; looked at by `otel-lake bucket` and, where the bucket is made here, at the start. */
  readonly blockPublicAccess: boolean;
  /** Undefined: as the bucket is. */
  readonly versioning: boolean | undefined;
  readonly lifecycle: readonly LifecycleRule[];
  /** Account id of twelve digits. */
  readonly expectedBucketOwner: string | undefined;
  /** Of data files. */
  readonly storageClass: StorageClass | undefined;
  readonly acl: 'private' | 'bucket-owner-read' | 'bucket-owner-full-control' | undefined;
  /** Of data files. */
  readonly tags: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly checksums: 'WHEN_SUPPORTED' | 'WHEN_REQUIRED';
  readonly conditionalWrites: boolean;
  readonly connectTimeoutSeconds: number;
  readonly retryMaxDelaySeconds: number;
  readonly maxConnections: number;
  readonly credentials:
    | { readonly type: 'env' }
    | { readonly type: 'profile'; readonly profile: string }
    | {
        readonly type: 'explicit';
        readonly accessKeyId: string;
        readonly secretAccessKey: string;
        readonly sessionToken: string | undefined;
      };
  readonly encryption:
    | { readonly type: 'AES256' }
    | {
        readonly type: 'aws:kms';
        readonly kmsKeyId: string | undefined;
        readonly bucketKeyEnabled: boolean | undefined;
      }
    | {
        readonly type: 'client';
        /** One of the two is there: the key for what is written. */
        readonly keyFile: string | undefined;
        readonly kmsKeyId: string | undefined;
        /** Keys for what was written before. */
        readonly oldKeyFiles: readonly string[];
        readonly oldKmsKeyIds: readonly string[];
        readonly kmsEndpoint: string | undefined;
      }
    | undefined;
  readonly multipart: {
    readonly enabled: boolean;
    readonly thresholdMb: number;
    readonly partSizeMb: number;
    readonly maxConcurrentUploads: number;
    /** Since the last part of an upload that nobody seems to write to any more. */
    readonly abortAfterHours: number;
  };
}

/** Classes whose objects can be read at once. */
export type StorageClass =
  | 'STANDARD'
  | 'STANDARD_IA'
  | 'ONEZONE_IA'
  | 'INTELLIGENT_TIERING'
  | 'GLACIER_IR'
  | 'REDUCED_REDUNDANCY';

/** One rule of the bucket's lifecycle; the numbers are days. */
export interface LifecycleRule {
  readonly id: string;
  /** Below the lake's own prefix; empty for the whole lake. */
  readonly prefix: string;
  readonly enabled: boolean;
  readonly transitions: readonly LifecycleTransition[];
  readonly expirationDays: number | undefined;
  readonly noncurrentExpirationDays: number | undefined;
  /** Noncurrent versions kept however old they are. */
  readonly newerNoncurrentVersions: number | undefined;
  readonly abortIncompleteMultipartUploadDays: number | undefined;
}

export interface LifecycleTransition {
  readonly days: number;
  /** A name of AWS, or of a tier of another server. */
  readonly storageClass: string;
}

/** Codecs of Parquet pages; LZ4 is LZ4_RAW. */
export type Compression = 'SNAPPY' | 'GZIP' | 'LZ4' | 'ZSTD' | 'UNCOMPRESSED';

export interface ParquetConfig {
  readonly compression: Compression;
  /** Rows. */
  readonly rowGroupSize: number;
  /** Bytes. */
  readonly pageSize: number;
  readonly dictionaryEnabled: boolean;
  readonly statisticsEnabled: boolean;
  readonly bloomFilterEnabled: boolean;
  readonly bloomFilterColumns: readonly string[];
  readonly sortBy: readonly string[];
}

export interface OperationsConfig {
  /** Rows a record batch in reads. */
  readonly batchSize: number;
  /** Objects written, or files scanned, at the same time. */
  readonly parallelism: number;
  readonly readCacheBytes: number;
  /** Absent: nothing that was read is kept on disk. */
  readonly readCachePath: string | undefined;
  readonly readCacheDiskBytes: number;
  /** Tries after the first one, for a call to the store. */
  readonly retryAttempts: number;
  /** Bound on one call to the store. */
  readonly timeoutSeconds: number;
  /** Bound on a stop. */
  readonly drainSeconds: number;
  /** Worker threads that decode and journal. */
  readonly lanes: number;
  /** Worker threads that encode and upload. */
  readonly encoders: number;
  /** Worker threads that serve reads. */
  readonly readers: number;
}

export interface JournalConfig {
  readonly path: string;
  readonly sync: 'always' | 'interval';
  /** Bytes of all segments together; reached, requests are answered 503. */
  readonly maxBytes: number;
}

export interface FlushConfig {
  readonly maxAgeSeconds: number;
  /** Bytes of OTLP after decompression. */
  readonly maxBytes: number;
  readonly maxRows: number;
}

export interface LimitsConfig extends RowLimits {
  /** Budget of everything that holds request or row data. */
  readonly memoryBytes: number;
}

export interface TableConfig {
  readonly enabled: boolean;
  readonly promote: readonly Promotion[];
  /** Of the table's files, where it is not the lake's own. */
  readonly bucket: string | undefined;
  /** Without slashes at its ends; of the table's own bucket, undefined where it is that of the lake. */
  readonly prefix: string | undefined;
  readonly region: string | undefined;
}

/** Prices. GiB are meant by "gb" in the names of the keys, as on AWS's bill. */
export interface CostConfig {
  readonly currency: string;
  readonly putPer1000: number;
  readonly listPer1000: number;
  readonly getPer1000: number;
  readonly transitionPer1000: number;
  readonly transferOutPerGb: number;
  /** A GiB for a month, by class in camel case (`standardIa`). */
  readonly storage: Readonly<Record<string, number>>;
  /** A GiB read; classes that ask nothing are missing. */
  readonly retrieval: Readonly<Record<string, number>>;
}

export interface TelemetryConfig {
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly logFormat: 'json' | 'text';
}
