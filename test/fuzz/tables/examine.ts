/** What the rooms of tables promise for any input: what is whole comes back, what is not is named in an error of ours. */
import { isDeepStrictEqual } from 'node:util';
import { BridgeError, type ErrorCode } from '../../../src/errors.ts';
import { DEFAULT_TEXT_RULES } from '../../../src/records/text-rules.ts';
import { readAvroMetadata } from '../../../src/tables/avro/header.ts';
import { openCsv } from '../../../src/tables/csv/open.ts';
import { csvBatches } from '../../../src/tables/csv-batches.ts';
import { parseManifest } from '../../../src/tables/manifest/parse.ts';
import { Random } from '../random.ts';
import { type CsvCase, damaged, makeCsvCase } from './csv-case.ts';

export const TARGETS = ['csv', 'manifest', 'avro'] as const;
export type Target = (typeof TARGETS)[number];

export interface Outcome {
  readonly accepted: boolean;
  /** What is wrong; undefined where the promises are kept. */
  readonly finding: string | undefined;
}

const EXPECTED = new Set<ErrorCode>(['corrupt', 'unprocessable', 'invalid_argument', 'too_large']);
/** Of CPU: an input of some megabytes at most that takes so long has a loop in it. */
const MAX_MS = 10_000;

export async function examine(target: Target, seed: number, number: number): Promise<Outcome> {
  const start = process.cpuUsage();
  const outcome = await refusals(async () => {
    if (target === 'csv') return examineCsv(makeCsvCase(seed, number), new Random(seed, ~number));
    return target === 'manifest' ? examineManifest(seed, number) : examineAvro(seed, number);
  });
  const ms = process.cpuUsage(start).user / 1000;
  return ms > MAX_MS ? { ...outcome, finding: outcome.finding ?? `it took ${Math.round(ms)} ms` } : outcome;
}

async function refusals(run: () => Promise<string | undefined> | string | undefined): Promise<Outcome> {
  try {
    return { accepted: true, finding: await run() };
  } catch (error) {
    if (error instanceof BridgeError && EXPECTED.has(error.code)) return { accepted: false, finding: undefined };
    return { accepted: false, finding: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const step = Math.max(size, bytes.length >> 12); // a byte a time only for small files
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

async function examineCsv(made: CsvCase, random: Random): Promise<string | undefined> {
  if (made.cells !== undefined) return examineWhole(made, made.cells);
  const options = random.oneIn(2) ? made.options : {};
  const csv = await openCsv(inChunks(made.bytes, made.chunkBytes), options);
  const onInvalid = random.pick(['skip', 'null', 'fail'] as const);
  let rejected = 0;
  const batchOptions = { schema: undefined, onInvalid, text: DEFAULT_TEXT_RULES, truncate: false, batchRows: 1000 };
  const table = csvBatches(csv, batchOptions, () => rejected++);
  let rows = 0;
  for await (const batch of table.batches) rows += batch.numRows;
  const { records, skipped } = table.report;
  if (records !== rows + skipped) return `${records} records are ${rows} rows and ${skipped} skipped`;
  return skipped === rejected ? undefined : `${skipped} are skipped, ${rejected} were told`;
}

async function examineWhole(
  { bytes, options, chunkBytes }: CsvCase,
  cells: CsvCase['cells'],
): Promise<string | undefined> {
  const { names, rows } = await openCsv(inChunks(bytes, chunkBytes), options);
  const found: (readonly string[])[] = [names];
  for await (const { rows: some, problems } of rows) {
    if (problems.size > 0) return `a sound file has problems: ${[...problems.values()].join(', ')}`;
    for (const row of some) found.push(row);
  }
  const at = cells!.findIndex((row, i) => !isDeepStrictEqual(row, found[i]));
  if (at < 0 && found.length === cells!.length) return undefined;
  return `row ${at} of ${cells!.length} became ${JSON.stringify(found[at])} of ${found.length}, it is ${JSON.stringify(cells![at])}`;
}

const MANIFEST = JSON.stringify({
  sourceBucket: 'source',
  destinationBucket: 'arn:aws:s3:::inventory',
  version: '2016-11-30',
  creationTimestamp: '1514944800000',
  fileFormat: 'Parquet',
  fileSchema: 'message s3.inventory { required binary bucket (UTF8); }',
  files: [{ key: 'data/a.parquet', size: 56291, MD5checksum: '825f24da1a9f4a5f8b0d1ff7a5f0d5e1' }],
});

/** Mended or replaced values keep it JSON; what is taken has the shape that is promised. */
function examineManifest(seed: number, number: number): string | undefined {
  const random = new Random(seed, number);
  const steps: string[] = [];
  let text = MANIFEST;
  if (random.oneIn(2)) {
    const places = [...text.matchAll(/"[^"]*"(?=[,}])|\d+(?=[,}])|\[.*\]/g)];
    const { index, 0: found } = random.pick(places);
    const value = random.pick([
      'null',
      '[]',
      '{}',
      '""',
      '-1',
      '1e400',
      '0.5',
      '"\\u0000"',
      'true',
      '[[]]',
      `"${'x'.repeat(1e5)}"`,
    ]);
    text = text.slice(0, index) + value + text.slice(index + found.length);
  } else {
    let bytes: Uint8Array = Buffer.from(text);
    for (let i = random.below(3); i >= 0; i--) bytes = damaged(bytes, random, steps);
    text = Buffer.from(bytes).toString();
  }
  const { files, fileFormat, destinationBucket } = parseManifest(text, 'm');
  const areFiles = files.every(({ key, size }) => typeof key === 'string' && key !== '' && Number.isSafeInteger(size));
  const isWhole = areFiles && files.length > 0 && typeof destinationBucket === 'string';
  return isWhole && ['Parquet', 'CSV'].includes(fileFormat) ? undefined : `it was taken: ${text}`;
}

/** The head of an Avro file with two entries, damaged. */
function examineAvro(seed: number, number: number): string | undefined {
  const random = new Random(seed, number);
  const entry = (text: string) => Buffer.concat([Buffer.from([2 * text.length]), Buffer.from(text)]);
  const whole = ['avro.codec', 'null', 'a', 'b'].map(entry);
  let bytes: Uint8Array = Buffer.concat([Buffer.from('Obj\u0001\u0004', 'latin1'), ...whole, Buffer.alloc(17)]);
  for (let i = random.below(4); i > 0; i--) bytes = damaged(bytes, random, []);
  const found = readAvroMetadata(bytes);
  return found === undefined || Object.values(found).every((value) => typeof value === 'string')
    ? undefined
    : `found ${JSON.stringify(found)}`;
}
