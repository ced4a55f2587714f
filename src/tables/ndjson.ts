/** Lines of JSON as record batches. */
import type { RecordBatch } from 'apache-arrow';
import { BridgeError } from '../errors.ts';
import { createRecordBuilder } from '../records/builder.ts';
import { parseJson } from '../records/json-text.ts';
import type { OnInvalid, RecordInput, RecordReport, TextRules } from '../records/record-types.ts';
import type { ParquetSchema } from '../records/types.ts';
import { BATCH_BYTES } from './csv-batches.ts';
import type { RejectedRow } from './rejects.ts';

export interface NdjsonOptions {
  readonly onInvalid: OnInvalid;
  readonly text: TextRules;
  readonly truncate: boolean;
  readonly batchRows: number;
}

export interface NdjsonBatches {
  readonly report: RecordReport;
  /** May be read once; there is at least one. */
  readonly batches: AsyncIterable<RecordBatch>;
}

/** What does not end within so much is no line of a record. */
const MAX_LINE_CHARS = 16 * 1024 * 1024;
const SHOWN_CHARS = 100;

/**
 * Numbers come as they are written: integers and decimals are exact at any length. Empty lines are passed over.
 *
 * @param reject called for every line that is left out
 */
export function ndjsonBatches(
  text: AsyncIterable<string>,
  schema: ParquetSchema,
  options: NdjsonOptions,
  reject: (row: RejectedRow) => void,
): NdjsonBatches {
  const { onInvalid, text: rules, truncate } = options;
  const builder = createRecordBuilder(schema, {
    onInvalid,
    text: rules,
    truncate,
    onRejected: ({ record, problem }) => reject({ ...problem, record }),
  });
  let unreadable = 0;

  function append(line: string, number: number): void {
    const record = parsed(line);
    if (record !== undefined) {
      builder.append(record, number);
      return;
    }
    const found = line.slice(0, SHOWN_CHARS);
    if (onInvalid === 'fail') {
      throw new BridgeError('invalid_argument', `line ${number}: found ${found}, expected a JSON object`, {
        hint: 'Correct the line, or let such lines be left out (--on-invalid skip).',
      });
    }
    unreadable++;
    reject({ row: number, column: '', found, expected: 'a JSON object', record: line });
  }

  async function* batches(): AsyncGenerator<RecordBatch> {
    let given = 0;
    let number = 0;
    for await (const line of linesOf(text)) {
      number++;
      if (line.trim() === '') continue;
      append(line, number);
      // The memory of columns is asked for now and then: asking costs as much as a row.
      const isFull = builder.rows % 1024 === 0 && builder.rows > 0 && builder.memoryBytes >= BATCH_BYTES;
      if (builder.rows < options.batchRows && !isFull) continue;
      given++;
      yield builder.finish();
    }
    if (builder.rows > 0 || given === 0) yield builder.finish();
  }

  return {
    get report() {
      const { records, skipped, nulled, invalid } = builder.report;
      return { records: records + unreadable, skipped: skipped + unreadable, nulled, invalid };
    },
    batches: batches(),
  };
}

function parsed(line: string): RecordInput | undefined {
  try {
    const value = parseJson(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as RecordInput) : undefined;
  } catch {
    return undefined;
  }
}

async function* linesOf(text: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of text) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    yield* lines;
    if (rest.length <= MAX_LINE_CHARS) continue;
    throw new BridgeError(
      'corrupt',
      `a line has more than ${MAX_LINE_CHARS} characters; expected one JSON object a line`,
    );
  }
  if (rest !== '') yield rest;
}
