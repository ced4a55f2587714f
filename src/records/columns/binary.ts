/** Columns of bytes. */
import { Binary, type Data, type DataType } from 'apache-arrow';
import type { Mismatch, RecordColumn } from './column.ts';
import type { Store } from './fixed.ts';
import { VariableBytes } from './variable-bytes.ts';

export type BinaryText = 'base64' | 'hex';

export class BinaryColumn implements RecordColumn {
  readonly type: DataType = new Binary();
  readonly #text: BinaryText;
  readonly #bytes = new VariableBytes(this.type);

  constructor(text: BinaryText) {
    this.#text = text;
  }

  get length(): number {
    return this.#bytes.length;
  }

  get memoryBytes(): number {
    return this.#bytes.memoryBytes;
  }

  push(value: unknown): Mismatch | undefined {
    const bytes = bytesOf(value, this.#text);
    if (bytes === undefined) return { path: '', found: value, expected: `bytes, or text in ${this.#text} (binary)` };
    this.#bytes.pushBytes(bytes);
    return undefined;
  }

  pushNull(): void {
    this.#bytes.pushNull();
  }

  truncate(length: number): void {
    this.#bytes.truncate(length);
  }

  finish(): Data {
    return this.#bytes.finish();
  }
}

export function storeFixedBinary(width: number, text: BinaryText): Store {
  return (view, at, value) => {
    const bytes = bytesOf(value, text);
    if (bytes?.length !== width) return `${width} bytes, or text in ${text} (fixed_binary(${width}))`;
    new Uint8Array(view.buffer).set(bytes, at);
    return undefined;
  };
}

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

export const storeUuid: Store = (view, at, value) => {
  let bytes: Uint8Array | undefined;
  if (typeof value === 'string') bytes = UUID.test(value) ? Buffer.from(value.replaceAll('-', ''), 'hex') : undefined;
  else if (value instanceof Uint8Array) bytes = value;
  if (bytes?.length !== 16) return 'a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057 (uuid)';
  new Uint8Array(view.buffer).set(bytes, at);
  return undefined;
};

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const HEX = /^[0-9a-fA-F]*$/;

function bytesOf(value: unknown, text: BinaryText): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== 'string') return undefined;
  const isText =
    text === 'hex' ? value.length % 2 === 0 && HEX.test(value) : value.length % 4 === 0 && BASE64.test(value);
  return isText ? Buffer.from(value, text) : undefined;
}
