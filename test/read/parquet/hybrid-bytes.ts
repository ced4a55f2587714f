/** Values in Parquet's hybrid of runs, as a naive writer makes them: of each run a fixed number of values, packed or not. */
export interface Run {
  /** Repeats the first value; else all are packed. */
  readonly isRepeated: boolean;
  readonly values: readonly number[];
}

/** Bytes of the runs and the values they stand for. Only the last packed run may have a number that is no multiple of 8. */
export function hybridBytes(runs: readonly Run[], width: number): { bytes: Uint8Array; values: number[] } {
  const bytes: number[] = [];
  const values: number[] = [];
  for (const { isRepeated, values: found } of runs) {
    if (found.length === 0) continue;
    if (isRepeated) {
      bytes.push(...varint(found.length * 2));
      for (let b = 0; b < Math.ceil(width / 8); b++) bytes.push((found[0]! >>> (8 * b)) & 255);
      values.push(...found.map(() => found[0]!));
    } else {
      const groups = Math.ceil(found.length / 8);
      bytes.push(...varint(groups * 2 + 1));
      const packed = new Array<number>(groups * width).fill(0);
      found.forEach((value, i) => {
        for (let bit = 0; bit < width; bit++) {
          const place = i * width + bit;
          packed[place >> 3]! |= ((value >>> bit) & 1) << (place & 7);
        }
      });
      bytes.push(...packed);
      values.push(...found);
    }
  }
  return { bytes: Uint8Array.from(bytes), values };
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}
