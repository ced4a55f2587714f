/**
 * One measured step in a process of its own: prints a line of JSON. The records are those of connector_pyarrow.py.
 *
 *   node bench/connector-child.ts iterate|columns|write <records> [options of the connector as JSON]
 */
import { S3ParquetConnector, TimePartitioning, ValuePartitioning } from '../src/connector/index.ts';
import { createRecordBuilder } from '../src/records/builder.ts';
import { createSchema } from '../src/records/schema.ts';
import { peakBytesOf } from './support.ts';

export interface StepResult {
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly peakBytes: number;
  readonly files: number;
  readonly bytes: number;
}

const SCHEMA = {
  fields: [
    { name: 'id', type: 'int64' },
    { name: 'timestamp', type: 'timestamp(us, UTC)' },
    { name: 'service_name', type: 'string' },
    { name: 'duration_ms', type: 'float64' },
    { name: 'status_code', type: 'int32' },
    { name: 'attributes', type: 'map<string,string>' },
  ],
};

/** Five million of them make a day, in order of time. */
async function* records(count: number) {
  const start = Date.UTC(2026, 10, 21);
  for (let i = 0; i < count; i++) {
    yield {
      id: i,
      timestamp: new Date(start + Math.floor((i * 86_400_000) / 5_000_000)),
      service_name: `service-${(i * 7919) % 8}`,
      duration_ms: ((i * 2_654_435_761) % 100_000) / 100,
      status_code: i % 50 === 0 ? 500 : 200,
      attributes: {
        'http.method': i % 3 === 0 ? 'POST' : 'GET',
        'http.route': `/api/v1/things/${i % 97}`,
        host: `host-${i % 31}`,
      },
    };
  }
}

type Step = (count: number) => Promise<{ readonly files: number; readonly bytes: number }>;

const STEPS: Readonly<Record<string, Step>> = {
  /** The source alone, which is no part of the library. */
  async iterate(count) {
    let sum = 0;
    for await (const record of records(count)) sum += record.status_code;
    return { files: 0, bytes: sum };
  },

  /** Records to columns, which are dropped. */
  async columns(count) {
    const builder = createRecordBuilder(createSchema(SCHEMA));
    let row = 0;
    for await (const record of records(count)) {
      builder.append(record, row++);
      if (builder.rows === 10_000) builder.finish();
    }
    return { files: 0, bytes: builder.memoryBytes };
  },

  async write(count) {
    await using connector = await S3ParquetConnector.open(JSON.parse(process.argv[4]!));
    const partitioning = [new ValuePartitioning('service_name'), new TimePartitioning({ format: 'hour=%Y-%m-%d-%H' })];
    const { files, recordCount } = await connector.batchWrite({
      schema: SCHEMA,
      records: records(count),
      partitioning,
    });
    if (recordCount !== count) throw new Error(`${recordCount} of ${count} records were written`);
    return { files: files.length, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
  },
};

const [step = '', count = ''] = process.argv.slice(2);
const before = process.cpuUsage();
const start = performance.now();
const result = await STEPS[step]!(Number(count));
const used = process.cpuUsage(before);
const outcome: StepResult = {
  cpuSeconds: (used.user + used.system) / 1e6,
  seconds: (performance.now() - start) / 1000,
  peakBytes: peakBytesOf('self'),
  ...result,
};
console.log(JSON.stringify(outcome));
