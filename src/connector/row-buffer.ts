/**
 * Rows on their way into files: records become Arrow record batches, batches that are given are cast to the schema, and
 * both wait here until they are taken to be written.
 */
import { RecordBatch, type Schema } from 'apache-arrow';
import { arrowBytes, MAX_BATCHES } from '../batch/gather.ts';
import { BridgeError } from '../errors.ts';
import { fromArrowSchema } from '../records/arrow.ts';
import { createRecordBuilder } from '../records/builder.ts';
import { castBatch } from '../records/cast.ts';
import { inferSchema } from '../records/infer.ts';
import type { RecordBuilder, RecordInput, RecordReport } from '../records/record-types.ts';
import type { ParquetSchema } from '../records/types.ts';
import { checkChoice, checkSchema } from './arguments.ts';
import type { RecordOptions } from './types.ts';

/** Records that a schema is inferred from. */
const INFERRED_RECORDS = 1000;

/** Batches of one Arrow schema. */
export interface Run {
  readonly batches: RecordBatch[];
  /** Whether their memory belongs to nobody else. */
  readonly isOwn: boolean;
}

export interface RowBuffer {
  /** Known once rows came, or from the start where it was given. */
  readonly schema: ParquetSchema | undefined;
  /** Bytes of the rows that wait. */
  readonly bytes: number;
  /** Whether so many batches wait that they have to be taken. */
  readonly isFull: boolean;
  readonly report: RecordReport;
  add(item: object): void;
  /** Makes a batch of the records so far; to be called every so often, and before `take`. */
  finishBatch(): void;
  /** What waits, in order: records and batches apart, since strings of records are dictionaries. */
  take(): Run[];
}

const NOTHING_REPORTED: RecordReport = { records: 0, skipped: 0, nulled: 0, invalid: [] };

/** Throws `invalid_argument` (a record or batch that does not fit, by number) from `add` and `finishBatch`. */
export function createRowBuffer(options: RecordOptions): RowBuffer {
  checkChoice('onInvalid', options.onInvalid, ['fail', 'skip', 'null']);
  checkChoice('unknownFields', options.unknownFields, ['error', 'ignore']);
  let schema = options.schema === undefined ? undefined : checkSchema(options.schema);
  let builder: RecordBuilder | undefined;
  let waiting: Readonly<Record<string, unknown>>[] = [];
  let runs: Run[] = [];
  let bytes = 0;
  let row = 0;
  let given = 0;

  function append(record: RecordInput): void {
    builder ??= createRecordBuilder(schema!, {
      onInvalid: options.onInvalid,
      unknownFields: options.unknownFields,
      truncate: options.truncate,
    });
    builder.append(record, row++);
  }

  function infer(): void {
    schema = inferSchema(waiting, { sample: true });
    for (const record of waiting) append(record);
    waiting = [];
  }

  function push(batch: RecordBatch, isOwn: boolean): void {
    if (batch.numRows === 0) return;
    const last = runs.at(-1);
    const joins = last?.isOwn === isOwn && isSameSchema(last.batches[0]!.schema, batch.schema);
    if (joins) last.batches.push(batch);
    else runs.push({ batches: [batch], isOwn });
    bytes += arrowBytes(batch);
  }

  function finishBatch(): void {
    if (waiting.length > 0) infer();
    if (builder !== undefined && builder.rows > 0) push(builder.finish(), true);
  }

  return {
    get schema() {
      return schema;
    },
    get bytes() {
      return bytes + (builder?.memoryBytes ?? 0);
    },
    get isFull() {
      return (runs.at(-1)?.batches.length ?? 0) >= MAX_BATCHES;
    },
    get report() {
      const { records, ...counts } = builder?.report ?? NOTHING_REPORTED;
      return { ...counts, records: records + given };
    },
    add(item) {
      if (item instanceof RecordBatch) {
        finishBatch();
        schema ??= fromArrowSchema(item.schema);
        push(castBatch(item, schema), false);
        given += item.numRows;
        row += item.numRows;
      } else if (schema !== undefined) {
        append(item as RecordInput);
      } else if (typeof item === 'object' && item !== null && !Array.isArray(item)) {
        waiting.push(item as Readonly<Record<string, unknown>>);
        if (waiting.length >= INFERRED_RECORDS) infer();
      } else {
        const found = Array.isArray(item) ? 'an array' : item === null ? 'null' : `a ${typeof item}`;
        throw new BridgeError('invalid_argument', `record ${waiting.length} is ${found}, not an object`, {
          hint: 'Arrays of cells need a schema, in the order of whose columns they are.',
        });
      }
    },
    finishBatch,
    take() {
      const taken = runs;
      runs = [];
      bytes = 0;
      return taken;
    },
  };
}

function isSameSchema(a: Schema, b: Schema): boolean {
  return a === b || a.fields.every(({ type }, i) => String(type) === String(b.fields[i]!.type));
}
