/** What `import … from 'otel-lake-bridge'` gives. */

export type { SchemaChange } from '../records/evolve.ts';
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
export type { LatencyMetrics, ReadMetrics, WriteMetrics } from './metrics.ts';
export type {
  ConnectorOptions,
  OperationsOptions,
  ParquetOptions,
  PartitioningOptions,
  S3Options,
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
export type * from './types.ts';
