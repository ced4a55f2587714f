/**
 * CPU microseconds a record from JavaScript values to Arrow, for records that are objects (with times as Date or as ISO
 * text) and for cells of text as a CSV parser gives them.
 *
 *   npm run bench records -- --records N (a round, default 200,000) --rounds N (default 7)
 */
import { parseArgs } from 'node:util';
import { createRecordBuilder } from '../src/records/builder.ts';
import type { RecordBuilderOptions, RecordInput } from '../src/records/record-types.ts';
import { createSchema } from '../src/records/schema.ts';
import { DEFAULT_TEXT_RULES } from '../src/records/text-rules.ts';
import type { ParquetSchema } from '../src/records/types.ts';

const { values } = parseArgs({
  options: { records: { type: 'string', default: '200000' }, rounds: { type: 'string', default: '7' } },
});
const count = Number(values.records);
const rounds = Number(values.rounds);

const SAMPLE = createSchema({
  fields: [
    { name: 'id', type: 'int64', nullable: false },
    { name: 'timestamp', type: 'timestamp(us, UTC)' },
    { name: 'service_name', type: 'string' },
    { name: 'duration_ms', type: 'float64' },
    { name: 'status_code', type: 'int32' },
    { name: 'attributes', type: 'map<string,string>' },
  ],
});

const CELL_TYPES = [
  ...['int64', 'int64', 'int32', 'float64', 'float64', 'float64', 'decimal(18,4)'],
  ...['string', 'string', 'string', 'string', 'date', 'timestamp(us)', 'bool'],
];
const CELLS = createSchema({ fields: CELL_TYPES.map((type, i) => ({ name: `c${i}`, type })) });

/** A string of its own, as parsers make them: not the one that was there before, whose hash is known. */
function fresh(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function sampleRecord(i: number, at: Date | string): RecordInput {
  return {
    id: i,
    timestamp: at,
    service_name: fresh(`service-${i % 20}`),
    duration_ms: (i % 1000) / 7,
    status_code: 200 + (i % 5),
    attributes: {
      'http.route': fresh(`/api/v1/users/${i % 50}`),
      'http.method': 'GET',
      'user.id': fresh(`u${i % 5000}`),
    },
  };
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function cellRecord(i: number): RecordInput {
  const numbers = [i, (i * 7919) % 100_003, i % 100, (i % 997) / 10, (i % 1009) * 1.37, i * 0.001];
  const texts = [
    ((i % 99_991) / 100).toFixed(2),
    `city-${i % 300}`,
    `status-${i % 5}`,
    `name number ${i}`,
    `code${i % 10_000}`,
  ];
  const times = [`2024-02-${two(1 + (i % 28))}`, `2024-02-29 13:45:${two(i % 60)}`, String(i % 2 === 0)];
  return [...numbers.map(String), ...texts, ...times].map(fresh);
}

interface Case {
  readonly name: string;
  readonly schema: ParquetSchema;
  readonly make: (i: number) => RecordInput;
  readonly options: RecordBuilderOptions;
}

const date = (i: number) => new Date(1_700_000_000_000 + i);
const CASES: readonly Case[] = [
  { name: 'objects, 6 columns with a map of 3', schema: SAMPLE, make: (i) => sampleRecord(i, date(i)), options: {} },
  {
    name: 'the same with ISO text for times',
    schema: SAMPLE,
    make: (i) => sampleRecord(i, fresh(date(i).toISOString())),
    options: {},
  },
  { name: 'rows of 14 cells of text', schema: CELLS, make: cellRecord, options: { text: DEFAULT_TEXT_RULES } },
];

for (const { name, schema, make, options } of CASES) {
  const figures: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const records = Array.from({ length: count }, (_, i) => make(i));
    const builder = createRecordBuilder(schema, options);
    const before = process.cpuUsage();
    for (let i = 0; i < count; i++) builder.append(records[i]!, i);
    builder.finish();
    const { user, system } = process.cpuUsage(before);
    figures.push((user + system) / count);
  }
  figures.sort((a, b) => a - b);
  const median = figures[rounds >> 1]!.toFixed(2);
  process.stdout.write(`${name.padEnd(36)} ${median} µs a record (least ${figures[0]!.toFixed(2)})\n`);
}
