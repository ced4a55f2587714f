/**
 * Records to Arrow record batches.
 *
 * Every value goes straight into the typed arrays of its column, which checks it on the way: nothing is kept of a record
 * but its values, and no value is changed to fit. A record of which one value does not fit is taken back as a whole.
 */
import { Field, makeData, RecordBatch, Schema, Struct } from 'apache-arrow';
import { BridgeError } from '../errors.ts';
import { toArrowSchema } from './arrow.ts';
import { type ColumnContext, type Mismatch, prefix, put } from './columns/column.ts';
import { createSlot } from './columns/create.ts';
import { fieldGetter, unknownKey } from './columns/keys.ts';
import type { NestedSlot } from './columns/nested.ts';
import { describeValue } from './describe.ts';
import type {
  InvalidValue,
  OnInvalid,
  RecordBuilder,
  RecordBuilderOptions,
  RecordInput,
  RecordReport,
  TextRules,
} from './record-types.ts';
import { createCellReader } from './text-rules.ts';
import type { ParquetField, ParquetSchema } from './types.ts';

const MAX_REPORTED = 100;

interface State {
  readonly schema: ParquetSchema;
  readonly slots: readonly NestedSlot[];
  readonly context: ColumnContext;
  readonly onInvalid: OnInvalid;
  readonly maxReported: number;
  readonly onRejected: RecordBuilderOptions['onRejected'];
  readonly report: { -readonly [K in keyof RecordReport]: RecordReport[K] } & { invalid: InvalidValue[] };
  /** Value of column i in a record that is an object. */
  readonly getters: readonly ((record: object) => unknown)[];
  readonly names: ReadonlySet<string>;
  /** Where column i stands in a record of cells; -1 where it does not. */
  readonly positions: readonly number[];
  readonly cells: number;
  /** What column i makes of its value where records are text. */
  readonly readers: readonly ((value: unknown) => unknown)[] | undefined;
  arrowSchema: Schema;
  rows: number;
}

/**
 * A builder of record batches under a schema. What values each type takes is said at `RecordInput`.
 *
 *     const builder = createRecordBuilder(schema, { onInvalid: 'skip' });
 *     for (const [i, record] of records.entries()) builder.append(record, i);
 *     const batch = builder.finish();
 *
 * @throws BridgeError invalid_argument where `columns` and the schema do not go together
 */
export function createRecordBuilder(schema: ParquetSchema, options: RecordBuilderOptions = {}): RecordBuilder {
  const state = createState(schema, options);
  return {
    schema,
    get arrowSchema() {
      return state.arrowSchema;
    },
    get rows() {
      return state.rows;
    },
    get memoryBytes() {
      let bytes = 0;
      for (const { column } of state.slots) bytes += column.memoryBytes;
      return bytes;
    },
    get report() {
      return state.report;
    },
    append: (record, row) => append(state, record, row),
    finish: () => finish(state),
  };
}

function createState(schema: ParquetSchema, options: RecordBuilderOptions): State {
  const { onInvalid = 'fail', unknownFields = 'error', columns, text } = options;
  const context: ColumnContext = {
    nulls: onInvalid === 'null',
    noted: [],
    ignoreUnknown: unknownFields === 'ignore',
    truncateTimes: options.truncate ?? false,
    binaryText: options.binaryText ?? 'hex',
  };
  const names = schema.fields.map((field) => field.name);
  if (columns !== undefined) checkColumns(columns, schema, context.ignoreUnknown);
  return {
    schema,
    slots: schema.fields.map((field) => createSlot(field, context)),
    context,
    onInvalid,
    maxReported: options.maxReported ?? MAX_REPORTED,
    onRejected: options.onRejected,
    report: { records: 0, skipped: 0, nulled: 0, invalid: [] },
    getters: names.map(fieldGetter),
    names: new Set(names),
    positions: names.map((name, i) => (columns === undefined ? i : columns.indexOf(name))),
    cells: columns?.length ?? names.length,
    readers: text && readersOf(schema.fields, text, names),
    arrowSchema: toArrowSchema(schema),
    rows: 0,
  };
}

function readersOf(fields: readonly ParquetField[], text: TextRules, names: readonly string[]) {
  const strange = Object.keys(text.columns ?? {}).filter((name) => !names.includes(name));
  if (strange.length > 0) {
    throw new BridgeError('invalid_argument', `rules for text name the unknown columns ${strange.join(', ')}`);
  }
  return fields.map((field) => createCellReader(field, text));
}

function checkColumns(columns: readonly string[], schema: ParquetSchema, ignoreUnknown: boolean): void {
  const problems: string[] = [];
  const known = new Set(schema.fields.map((field) => field.name));
  columns.forEach((name, i) => {
    if (columns.indexOf(name) < i) problems.push(`the column "${name}" is there twice`);
    if (!known.has(name) && !ignoreUnknown) problems.push(`the column "${name}" is not in the schema`);
  });
  for (const { name, nullable } of schema.fields) {
    if (!nullable && !columns.includes(name)) problems.push(`the column "${name}" is missing, and may not be null`);
  }
  if (problems.length === 0) return;
  throw new BridgeError('invalid_argument', problems.join('; '), {
    hint: `The schema has the columns ${[...known].join(', ')}.`,
  });
}

function append(state: State, record: RecordInput, row: number): boolean {
  let bad: Mismatch | undefined;
  try {
    bad = Array.isArray(record) ? pushCells(state, record) : pushObject(state, record);
  } catch (thrown) {
    takeBack(state);
    throw thrown;
  }
  state.report.records++;
  if (bad === undefined) {
    if (state.context.noted.length > 0) noteNulled(state, row);
    state.rows++;
    return true;
  }
  takeBack(state);
  const problem = invalidValue(bad, row);
  if (state.onInvalid !== 'skip') throw refusal(problem, state.onInvalid);
  state.report.skipped++;
  keep(state, problem);
  state.onRejected?.({ record, problem });
  return false;
}

function pushObject(state: State, record: RecordInput): Mismatch | undefined {
  if (typeof record !== 'object' || record === null)
    return { path: '', found: record, expected: 'a record (an object)' };
  const { slots, getters, readers, context } = state;
  let found = 0;
  for (let i = 0; i < slots.length; i++) {
    let value = getters[i]!(record);
    if (value !== undefined) found++;
    if (readers !== undefined) value = readers[i]!(value);
    const bad = putNamed(slots[i]!, value, context);
    if (bad !== undefined) return bad;
  }
  if (context.ignoreUnknown) return undefined;
  const key = unknownKey(record, found, state.names);
  if (key === undefined) return undefined;
  return { path: key, found: (record as Record<string, unknown>)[key], expected: 'no such column' };
}

function pushCells(state: State, cells: readonly unknown[]): Mismatch | undefined {
  const { slots, positions, readers, context } = state;
  if (cells.length > state.cells && !context.ignoreUnknown) {
    return { path: '', found: cells, expected: `${state.cells} cells, not ${cells.length}` };
  }
  for (let i = 0; i < slots.length; i++) {
    const position = positions[i]!;
    let value = position < 0 ? undefined : cells[position];
    if (readers !== undefined) value = readers[i]!(value);
    const bad = putNamed(slots[i]!, value, context);
    if (bad !== undefined) return bad;
  }
  return undefined;
}

function putNamed(slot: NestedSlot, value: unknown, context: ColumnContext): Mismatch | undefined {
  const noted = context.noted.length;
  const bad = put(slot, value, context);
  if (bad !== undefined || context.noted.length > noted) prefix(context, noted, bad, slot.name);
  return bad;
}

/** Drops what was begun of a row. */
function takeBack(state: State): void {
  for (const { column } of state.slots) column.truncate(state.rows);
  state.context.noted.length = 0;
}

function noteNulled(state: State, row: number): void {
  const { noted } = state.context;
  state.report.nulled += noted.length;
  for (const bad of noted) keep(state, invalidValue(bad, row));
  noted.length = 0;
}

function keep({ report, maxReported }: State, problem: InvalidValue): void {
  if (report.invalid.length < maxReported) report.invalid.push(problem);
}

function invalidValue({ path, found, expected }: Mismatch, row: number): InvalidValue {
  return { row, column: path, found: describeValue(found), expected };
}

function refusal({ row, column, found, expected }: InvalidValue, onInvalid: OnInvalid): BridgeError {
  const where = column === '' ? `row ${row}` : `row ${row}, column ${column}`;
  const hint =
    onInvalid === 'null'
      ? 'The column may not be null: change the schema or the record, or skip records that do not fit (on_invalid "skip").'
      : 'Change the schema or the record, or let records that do not fit be skipped or made null (on_invalid "skip" or "null").';
  return new BridgeError('invalid_argument', `${where}: found ${found}, expected ${expected}`, { hint });
}

function finish(state: State): RecordBatch {
  const { slots, rows } = state;
  const children = slots.map(({ column }) => column.finish());
  const fields = slots.map(({ field }, i) => new Field(field.name, children[i]!.type, field.nullable, field.metadata));
  const schema = new Schema(fields, state.arrowSchema.metadata);
  state.arrowSchema = schema;
  state.rows = 0;
  return new RecordBatch(schema, makeData({ type: new Struct(fields), length: rows, nullCount: 0, children }));
}
