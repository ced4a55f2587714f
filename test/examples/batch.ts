// In your program: import { … } from 'otel-lake-bridge';
import { ConnectorError, S3ParquetConnector, SchemaError, ValuePartitioning } from '../../src/connector/index.ts';
import type { Print } from './run.ts';

const schema = {
  fields: [
    { name: 'id', type: 'int64', nullable: false },
    { name: 'service_name', type: 'string' },
    { name: 'duration_ms', type: 'float64' },
    { name: 'price', type: 'decimal(12,2)' },
    { name: 'attributes', type: 'map<string,string>' },
  ],
};

/** As many as you like: they are written as they come, in bounded memory. */
async function* measurements(count: number) {
  for (let id = 0; id < count; id++) {
    const service = `service-${id % 3}`;
    yield { id, service_name: service, duration_ms: id / 10, price: '9.99', attributes: { region: 'eu' } };
  }
}

export default async function batch(path: string, print: Print): Promise<void> {
  await using connector = await S3ParquetConnector.open({ storage: { path }, operations: { parallelism: 8 } });
  const partitioning = new ValuePartitioning('service_name');

  const written = await connector.batchWrite({ schema, records: measurements(25_000), partitioning, batchSize: 5000 });
  print(`${written.recordCount} records in ${written.fileCount} files`);

  // A record that does not fit ends a batch, unless it is told otherwise.
  const wrong = [
    { id: 1, price: '1.00' },
    { id: 2, price: '1.005' },
  ];
  try {
    await connector.batchWrite({ schema, records: wrong, partitioning });
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    print(`${error.name}: ${error.message}; ${error.written?.fileCount} files were written`);
  }
  const { recordCount, report } = await connector.batchWrite({
    schema,
    records: wrong,
    partitioning,
    onInvalid: 'skip',
  });
  print(`${recordCount} record written, ${report.skipped} skipped: column ${report.invalid[0]?.column}`);

  // A signal ends a batch; what it had written is named, and can be taken away.
  const signal = AbortSignal.timeout(20);
  try {
    await connector.batchWrite({
      schema,
      records: measurements(1e9),
      partitioning,
      maxBufferedBytes: 1_000_000,
      signal,
    });
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.written === undefined) throw error;
    await connector.discard(error.written);
    print(`${error.code}: nothing of it is left`);
  }
  const { compressionRatio, latency } = connector.writeMetrics();
  print(`${compressionRatio > 1 ? 'smaller' : 'larger'} than in memory, ${latency.count} writes measured`);
}
