/** What `import … from 'otel-lake-bridge'` gives. */
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
