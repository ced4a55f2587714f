// In your program: import { … } from 'otel-lake-bridge';
import { S3ParquetConnector } from '../../src/connector/index.ts';
import type { Print } from './run.ts';

const readings = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: from + i, celsius: 20 + ((from + i) % 10) }));

export default async function streaming(path: string, print: Print): Promise<void> {
  await using connector = await S3ParquetConnector.open({ storage: { path } });
  await connector.batchWrite({ records: readings(0, 20_000) });

  // Arrow record batches: columns, and nothing of them is held longer than the loop needs it.
  let warm = 0;
  for await (const batch of connector.streamingRead({ filter: 'celsius >= 25', batchSize: 5000 }))
    warm += batch.numRows;
  print(`${warm} warm readings`);

  // Leaving the loop ends the read.
  for await (const { id, celsius } of connector.streamingRead({ as: 'records' })) {
    print(`the first reading is ${id}: ${celsius}`);
    break;
  }

  // What was committed since a cursor, each batch once: keep the cursor and go on with it another time.
  const before = connector.changes();
  for await (const { recordCount } of before) print(`a batch of ${recordCount}`);
  await connector.batchWrite({ records: readings(20_000, 3) });
  for await (const batch of connector.changes({ after: before.cursor })) {
    for await (const { id } of batch.records({ filter: 'celsius > 20' })) print(`new: ${id}`);
  }
}
