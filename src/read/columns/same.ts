/** Whether two rows of a column are equal, for writers that copy what they wrote for the one as the other. */
import type { MapView, TextView, View } from './view.ts';

/** May say no for equal rows, never yes for others. Undefined where it is not worth asking. */
export function sameRows(view: View): ((a: number, b: number) => boolean) | undefined {
  const { valid } = view as { readonly valid?: Uint8Array };
  const bothValid = valid === undefined ? undefined : (a: number, b: number) => valid[a] === valid[b];
  const same = sameValues(view);
  return same === undefined || bothValid === undefined ? same : (a, b) => bothValid(a, b) && same(a, b);
}

function sameValues(view: View): ((a: number, b: number) => boolean) | undefined {
  switch (view.kind) {
    case 'text': {
      const { codes } = view;
      // Without a dictionary values hardly ever repeat.
      return codes && ((a, b) => codes[a] === codes[b]);
    }
    case 'int':
    case 'timestamp': {
      const { buffer, byteOffset, length } = view.values;
      const words = new Int32Array(buffer, byteOffset, 2 * length);
      return (a, b) => words[2 * a] === words[2 * b] && words[2 * a + 1] === words[2 * b + 1];
    }
    case 'double': {
      const { values } = view;
      return (a, b) => Object.is(values[a], values[b]);
    }
    case 'bool': {
      const { values } = view;
      return (a, b) => values[a] === values[b];
    }
    case 'map':
      return (a, b) => sameMap(view, a, b);
    case 'list': {
      const { offsets } = view;
      const isEmpty = (row: number) => offsets[row] === offsets[row + 1];
      return (a, b) => isEmpty(a) && isEmpty(b);
    }
    default:
      return undefined;
  }
}

/** Whether two rows hold the same entries in the same order. */
export function sameMap({ offsets, keys, values }: MapView, a: number, b: number): boolean {
  const count = offsets[a + 1]! - offsets[a]!;
  if (count !== offsets[b + 1]! - offsets[b]!) return false;
  return sameRun(values, offsets[a]!, offsets[b]!, count) && sameRun(keys, offsets[a]!, offsets[b]!, count);
}

function sameRun(view: TextView, a: number, b: number, count: number): boolean {
  const { codes, valid, offsets, bytes } = view;
  if (codes !== undefined) {
    for (let i = 0; i < count; i++) if (codes[a + i] !== codes[b + i]) return false;
    return true;
  }
  const distance = offsets[b]! - offsets[a]!;
  for (let i = 0; i < count; i++) {
    if (offsets[b + i + 1]! - offsets[a + i + 1]! !== distance) return false;
    if (valid !== undefined && valid[a + i] !== valid[b + i]) return false;
  }
  const end = offsets[a + count]!;
  for (let i = offsets[a]!; i < end; i++) if (bytes[i] !== bytes[i + distance]) return false;
  return true;
}
