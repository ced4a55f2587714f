// In your program: import { … } from 'otel-lake-bridge';
import {
  HashPartitioning,
  RangePartitioning,
  S3ParquetConnector,
  TimePartitioning,
  ValuePartitioning,
} from '../../src/connector/index.ts';
import type { Print } from './run.ts';

const records = Array.from({ length: 48 }, (_, i) => ({
  id: i,
  service_name: i % 2 === 0 ? 'web' : 'checkout',
  status_code: 200 + 100 * (i % 4),
  timestamp: new Date(Date.UTC(2026, 10, 21, i % 24)),
}));

export default async function partitioning(path: string, print: Print): Promise<void> {
  await using connector = await S3ParquetConnector.open({ storage: { path } });

  // Strategies in order give one folder each: service_name=web/date=2026-11-21
  const byServiceAndDay = [new ValuePartitioning('service_name'), new TimePartitioning({ granularity: 'day' })];
  await connector.batchWrite({ path: 'by-day', records, partitioning: byServiceAndDay });

  const byStatus = new RangePartitioning('status_code', [
    [200, 400, 'success'],
    [400, 600, 'error'],
  ]);
  await connector.batchWrite({ path: 'by-status', records, partitioning: byStatus });
  await connector.batchWrite({ path: 'by-id', records, partitioning: new HashPartitioning('id', 2) });

  for (const { partitionPath, recordCount } of await connector.listPartitions())
    print(`${partitionPath}: ${recordCount}`);

  const { dryRun, recordCount } = await connector.deletePartition('by-status/status_code_range=error', {
    dryRun: true,
  });
  print(`${dryRun ? 'would delete' : 'deleted'} ${recordCount} records`);
  await connector.deletePartition('by-status/status_code_range=error');
  print(`${(await connector.read({ partitionPath: 'by-status' })).recordCount} are left`);
}
