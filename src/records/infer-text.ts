/**
 * The type of a column of text cells, such as those of CSV: the narrowest of these that every cell which is not null has
 * the form of.
 *
 * | type | cells |
 * | --- | --- |
 * | bool | `true`, `false`, in any case |
 * | int64 | digits with or without a minus; uint64 where one is over 2^63 - 1 and none is negative |
 * | float64 | numbers with a point or an exponent, with integers up to 2^53 among them, NaN and infinities beside numbers |
 * | date | `2024-02-29` |
 * | time(us) | `13:45:30.5`; time(ns) with more than six digits of a second |
 * | timestamp(us, UTC) | dates and times that all have an offset; ns as above |
 * | timestamp(us) | dates and times of which none has an offset, with or without dates among them |
 * | string | everything else, and columns without a value |
 *
 * What has a zero in front (`00501`) or a plus (`+4912345`) is no number but text; so are times with more than nine
 * digits of a second, and those of which some need nanoseconds and others are outside of the years 1678 to 2261.
 */
import { parseFloatText, parseInteger } from './number-text.ts';
import type { TextRules } from './record-types.ts';
import { createSchema } from './schema.ts';
import { createCellReader, DEFAULT_TEXT_RULES } from './text-rules.ts';
import { parseDate, parseDateTime, parseTime } from './time-text.ts';
import type { FieldType, ParquetSchema, TimeUnit } from './types.ts';

type Form = 'bool' | 'int64' | 'uint64' | 'float' | 'special' | 'date' | 'time' | 'local' | 'instant' | 'text';

interface Seen {
  readonly forms: Set<Form>;
  negative: boolean;
  /** An integer that a double does not hold. */
  unsafe: boolean;
  nanos: boolean;
  /** A day that nanoseconds of 64 bits do not reach. */
  far: boolean;
  nulls: boolean;
}

export interface TextInference {
  readonly text?: TextRules | undefined;
  /** The rows are all there are: columns without a null may not be null then. Default false. */
  readonly complete?: boolean | undefined;
}

/**
 * The schema of rows of text cells.
 *
 * @param names of the columns; rows with fewer cells have nulls for the rest
 * @throws BridgeError invalid_argument for names that are empty or there twice
 */
export function inferTextSchema(
  rows: Iterable<readonly string[]>,
  names: readonly string[],
  options: TextInference = {},
): ParquetSchema {
  const rules = options.text ?? DEFAULT_TEXT_RULES;
  // A string column that may be null knows every null there is; spaces count as in columns of other types.
  const readers = names.map((name) =>
    createCellReader({ name, type: { kind: 'bool' }, nullable: true, metadata: {} }, rules),
  );
  const seen = names.map(
    (): Seen => ({ forms: new Set(), negative: false, unsafe: false, nanos: false, far: false, nulls: false }),
  );
  for (const row of rows) {
    for (let i = 0; i < names.length; i++) note(seen[i]!, readers[i]!(row[i]));
  }
  const fields = names.map((name, i) => {
    const { forms, nulls } = seen[i]!;
    return { name, type: typeOf(seen[i]!), nullable: !options.complete || nulls || forms.size === 0 };
  });
  return createSchema({ fields });
}

function note(seen: Seen, cell: unknown): void {
  if (typeof cell !== 'string') seen.nulls = true;
  else if (!seen.forms.has('text')) seen.forms.add(formOf(cell, seen));
}

/** Days from 1970 that nanoseconds reach in either direction, but for the last hours. */
const NANOS_DAYS = 106_750;

const NUMBER_LIKE = /^-?(?:0|[1-9]\d*|(?=\.\d))(?:\.\d*)?(?:[eE][+-]?\d+)?$/;

function formOf(cell: string, seen: Seen): Form {
  if (NUMBER_LIKE.test(cell)) return numberForm(cell, seen);
  if (cell.length <= 9) {
    const lower = cell.toLowerCase();
    if (lower === 'true' || lower === 'false') return 'bool';
    if (parseFloatText(cell) !== undefined && /[a-z]/.test(lower) && !/\d/.test(lower)) return 'special';
  }
  const day = parseDate(cell);
  if (day !== undefined) {
    seen.far ||= Math.abs(day) > NANOS_DAYS;
    return 'date';
  }
  const time = parseTime(cell);
  if (time !== undefined && !time.finer) {
    seen.nanos ||= time.nanos % 1000 !== 0;
    return 'time';
  }
  const dateTime = parseDateTime(cell);
  if (dateTime === undefined || dateTime.finer) return 'text';
  seen.nanos ||= dateTime.nanos % 1000 !== 0;
  seen.far ||= Math.abs(dateTime.days) > NANOS_DAYS;
  return dateTime.offset === undefined ? 'local' : 'instant';
}

function numberForm(cell: string, seen: Seen): Form {
  const integer = parseInteger(cell);
  if (integer === undefined) return parseFloatText(cell) === undefined ? 'text' : 'float';
  seen.negative ||= integer < 0;
  seen.unsafe ||= typeof integer === 'bigint' && BigInt(Number(integer)) !== integer;
  if (typeof integer === 'number' || BigInt.asIntN(64, integer) === integer) return 'int64';
  return BigInt.asUintN(64, integer) === integer ? 'uint64' : 'text';
}

function typeOf({ forms, negative, unsafe, nanos, far }: Seen): FieldType {
  const only = (...allowed: Form[]): boolean => forms.size > 0 && [...forms].every((form) => allowed.includes(form));
  const unit: TimeUnit = nanos ? 'ns' : 'us';
  if (only('bool')) return { kind: 'bool' };
  if (only('int64')) return { kind: 'int64' };
  if (only('int64', 'uint64') && !negative) return { kind: 'uint64' };
  if (only('int64', 'float', 'special') && !only('special') && !unsafe) return { kind: 'float64' };
  if (only('date')) return { kind: 'date' };
  if (only('time')) return { kind: 'time', unit };
  if (nanos && far) return { kind: 'string' };
  if (only('instant')) return { kind: 'timestamp', unit, timezone: 'UTC' };
  if (only('local', 'date')) return { kind: 'timestamp', unit, timezone: undefined };
  return { kind: 'string' };
}
