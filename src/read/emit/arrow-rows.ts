/**
 * Rows of an Arrow IPC stream as plain objects, for the way back to OTLP: 64-bit integers as bigint, maps as entries.
 *
 * Not Arrow's own row objects: their text decoder takes a leading U+FEFF for a byte order mark and drops it, which is
 * a loss in an attribute that begins with one.
 */
import { type AsyncRecordBatchStreamReader, type Data, type RecordBatch, RecordBatchReader, Type } from 'apache-arrow';
import type { Row } from '../../decode/rows.ts';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export async function* arrowRows(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Row> {
  const reader = (await RecordBatchReader.from(stream)) as AsyncRecordBatchStreamReader;
  for await (const batch of reader) yield* batchRows(batch);
}

export function* batchRows(batch: RecordBatch): Generator<Row> {
  if (batch.numRows === 0) return; // its columns may have no buffers at all
  const read = structReader(batch.data);
  for (let i = 0; i < batch.numRows; i++) yield read(i) as Row;
}

type ReadValue = (i: number) => unknown;

function valueReader(data: Data): ReadValue {
  const read = presentReader(data);
  return data.nullCount === 0 ? read : (i) => (data.getValid(i) ? read(i) : null);
}

function presentReader(data: Data): ReadValue {
  const { values, valueOffsets: offsets, offset } = data;
  switch (data.typeId) {
    case Type.Utf8:
      return (i) => decoder.decode((values as Uint8Array).subarray(offsets[i]!, offsets[i + 1]!));
    case Type.Dictionary: {
      const value = valueReader(data.dictionary!.data[0]!);
      return (i) => value(values[i]);
    }
    case Type.Bool:
      return (i) => ((values[(offset + i) >> 3]! >> ((offset + i) & 7)) & 1) === 1;
    case Type.Map: {
      const [entries] = data.children as [Data];
      const [key, value] = entries.children.map(valueReader) as [ReadValue, ReadValue];
      return (i) => range(offsets, i, (j) => [key(j), value(j)]);
    }
    case Type.List: {
      const element = valueReader(data.children[0]!);
      return (i) => range(offsets, i, element);
    }
    case Type.Struct:
      return structReader(data);
    default:
      return (i) => values[i];
  }
}

function structReader(data: Data): ReadValue {
  const names = data.type.children.map(({ name }: { name: string }) => name);
  const fields = data.children.map(valueReader);
  return (i) => Object.fromEntries(names.map((name: string, f: number) => [name, fields[f]!(i)]));
}

function range(offsets: Int32Array, i: number, read: ReadValue): unknown[] {
  const items: unknown[] = [];
  for (let j = offsets[i]!; j < offsets[i + 1]!; j++) items.push(read(j));
  return items;
}
