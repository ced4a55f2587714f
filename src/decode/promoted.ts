/** Fills promoted columns (model/promote.ts) from the attributes of the row, else of its resource. */
import type { TableBuilder } from '../batch/builder.ts';
import { type ByteSource, byteSource } from '../batch/bytes.ts';
import type { PromotedType, Promotion } from '../model/layout.ts';
import type { AttributeList } from './attributes.ts';
import { asciiText } from './number-text.ts';
import { LETTERS } from './plain-json.ts';

const letterByte = (letter: string) => letter.charCodeAt(0);
const STRING = letterByte(LETTERS.string);
const INT = letterByte(LETTERS.int);
const DOUBLE = letterByte(LETTERS.double);
const BOOL = letterByte(LETTERS.bool);
const BYTES = letterByte(LETTERS.bytes);

/** Appends entry `i` of a list (-1: none) to a promoted column. */
type AppendEntry = (list: AttributeList, i: number) => void;

interface PromotedColumn {
  readonly key: ByteSource;
  readonly append: AppendEntry;
  /** Codes of the key, once a request. */
  rowKeyCode: number;
  resourceKeyCode: number;
}

export class PromotedColumns {
  readonly #columns: readonly PromotedColumn[];
  readonly #row: AttributeList;
  readonly #resource: AttributeList;

  constructor(builder: TableBuilder, promotions: readonly Promotion[], row: AttributeList, resource: AttributeList) {
    this.#row = row;
    this.#resource = resource;
    this.#columns = promotions.map(({ attribute, type, column }) => ({
      key: byteSource(new TextEncoder().encode(attribute)),
      append: APPEND[type](builder, column),
      rowKeyCode: -1,
      resourceKeyCode: -1,
    }));
  }

  beginRequest(): void {
    for (const column of this.#columns) {
      column.rowKeyCode = this.#row.codeOf(column.key);
      column.resourceKeyCode = this.#resource.codeOf(column.key);
    }
  }

  /** The promoted columns of the next row. An attribute of the row hides that of the resource, whatever its type. */
  appendRow(): void {
    for (const { append, rowKeyCode, resourceKeyCode } of this.#columns) {
      const i = this.#row.indexOf(rowKeyCode);
      if (i >= 0) append(this.#row, i);
      else append(this.#resource, this.#resource.indexOf(resourceKeyCode));
    }
  }
}

const APPEND: Readonly<Record<PromotedType, (builder: TableBuilder, column: string) => AppendEntry>> = {
  string: (builder, name) => {
    const column = builder.column(name, 'string');
    return (list, i) => {
      if (!isOf(list, i, STRING, INT, DOUBLE, BOOL, BYTES)) column.pushNull();
      else column.push(column.interner.intern(list.text, list.textStart(i), list.textEnd(i)));
    };
  },
  int64: (builder, name) => {
    const column = builder.column(name, 'int64');
    return (list, i) => {
      if (!isOf(list, i, INT)) return column.pushNull();
      const text = entryText(list, i);
      const value = Number(text);
      if (Number.isSafeInteger(value)) return column.push(Math.floor(value / 0x100000000), value | 0);
      const exact = BigInt(text);
      column.push(Number(exact >> 32n), Number(BigInt.asIntN(32, exact)));
    };
  },
  double: (builder, name) => {
    const column = builder.column(name, 'double');
    return (list, i) => {
      if (isOf(list, i, DOUBLE, INT)) column.push(Number(entryText(list, i)));
      else column.pushNull();
    };
  },
  bool: (builder, name) => {
    const column = builder.column(name, 'bool');
    return (list, i) => {
      if (isOf(list, i, BOOL)) column.push(list.textEnd(i) - list.textStart(i) === 'true'.length);
      else column.pushNull();
    };
  },
};

function isOf(list: AttributeList, i: number, ...letters: number[]): boolean {
  return i >= 0 && letters.includes(list.letter(i));
}

function entryText(list: AttributeList, i: number): string {
  return asciiText(list.text.bytes, list.textStart(i), list.textEnd(i));
}
