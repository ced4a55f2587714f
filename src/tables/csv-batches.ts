/** CSV files as record batches: typed columns, bounded in rows and bytes, with a rule for what does not fit. */
import type { RecordBatch } from 'apache-arrow';
import { BridgeError } from '../errors.ts';
import { createRecordBuilder } from '../records/builder.ts';
import { inferTextSchema } from '../records/infer-text.ts';
import type { OnInvalid, RecordBuilder, RecordReport, TextRules } from '../records/record-types.ts';
import { createSchema } from '../records/schema.ts';
import type { ParquetSchema, SchemaInput } from '../records/types.ts';
import type { CsvSource } from './csv/open.ts';
import type { RejectedRow } from './rejects.ts';

export interface BatchOptions {
  /** Undefined: the types are inferred from the sample, and then held. */
  readonly schema: SchemaInput | undefined;
  readonly onInvalid: OnInvalid;
  readonly text: TextRules;
  readonly truncate: boolean;
  /** Rows of a batch, at most. */
  readonly batchRows: number;
}

export interface CsvBatches {
  readonly schema: ParquetSchema;
  /** What became of the rows so far. Rows with a wrong number of cells or wrong quotes are counted too. */
  readonly report: RecordReport;
  /** May be read once; all batches have one Arrow schema, and there is at least one. */
  readonly batches: AsyncIterable<RecordBatch>;
}

/** A batch is given out when its columns take so much. */
export const BATCH_BYTES = 16 * 1024 * 1024;

/**
 * @param reject called for every row that is left out
 * @throws BridgeError invalid_argument where schema and header do not go together, and under `fail` for the first row that
 *   does not fit
 */
export function csvBatches(csv: CsvSource, options: BatchOptions, reject: (row: RejectedRow) => void): CsvBatches {
  const { onInvalid, text, truncate } = options;
  const schema = options.schema ? createSchema(options.schema) : inferTextSchema(csv.sample, csv.names, { text });
  const columns = options.schema && csv.isNamed ? csv.names : undefined;
  const builder = createRecordBuilder(schema, {
    onInvalid,
    text,
    truncate,
    ...(columns ? { columns } : {}),
    onRejected: ({ record, problem }) => reject({ ...problem, record }),
  });
  const cells = csv.names.length;
  if (columns === undefined && schema.fields.length !== cells) {
    const found = `the rows have ${cells} cells, the schema has ${schema.fields.length} columns`;
    throw new BridgeError('invalid_argument', found, {
      hint: 'Without a header there must be a cell for each column.',
    });
  }
  const report = { records: 0, skipped: 0, nulled: 0, invalid: builder.report.invalid };

  /** Whether the row can be appended; else it is left out, or an error. */
  function isWhole(row: readonly string[], number: number, problem: string | undefined): boolean {
    const short = row.length < cells;
    if (problem === undefined && (row.length === cells || (short && onInvalid === 'null'))) return true;
    const found = problem ?? `${row.length} cells`;
    const expected = problem === undefined ? `${cells} cells` : 'quotes around a whole cell';
    if (onInvalid === 'fail') {
      throw new BridgeError('invalid_argument', `row ${number}: found ${found}, expected ${expected}`, {
        hint: 'Correct the row, or let such rows be left out (on_invalid "skip").',
      });
    }
    report.records++;
    report.skipped++;
    reject({ row: number, column: '', found, expected, record: row });
    return false;
  }

  async function* batches(): AsyncGenerator<RecordBatch> {
    let given = 0;
    for await (const { first, rows, problems } of csv.rows) {
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!;
        const isSound = row.length === cells && problems.size === 0;
        if (isSound || isWhole(row, first + i, problems.get(i))) builder.append(row, first + i);
        if (builder.rows < options.batchRows) continue;
        given++;
        yield builder.finish();
      }
      if (builder.rows === 0 || builder.memoryBytes < BATCH_BYTES) continue;
      given++;
      yield builder.finish();
    }
    if (builder.rows > 0 || given === 0) yield builder.finish();
  }

  return {
    schema,
    get report() {
      return sumOf(report, builder);
    },
    batches: batches(),
  };
}

function sumOf(own: RecordReport, { report }: RecordBuilder): RecordReport {
  return {
    records: own.records + report.records,
    skipped: own.skipped + report.skipped,
    nulled: report.nulled,
    invalid: report.invalid,
  };
}
