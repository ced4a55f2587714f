/** Values of a fixed number of bytes as they are decoded: UUIDs and other bytes, which reads take for text of a form. */
import type { ReadType } from '../schema.ts';
import { type FixedValues, presentOf } from './fixed-values.ts';
import type { TextDictionary } from './text-values.ts';

/** The values of a dictionary page as those of text are: each is a text of `width` bytes. */
export function readFixedDictionary(bytes: Uint8Array, count: number, width: number): TextDictionary {
  if (!(count >= 0 && count * width <= bytes.length)) throw new Error('its dictionary is cut off');
  return { count, offsets: offsetsOf(count, width), bytes: bytes.slice(0, count * width) };
}

export function createFixedBytes(
  slots: number,
  width: number,
  type: ReadType,
  dictionary: TextDictionary | undefined,
): FixedValues {
  const values = new Uint8Array(slots * width);
  return {
    kind: 'fixed',
    coded(codes, at) {
      const distinct = dictionary!.bytes;
      for (let i = 0; i < codes.length; i++) {
        const from = codes[i]! * width;
        if (from >= 0) for (let b = 0, to = (at + i) * width; b < width; b++) values[to + b] = distinct[from + b]!;
      }
    },
    plain(bytes, start, before, at, count, valid) {
      const present = presentOf(count, valid);
      let from = start + before * width;
      if (from + present * width > bytes.length) throw new Error('its values are cut off');
      if (valid === undefined) {
        values.set(bytes.subarray(from, from + present * width), at * width);
        return;
      }
      for (let i = 0; i < count; i++) {
        if (valid[i] !== 1) continue;
        values.set(bytes.subarray(from, from + width), (at + i) * width);
        from += width;
      }
    },
    runs() {
      throw new Error('bytes in RLE');
    },
    view: (valid) => ({
      kind: 'text',
      rows: slots,
      codes: undefined,
      valid,
      offsets: offsetsOf(slots, width),
      bytes: values,
      ...formOfBytes(type),
    }),
  };
}

/** How bytes are written, where the type says that they are no text. */
export function formOfBytes(type: ReadType): { readonly form?: 'hex' | 'uuid' } {
  return type.kind === 'bytes' ? { form: type.form } : {};
}

function offsetsOf(count: number, width: number): Int32Array<ArrayBuffer> {
  const offsets = new Int32Array(count + 1);
  for (let i = 1; i <= count; i++) offsets[i] = i * width;
  return offsets;
}
