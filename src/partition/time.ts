/** Event time, truncated to the granularity and formatted. Times are integers throughout; a distinct unit is formatted once. */
import { BridgeError } from '../errors.ts';
import type { Batch, NumberData } from '../model/batch.ts';
import type { TimeStrategy } from '../model/layout.ts';
import type { Column, TableSchema } from '../model/table.ts';
import type { Assignment } from './assign.ts';
import { formatTime, MINUTE_MS, missingTime, parseTimeFormat, truncateTime } from './time-format.ts';

/** Labels kept between batches; more distinct units than this are seldom alive at once. */
const MAX_KEPT_LABELS = 4096;

/** Columns that hold a time: timestamps, and unsigned nanoseconds by the name OTLP gives them (0 is "no time"). */
export function isTimeColumn(column: Column): boolean {
  return column.type.kind === 'timestamp' || (column.type.kind === 'int64' && column.name.endsWith('_unix_nano'));
}

/** A table without the column has no row with a time. Throws `config` where the column holds no time. */
export function timeAssigner(strategy: TimeStrategy, schema: TableSchema): (batch: Batch) => Assignment {
  const segments = parseTimeFormat(strategy.format);
  const missing = missingTime(segments);
  const index = schema.columns.findIndex((column) => column.name === strategy.field);
  const column = schema.columns[index];
  if (column !== undefined && !isTimeColumn(column)) {
    const hint = 'Use "timestamp" or a column that ends in _unix_nano.';
    throw new BridgeError('config', `column ${column.name} of table ${schema.name} holds no time`, { hint });
  }
  const unitMinutes = UNIT_MINUTES[strategy.granularity];
  const kept = new Map<number, string>();
  const labelOf = (unit: number) => {
    let label = kept.get(unit);
    if (label === undefined) {
      if (kept.size >= MAX_KEPT_LABELS) kept.clear();
      label = formatTime(segments, truncateTime(unit * unitMinutes * MINUTE_MS, strategy.granularity));
      kept.set(unit, label);
    }
    return label;
  };
  return (batch) => {
    const data = batch.columns[index] as NumberData | undefined;
    const units = data === undefined ? new Int32Array(batch.rows).fill(NO_TIME) : unitsOf(data, unitMinutes);
    return assignUnits(units, labelOf, missing);
  };
}

/** Months and years are found by day: their lengths differ, and equal labels are one partition anyway. */
const UNIT_MINUTES = { year: 1440, month: 1440, day: 1440, hour: 60, minute: 1 } as const;

/** No unit of a 64-bit time: the year 2554 has minute 307,445,734. */
const NO_TIME = -0x80000000;

/** Unit number since the epoch of every row, NO_TIME where a row has none. */
function unitsOf(data: NumberData, unitMinutes: number): Int32Array {
  const { length, valid } = data;
  const units = new Int32Array(length);
  // Words of the 64-bit integers (little-endian as every platform of Node.js): no bigint is made per row.
  const { buffer, byteOffset } = data.values;
  const words = new Int32Array(buffer, byteOffset, length * 2);
  if (data.kind === 'timestamp') {
    // 60,000,000 us = 2^8 * 234,375: without the low 8 bits the quotient is exact in a double up to the year 144,683.
    const divisor = 234_375 * unitMinutes;
    for (let row = 0; row < length; row++) {
      const high = words[2 * row + 1]! * 16_777_216 + (words[2 * row]! >>> 8);
      units[row] = Math.floor(high / divisor);
    }
  } else {
    // 60,000,000,000 ns = 2^11 * 29,296,875: the upper 53 bits of the unsigned value.
    const divisor = 29_296_875 * unitMinutes;
    for (let row = 0; row < length; row++) {
      const high = (words[2 * row + 1]! >>> 0) * 2_097_152 + (words[2 * row]! >>> 11);
      const isZero = (words[2 * row]! | words[2 * row + 1]!) === 0;
      units[row] = isZero ? NO_TIME : Math.floor(high / divisor);
    }
  }
  if (valid !== undefined) for (let row = 0; row < length; row++) if (valid[row] === 0) units[row] = NO_TIME;
  return units;
}

function assignUnits(units: Int32Array, labelOf: (unit: number) => string, missing: string): Assignment {
  const labels: string[] = [];
  const codes = new Int32Array(units.length);
  const codeByUnit = new Map<number, number>();
  const codeByLabel = new Map<string, number>();
  let lastUnit = 0;
  let lastCode = -1;
  for (let row = 0; row < units.length; row++) {
    const unit = units[row]!;
    // Rows come nearly in order of time: most repeat the unit of the row before.
    if (unit !== lastUnit || lastCode < 0) {
      lastUnit = unit;
      const known = codeByUnit.get(unit);
      lastCode = known ?? addUnit(unit);
    }
    codes[row] = lastCode;
  }
  return { labels, codes };

  function addUnit(unit: number): number {
    const label = unit === NO_TIME ? missing : labelOf(unit);
    let code = codeByLabel.get(label);
    if (code === undefined) {
      code = labels.push(label) - 1;
      codeByLabel.set(label, code);
    }
    codeByUnit.set(unit, code);
    return code;
  }
}
