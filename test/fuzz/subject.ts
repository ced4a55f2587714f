/** What the bridge makes of a case, and the promises that hold for every input whatever it is. */
import { isUtf8 } from 'node:buffer';
import { toArrow } from '../../src/batch/arrow.ts';
import { createTableBuilder, type TableBuilder } from '../../src/batch/builder.ts';
import { toProtobuf } from '../../src/decode/body.ts';
import { createDecoder, type Decoder } from '../../src/decode/decoder.ts';
import { SERVICE_MESSAGES } from '../../src/decode/messages.ts';
import { encode } from '../../src/decode/protobuf-writer.ts';
import { createOtlpAssembler } from '../../src/decode/rows.ts';
import type { DecodeResult } from '../../src/decode/tally.ts';
import { BridgeError, type ErrorCode } from '../../src/errors.ts';
import type { Batch, ColumnData } from '../../src/model/batch.ts';
import type { RowLimits } from '../../src/model/layout.ts';
import type { SignalName } from '../../src/model/signal.ts';
import type { TableSchema } from '../../src/model/table.ts';
import { TABLES } from '../../src/model/tables.ts';
import { batchRows } from '../../src/read/emit/arrow-rows.ts';
import { plainRows } from '../batch/sample-table.ts';
import type { FuzzCase } from './cases.ts';

export const MAX_BYTES = 4 << 20;
const LIMITS: RowLimits = { maxAttributeCount: 64, maxNesting: 32 };
const MAX_MS = 1000;
const CODES: readonly ErrorCode[] = ['invalid_argument', 'too_large'];
/** Rows after which the builder starts anew, as a lane does when it seals. */
const MAX_ROWS = 3000;

export interface Outcome {
  /** The request in protobuf, where the bridge accepts it. */
  readonly protobuf: Uint8Array | undefined;
  readonly result: DecodeResult | undefined;
  /** Empty where it is accepted. */
  readonly error: string;
}

/** A promise broken by the bridge. */
export class Broken extends Error {}

export interface Subject {
  /** Takes the case; throws Broken where a promise does not hold. */
  take(fuzzCase: FuzzCase): Outcome;
  /** The request made of the rows of an accepted one; throws Broken where its rows differ from those it was made of. */
  roundTrip(signal: SignalName, protobuf: Uint8Array, result: DecodeResult): Uint8Array;
}

interface Table {
  readonly builder: TableBuilder;
  readonly decoder: Decoder;
}

/** `limits` are small, so that cases reach them. */
export function createSubject(limits = LIMITS): Subject {
  const tables = new Map<SignalName, Table>();

  function tableOf(signal: SignalName): Table {
    const known = tables.get(signal);
    if (known) return known;
    const table = createTable(signal, limits);
    tables.set(signal, table);
    return table;
  }

  function takeOnce(fuzzCase: FuzzCase): Outcome {
    const { signal, contentType, contentEncoding, body, plain } = fuzzCase;
    const { builder, decoder } = tableOf(signal);
    const before = builder.rows;
    let protobuf: Uint8Array | undefined;
    try {
      protobuf = toProtobuf(body, { signal, contentType, contentEncoding, maxBytes: MAX_BYTES, limits });
      const result = decoder.decode(protobuf);
      const added = builder.rows - before;
      if (fuzzCase.isBad) throw new Broken('bad compression is accepted');
      if (added !== result.accepted) throw new Broken(`${added} rows for ${result.accepted} that were accepted`);
      return { protobuf, result, error: '' };
    } catch (thrown) {
      if (thrown instanceof Broken) throw thrown;
      if (!(thrown instanceof BridgeError)) throw new Broken(`not a BridgeError: ${stackOf(thrown)}`);
      if (!CODES.includes(thrown.code)) throw new Broken(`${thrown.code}: ${stackOf(thrown.cause ?? thrown)}`);
      if (builder.rows !== before) throw new Broken(`${builder.rows - before} rows are left of a refused request`);
      if (plain && /^the (gzip|zstd|deflate|snappy) body/.test(thrown.message))
        throw new Broken(`good compression: ${thrown.message}`);
      if (protobuf && contentType === 'json' && thrown.code === 'invalid_argument') {
        throw new Broken(`JSON became bad protobuf: ${thrown.message}`);
      }
      return { protobuf: undefined, result: undefined, error: thrown.message };
    }
  }

  return {
    take(fuzzCase) {
      const start = performance.now();
      const outcome = takeOnce(fuzzCase);
      if (performance.now() - start > MAX_MS && fastest(() => takeOnce(fuzzCase)) > MAX_MS) {
        throw new Broken(`slower than ${MAX_MS} ms`);
      }
      const { builder } = tableOf(fuzzCase.signal);
      if (builder.rows > MAX_ROWS) builder.finish();
      return outcome;
    },
    roundTrip(signal, protobuf, result) {
      const schema = TABLES[signal]!;
      const first = decodeAlone(signal, protobuf, limits);
      if (first.rows !== result.accepted) throw new Broken(`${first.rows} rows alone, ${result.accepted} among others`);
      if (!first.columns.every(isAllUtf8)) throw new Broken('a string that is not UTF-8 is in the rows');
      const request = requestOf(signal, first, schema);
      const second = decodeAlone(signal, request, limits);
      const [before, after] = [first, second].map((batch) => rowLines(batch, schema));
      const at = before!.findIndex((line, i) => line !== after![i]);
      if (at >= 0 || before!.length !== after!.length) {
        throw new Broken(`rows change on their way through OTLP: ${before![at]} becomes ${after![at]}`);
      }
      return request;
    },
  };
}

function createTable(signal: SignalName, limits: RowLimits): Table {
  const builder = createTableBuilder(TABLES[signal]!);
  return { builder, decoder: createDecoder(signal, builder, { limits, promote: [] }) };
}

/** The smallest of three times, since the machine may have had other things to do. */
function fastest(run: () => void): number {
  const times = [0, 1, 2].map(() => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return Math.min(...times);
}

function decodeAlone(signal: SignalName, protobuf: Uint8Array, limits: RowLimits): Batch {
  const { builder, decoder } = createTable(signal, limits);
  try {
    decoder.decode(protobuf);
  } catch (thrown) {
    throw new Broken(`cannot be decoded again: ${stackOf(thrown)}`);
  }
  return builder.finish();
}

function requestOf(signal: SignalName, batch: Batch, schema: TableSchema): Uint8Array {
  try {
    const assembler = createOtlpAssembler(signal);
    for (const row of batchRows(toArrow(batch, schema))) assembler.add(row);
    return encode(SERVICE_MESSAGES[signal].request, assembler.finish());
  } catch (thrown) {
    throw new Broken(`its rows cannot become OTLP: ${stackOf(thrown)}`);
  }
}

function isAllUtf8(column: ColumnData): boolean {
  switch (column.kind) {
    case 'string': {
      const { count, offsets, bytes } = column.dictionary;
      for (let i = 0; i < count; i++) if (!isUtf8(bytes.subarray(offsets[i], offsets[i + 1]))) return false;
      return true;
    }
    case 'map':
      return isAllUtf8(column.keys) && isAllUtf8(column.values);
    case 'list':
      return isAllUtf8(column.element);
    case 'struct':
      return column.fields.every(isAllUtf8);
    default:
      return true;
  }
}

/** Rows as lines of text in an order of their own, since resources that are equal come together. */
function rowLines(batch: Batch, schema: TableSchema): string[] {
  return plainRows(batch, schema)
    .map((row) => JSON.stringify(row, exactly))
    .sort();
}

function exactly(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  return value;
}

function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
