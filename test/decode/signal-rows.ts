/** Rows of any signal from the project's decoder, held against the rows expected for canonical items (canonical.ts). */
import assert from 'node:assert/strict';
import { createTableBuilder } from '../../src/batch/builder.ts';
import { createDecoder } from '../../src/decode/decoder.ts';
import type { DecodeResult } from '../../src/decode/tally.ts';
import type { Promotion, RowLimits } from '../../src/model/layout.ts';
import { withPromotions } from '../../src/model/promote.ts';
import type { SignalName } from '../../src/model/signal.ts';
import { TABLES } from '../../src/model/tables.ts';
import { type PlainRow, plainRows } from '../batch/sample-table.ts';
import type { Any } from './expected-attributes.ts';
import { expectedLogRow, hasLogIds } from './log-rows.ts';
import { expectedPointRow, hasExemplarIds } from './metric-rows.ts';
import { expectedTraceRow, hasIds } from './trace-rows.ts';

export const LIMITS: RowLimits = { maxAttributeCount: 1024, maxNesting: 32 };

/** The row of a canonical item, and whether it is taken at all. */
export const EXPECTED: Readonly<
  Record<SignalName, { readonly row: (item: Any) => PlainRow; readonly isTaken: (item: Any) => boolean }>
> = {
  traces: { row: expectedTraceRow, isTaken: hasIds },
  logs: { row: expectedLogRow, isTaken: hasLogIds },
  metrics: { row: expectedPointRow, isTaken: hasExemplarIds },
};

export interface Decoded {
  readonly rows: PlainRow[];
  readonly result: DecodeResult;
}

export function decodeRows(
  signal: SignalName,
  body: Uint8Array,
  limits = LIMITS,
  promote: readonly Promotion[] = [],
): Decoded {
  const schema = withPromotions(TABLES[signal], promote);
  const builder = createTableBuilder(schema);
  const result = createDecoder(signal, builder, { limits, promote }).decode(body);
  return { rows: plainRows(builder.finish(), schema), result };
}

export function decodeTraces(body: Uint8Array, limits = LIMITS, promote: readonly Promotion[] = []): Decoded {
  return decodeRows('traces', body, limits, promote);
}

/** Asserts that the body becomes the rows of its canonical items, and that items with ids of a wrong width are refused. */
export function assertRows(signal: SignalName, body: Uint8Array, items: readonly Any[]): void {
  const { rows, result } = decodeRows(signal, body);
  const taken = items.filter(EXPECTED[signal].isTaken);
  assert.equal(result.accepted, taken.length);
  assert.equal(result.rejected, items.length - taken.length);
  assertEqualRows(rows, taken.map(EXPECTED[signal].row));
}

/** Row by row: the difference of whole lists takes assert minutes to print. */
export function assertEqualRows(rows: readonly PlainRow[], expected: readonly PlainRow[]): void {
  assert.equal(rows.length, expected.length);
  for (const [i, row] of rows.entries()) assert.deepEqual(row, expected[i]);
}
