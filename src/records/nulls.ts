import type { Data } from 'apache-arrow';
import { NO_NULLS, type Nulls, validNulls } from '../batch/validity.ts';

/** The nulls of data that may be a slice, whose bitmap then begins inside of it. */
export function alignedNulls(data: Data): Nulls {
  const { length, nullCount, nullBitmap, offset } = data;
  if (nullCount === 0) return NO_NULLS;
  if (offset === 0) return { nullCount, nullBitmap };
  const valid = new Uint8Array(length);
  for (let i = 0; i < length; i++) valid[i] = (nullBitmap[(offset + i) >> 3]! >> ((offset + i) & 7)) & 1;
  return validNulls(valid, length);
}
