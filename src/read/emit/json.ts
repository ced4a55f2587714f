/**
 * Values as JSON. Integers keep all their digits (JSON sets no limit; jq, DuckDB, Python read them exactly), timestamps
 * are ISO 8601 in UTC with microseconds, doubles that JSON has no number for are the strings "NaN", "Infinity" and
 * "-Infinity", decimals strings with all their digits, maps are objects in the order of their entries.
 */
import { sameMap } from '../columns/same.ts';
import { type EntriesView, type MapView, type TextView, textIndex, type View } from '../columns/view.ts';
import { decimalWriter, doubleAt, formWriter, isNumber, writeHex } from './forms.ts';
import { doubleText, type ScalarWriter, timestampWriter } from './scalar.ts';
import { reserve, type Sink, writeAscii, writeByte, writeBytes } from './sink.ts';

const NULL = Uint8Array.from('null', (c) => c.charCodeAt(0));
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Two-character escapes by byte; other control characters are written \u00XX. */
const SHORT: Readonly<Record<number, string>> = { 8: 'b', 9: 't', 10: 'n', 12: 'f', 13: 'r', 34: '"', 92: '\\' };
const NEEDS_ESCAPE = Uint8Array.from({ length: 256 }, (_, b) => Number(b < 32 || b === QUOTE || b === BACKSLASH));

/** A writer of a column's values, null included. */
export function jsonWriter(view: View): ScalarWriter {
  if (view.kind === 'text') {
    const write = view.form === undefined ? writeText : writeHex;
    return (sink, row) => {
      const index = textIndex(view, row);
      if (index < 0) writeBytes(sink, NULL);
      else write(sink, view, index);
    };
  }
  const write = valueWriter(view);
  const { valid } = view;
  if (valid === undefined) return write;
  return (sink, row) => {
    if (valid[row] === 0) writeBytes(sink, NULL);
    else write(sink, row);
  };
}

function valueWriter(view: Exclude<View, TextView>): ScalarWriter {
  switch (view.kind) {
    case 'int':
      return isNumber(view) ? formWriter(view) : quoted(formWriter(view));
    case 'decimal':
      return quoted(decimalWriter(view));
    case 'timestamp':
      return quoted(timestampWriter(view));
    case 'double':
      return (sink, row) => {
        const value = doubleAt(view, row);
        writeAscii(sink, Number.isFinite(value) ? doubleText(value) : `"${value}"`);
      };
    case 'bool':
      return (sink, row) => writeAscii(sink, view.values[row] === 1 ? 'true' : 'false');
    case 'map':
      return mapWriter(view);
    case 'entries':
      return entriesWriter(view);
    case 'list': {
      const write = jsonWriter(view.element);
      return (sink, row) => {
        writeByte(sink, 0x5b);
        const start = view.offsets[row]!;
        for (let i = start; i < view.offsets[row + 1]!; i++) {
          if (i > start) writeByte(sink, 0x2c);
          write(sink, i);
        }
        writeByte(sink, 0x5d);
      };
    }
    case 'struct': {
      const keys = objectKeys(view.names);
      const writers = view.fields.map(jsonWriter);
      return (sink, row) => {
        for (let f = 0; f < writers.length; f++) {
          writeBytes(sink, keys[f]!);
          writers[f]!(sink, row);
        }
        writeByte(sink, 0x7d);
      };
    }
  }
}

function quoted(write: ScalarWriter): ScalarWriter {
  return (sink, row) => {
    writeByte(sink, QUOTE);
    write(sink, row);
    writeByte(sink, QUOTE);
  };
}

/** An object too: JSON's keys are text, so those of other types are quoted. */
function entriesWriter({ offsets, keys, values }: EntriesView): ScalarWriter {
  const isText = keys.kind === 'text' || keys.kind === 'timestamp' || keys.kind === 'decimal';
  const isQuoted = isText || (keys.kind === 'int' && !isNumber(keys));
  const writeKey = isQuoted ? jsonWriter(keys) : quoted(jsonWriter(keys));
  const writeValue = jsonWriter(values);
  return (sink, row) => {
    writeByte(sink, 0x7b);
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
      if (i > offsets[row]!) writeByte(sink, 0x2c);
      writeKey(sink, i);
      writeByte(sink, 0x3a);
      writeValue(sink, i);
    }
    writeByte(sink, 0x7d);
  };
}

/** `{"first":`, then `,"next":` */
export function objectKeys(names: readonly string[]): readonly Uint8Array[] {
  const encoder = new TextEncoder();
  return names.map((name, i) => encoder.encode(`${i === 0 ? '{' : ','}${JSON.stringify(name)}:`));
}

/** Value `index` of a text as a JSON string. */
export function writeText(sink: Sink, { bytes, offsets }: TextView, index: number): void {
  const start = offsets[index]!;
  const end = offsets[index + 1]!;
  // The longest escape has six bytes.
  reserve(sink, 6 * (end - start) + 2);
  const out = sink.bytes;
  let at = sink.at;
  out[at++] = QUOTE;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (NEEDS_ESCAPE[byte] === 0) out[at++] = byte;
    else at = writeEscape(out, at, byte);
  }
  out[at++] = QUOTE;
  sink.at = at;
}

function writeEscape(out: Uint8Array, start: number, byte: number): number {
  const text = `\\${SHORT[byte] ?? `u${byte.toString(16).padStart(4, '0')}`}`;
  for (let i = 0; i < text.length; i++) out[start + i] = text.charCodeAt(i);
  return start + text.length;
}

/**
 * Rows of one sender repeat the maps of their resource and scope: where a row's map equals the one before, its text is
 * copied. Saved about a quarter of the time of full rows of spans.
 */
function mapWriter(view: MapView): ScalarWriter {
  let previous = -1;
  let generation = -1;
  let start = 0;
  let end = 0;
  return (sink, row) => {
    const repeated = generation === sink.generation && sameMap(view, previous, row);
    const at = sink.at;
    if (repeated) {
      reserve(sink, end - start);
      sink.bytes.copyWithin(at, start, end);
      sink.at = at + end - start;
    } else {
      writeMap(sink, view, row);
    }
    previous = row;
    generation = sink.generation;
    start = at;
    end = sink.at;
  };
}

function writeMap(sink: Sink, { offsets, keys, values }: MapView, row: number): void {
  writeByte(sink, 0x7b);
  const first = offsets[row]!;
  for (let i = first; i < offsets[row + 1]!; i++) {
    if (i > first) writeByte(sink, 0x2c);
    writeText(sink, keys, textIndex(keys, i));
    writeByte(sink, 0x3a);
    const value = textIndex(values, i);
    if (value < 0) writeBytes(sink, NULL);
    else writeText(sink, values, value);
  }
  writeByte(sink, 0x7d);
}
