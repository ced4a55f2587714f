/** What `import … from 'otel-lake-bridge'` gives. */

export type { Compression } from '../config/types.ts';
export type { ErrorCode } from '../errors.ts';
export type { Granularity } from '../model/layout.ts';
export type { Cost, ExplainedFile, ReadExplanation } from '../model/read-explanation.ts';
export type { SchemaChange, SchemaCompatibility } from '../records/evolve.ts';
export type { InferOptions } from '../records/infer.ts';
export type { InvalidValue, OnInvalid, RecordInput, RecordReport } from '../records/record-types.ts';
export type { OutputRecord, RecordValue } from '../records/to-records.ts';
export type {
  FieldInput,
  FieldType,
  IntegerKind,
  ParquetField,
  ParquetSchema,
  SchemaInput,
  TimeUnit,
} from '../records/types.ts';
export { S3ParquetConnector } from './connector.ts';
export {
  ConfigError,
  ConnectorError,
  type ConnectorErrorOptions,
  NotFoundError,
  ParquetError,
  S3Error,
  SchemaError,
  type WrittenSoFar,
} from './errors.ts';
export {
  type AggregateValue,
  type FilesOptions,
  type ManifestFailure,
  type ManifestOptions,
  type ManifestProgress,
  type ManifestRead,
  type ManifestSummary,
  readManifest,
  type Scan,
  type ScanOptions,
  scan,
  type WriteManifestOptions,
  type WrittenManifest,
  writeManifest,
} from './files.ts';
export type { LatencyMetrics, ReadMetrics, S3Metrics, S3OperationMetrics, WriteMetrics } from './metrics.ts';
export type {
  ConnectorOptions,
  OperationsOptions,
  ParquetOptions,
  PartitioningOptions,
  StorageOptions,
} from './options.ts';
export {
  HashPartitioning,
  type Partitioning,
  type PartitioningEntry,
  type RangeBounds,
  RangePartitioning,
  TimePartitioning,
  type TimePartitioningOptions,
  ValuePartitioning,
} from './partitionings.ts';
export type {
  S3CredentialsOptions,
  S3EncryptionOptions,
  S3LifecycleRule,
  S3MultipartOptions,
  S3Options,
} from './s3-options.ts';
export { createSchema, inferSchema, parseSchema, printSchema, readSchemaFile, unifySchemas } from './schemas.ts';
export {
  type ConvertedFile,
  type ConvertFilesOptions,
  type ConvertProgress,
  type ConvertReport,
  type ConvertTotals,
  convert,
  type FileReport,
  type FileStatus,
  type ImportReport,
  type ImportRowsOptions,
  importRows,
  type StreamSource,
  type TableFormat,
  type TextOptions,
  type UploadedFile,
  type UploadFilesOptions,
  type UploadProgress,
  upload,
} from './tables.ts';
export type * from './types.ts';
