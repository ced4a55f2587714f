import { equalBytes, utf8 } from '../filter/text.ts';
import type { MapView, TextView } from './view.ts';

/**
 * The entry of a key in each row's map: an index into the map's keys and values, -1 where the row has none. Rows of one
 * sender have their keys at the same places, so the place of the last hit is tried first.
 */
export function findEntries(map: MapView, key: string): Int32Array {
  return map.keys.codes === undefined ? findPlain(map, utf8(key)) : findCoded(map, map.keys.codes, utf8(key));
}

function findPlain({ rows, offsets, keys, valid }: MapView, key: Uint8Array): Int32Array {
  const found = new Int32Array(rows);
  let place = 0;
  for (let i = 0; i < rows; i++) {
    found[i] = -1;
    if (valid !== undefined && valid[i] === 0) continue;
    const start = offsets[i]!;
    const end = offsets[i + 1]!;
    if (start + place < end && keyIs(keys, start + place, key)) {
      found[i] = start + place;
      continue;
    }
    for (let j = start; j < end; j++) {
      if (!keyIs(keys, j, key)) continue;
      found[i] = j;
      place = j - start;
      break;
    }
  }
  return found;
}

function keyIs(keys: TextView, i: number, key: Uint8Array): boolean {
  return equalBytes(keys.bytes, keys.offsets[i]!, keys.offsets[i + 1]!, key);
}

function findCoded({ rows, offsets, keys, valid }: MapView, codes: Int32Array, key: Uint8Array): Int32Array {
  const found = new Int32Array(rows).fill(-1);
  const isKey = new Uint8Array(keys.offsets.length - 1);
  let known = false;
  for (let code = 0; code < isKey.length; code++) {
    if (keyIs(keys, code, key)) {
      isKey[code] = 1;
      known = true;
    }
  }
  if (!known) return found;
  for (let i = 0; i < rows; i++) {
    if (valid !== undefined && valid[i] === 0) continue;
    const end = offsets[i + 1]!;
    for (let j = offsets[i]!; j < end; j++) {
      if (isKey[codes[j]!] === 1) {
        found[i] = j;
        break;
      }
    }
  }
  return found;
}
