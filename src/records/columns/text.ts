/** Columns of text. */
import { type Data, type DataType, Dictionary, Int32, Utf8 } from 'apache-arrow';
import { stringData } from '../../batch/arrow.ts';
import { StringBuilder } from '../../batch/columns.ts';
import type { Mismatch, RecordColumn } from './column.ts';
import { VariableBytes } from './variable-bytes.ts';

/** What is stored for a value; undefined where there is nothing for it. */
export type ToText = (value: unknown) => string | undefined;

/** Distinct values are counted among so many. */
const SAMPLE = 1024;
/** Distinct values a value, above which every value is written where it stands. */
const NEAR_UNIQUE = 0.5;

/**
 * Text, in a dictionary where values repeat. That is decided once, after the first SAMPLE values or the first batch, so
 * that all batches have one schema. In a dictionary each distinct value is kept and checked once.
 */
export class TextColumn implements RecordColumn {
  type: DataType = new Dictionary(new Utf8(), new Int32());
  readonly #expected: string;
  readonly #toText: ToText;
  #coded: StringBuilder | undefined = new StringBuilder();
  #plain: VariableBytes | undefined;
  #decided = false;

  constructor(toText: ToText, expected: string) {
    this.#toText = toText;
    this.#expected = expected;
  }

  get length(): number {
    return (this.#coded ?? this.#plain!).length;
  }

  get memoryBytes(): number {
    return (this.#coded ?? this.#plain!).memoryBytes;
  }

  push(value: unknown): Mismatch | undefined {
    const text = this.#toText(value);
    if (text === undefined) return { path: '', found: value, expected: this.#expected };
    if (this.#coded === undefined) {
      this.#plain!.pushText(text);
      return undefined;
    }
    this.#coded.push(this.#coded.interner.internText(text));
    if (!this.#decided && this.#coded.length >= SAMPLE) this.#decide();
    return undefined;
  }

  pushNull(): void {
    (this.#coded ?? this.#plain!).pushNull();
  }

  truncate(length: number): void {
    (this.#coded ?? this.#plain!).truncate(length);
  }

  finish(): Data {
    if (!this.#decided && this.length > 0) this.#decide();
    if (this.#coded === undefined) return this.#plain!.finish();
    return stringData(this.#coded.finish(), this.type as Dictionary);
  }

  #decide(): void {
    this.#decided = true;
    const { interner, length } = this.#coded!;
    if (interner.count <= length * NEAR_UNIQUE) return;
    this.#plain = plainOf(stringData(this.#coded!.finish(), this.type as Dictionary));
    this.#coded = undefined;
    this.type = new Utf8();
  }
}

/** The same values without their dictionary. */
function plainOf({ length, values, nullCount, nullBitmap, dictionary }: Data): VariableBytes {
  const plain = new VariableBytes(new Utf8());
  const { values: bytes, valueOffsets } = dictionary!.data[0] as Data;
  for (let i = 0; i < length; i++) {
    const isNull = nullCount > 0 && ((nullBitmap[i >> 3]! >> (i & 7)) & 1) === 0;
    if (isNull) plain.pushNull();
    else plain.pushBytes(bytes.subarray(valueOffsets[values[i]!]!, valueOffsets[values[i]! + 1]!));
  }
  return plain;
}

/** Text is kept as it is; half of a surrogate pair has no form in UTF-8. */
export const plainText: ToText = (value) => (typeof value === 'string' && value.isWellFormed() ? value : undefined);

/** Text must be JSON and is kept as it is; other values are made JSON. */
export const jsonText: ToText = (value) => {
  try {
    if (typeof value !== 'string') return JSON.stringify(value, exactBigint);
    JSON.parse(value);
    return plainText(value);
  } catch {
    return undefined;
  }
};

/** Not in TypeScript's library yet (https://github.com/tc39/proposal-json-parse-with-source). */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

function exactBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawJSON(String(value)) : value;
}
