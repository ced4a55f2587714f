/**
 * Microseconds a row for each step between the wire and the Parquet encoder, over the payloads in bench/payloads.
 *
 *   npm run bench decode -- --signal traces|logs|metrics --copies N (copies of the payloads in a batch, default 10)
 */
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { RecordBatchStreamWriter } from 'apache-arrow';
import { toArrow, transferables } from '../src/batch/arrow.ts';
import { createTableBuilder } from '../src/batch/builder.ts';
import { orderRows } from '../src/batch/order.ts';
import { take } from '../src/batch/take.ts';
import { createDecoder } from '../src/decode/decoder.ts';
import type { Batch } from '../src/model/batch.ts';
import { SIGNALS, type SignalName } from '../src/model/signal.ts';
import { TABLES } from '../src/model/tables.ts';

const ROUNDS = 15;
const ROW_GROUP_ROWS = 100_000;
const PARTITIONS = 4;

const { values } = parseArgs({
  options: {
    signal: { type: 'string', default: 'traces' },
    copies: { type: 'string', default: '10' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(`npm run bench decode -- [options]
  --signal traces|logs|metrics   whose payloads are decoded (traces)
  --copies N                     copies of the payloads in a batch (10)`);
  process.exit(0);
}
const signal = values.signal as SignalName;
const copies = Number(values.copies);
const table = TABLES[signal];
const folder = new URL('./payloads/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.startsWith(signal));
const bodies = files.map((name) => new Uint8Array(readFileSync(new URL(name, folder))));

const builder = createTableBuilder(table);
const decoder = createDecoder(signal, builder, { limits: { maxAttributeCount: 1024, maxNesting: 32 }, promote: [] });

const figures = new Map<string, number[]>();

function measured<T>(step: string, rows: number, run: () => T): T {
  const before = process.cpuUsage();
  const result = run();
  const { user, system } = process.cpuUsage(before);
  const rounds = figures.get(step) ?? [];
  rounds.push((user + system) / rows);
  figures.set(step, rounds);
  return result;
}

const rows = copies * bodies.reduce((sum, body) => sum + decoder.decode(body).accepted, 0);
builder.finish();
let memory = 0;
for (let round = 0; round < ROUNDS; round++) {
  const batch = measured('decode', rows, () => {
    for (let copy = 0; copy < copies; copy++) for (const body of bodies) decoder.decode(body);
    memory = builder.memoryBytes;
    return builder.finish();
  });
  const received = measured('transfer', rows, () => structuredClone(batch, { transfer: transferables(batch) }));
  shapeRows(received);
}

function shapeRows(batch: Batch): void {
  const partitionOf = Int32Array.from({ length: batch.rows }, (_, row) => row % PARTITIONS);
  const sortBy = ['service_name', 'timestamp'];
  const order = measured('order', rows, () => orderRows(batch, table, partitionOf, PARTITIONS, sortBy));
  const parts = measured('take', rows, () => {
    const taken: Batch[] = [];
    for (let p = 0; p < PARTITIONS; p++) {
      const partition = order.rows.subarray(order.partitionStart[p]!, order.partitionStart[p + 1]!);
      for (let start = 0; start < partition.length; start += ROW_GROUP_ROWS) {
        taken.push(take(batch, partition.subarray(start, start + ROW_GROUP_ROWS)));
      }
    }
    return taken;
  });
  const arrow = measured('toArrow', rows, () => parts.map((part) => toArrow(part, table)));
  measured('IPC', rows, () => arrow.map((part) => RecordBatchStreamWriter.writeAll([part]).toUint8Array(true)));
}

console.log(
  `${rows} ${SIGNALS[signal].rowNoun} a batch, ${(memory / rows).toFixed(0)} bytes of memory a row, ${ROUNDS} rounds`,
);
for (const [step, rounds] of figures) {
  const sorted = rounds.slice(2).sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1]!;
  console.log(`${step.padEnd(10)} ${median.toFixed(2)} µs a row (first round ${rounds[0]!.toFixed(2)})`);
}
