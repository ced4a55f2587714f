// In your program: import { S3ParquetConnector } from 'otel-lake-bridge';
import { S3ParquetConnector } from '../../src/connector/index.ts';
import type { Print } from './run.ts';

export default async function basic(path: string, print: Print): Promise<void> {
  // For S3: { s3: { region: 'eu-central-1', bucket: 'my-bucket', prefix: 'orders' } }
  await using connector = await S3ParquetConnector.open({ storage: { path } });

  const records = [
    { id: 1, country: 'NL', total: 12.5, at: new Date('2026-11-21T08:00:00Z') },
    { id: 2, country: 'DE', total: 7.25, at: new Date('2026-11-21T09:30:00Z') },
    { id: 3, country: 'NL', total: 99, at: new Date('2026-11-21T10:00:00Z') },
  ];
  const written = await connector.write({ records, partitionPath: 'orders', fileName: 'first' });
  print(`${written.recordCount} records in ${written.path}`);

  const { records: found } = await connector.read({
    partitionPath: 'orders',
    filter: "country = 'NL' AND total > 20",
    selectFields: ['id', 'total', 'at'],
  });
  for (const { id, total, at } of found) print(`order ${id}: ${total} at ${at}`);
}
