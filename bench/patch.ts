/**
 * Makes copies of a captured request differ: ids and times are overwritten in place, so that no two requests are equal
 * and every span is recent. Finds the places by walking the wire format along the paths below.
 */
import { randomFillSync } from 'node:crypto';
import type { SignalName } from '../src/model/signal.ts';

export interface Patchable {
  /** A new copy with ids of its own and times that end at `latestMs`, by default now. */
  next(latestMs?: number): Uint8Array;
  readonly rows: number;
  readonly bytes: number;
}

interface Place {
  readonly offset: number;
  readonly length: number;
  readonly kind: 'id' | 'time';
}

interface Path {
  /** Field numbers from the request to the rows; of several in a list any. */
  readonly row: readonly (readonly number[])[];
  /** Fields of a row to overwrite. */
  readonly ids: readonly number[];
  readonly times: readonly number[];
}

/** A data point is in one of the five members of its metric, and has its times at the same numbers in all of them. */
const PATHS: Readonly<Record<SignalName, Path>> = {
  traces: { row: [[1], [2], [2]], ids: [1, 2, 4], times: [7, 8] },
  logs: { row: [[1], [2], [2]], ids: [9, 10], times: [1, 11] },
  metrics: { row: [[1], [2], [2], [5, 7, 9, 10, 11], [1]], ids: [], times: [2, 3] },
};

export function createPatchable(payload: Uint8Array, signal: SignalName): Patchable {
  const path = PATHS[signal];
  const places: Place[] = [];
  let rows = 0;
  walk(0, payload.length, 0);
  const view = new DataView(payload.buffer, payload.byteOffset);
  const times = places.filter((place) => place.kind === 'time');
  let latest = 0n;
  for (const { offset } of times) {
    const time = view.getBigUint64(offset, true);
    if (time > latest) latest = time;
  }

  function walk(start: number, end: number, depth: number): void {
    let position = start;
    const varint = () => {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = payload[position++]!;
        value += (byte & 127) * 2 ** shift;
        if (byte < 128) return value;
      }
    };
    while (position < end) {
      const tag = varint();
      const field = tag >>> 3;
      const wire = tag & 7;
      const length = wire === 2 ? varint() : wire === 1 ? 8 : wire === 5 ? 4 : 0;
      if (wire === 0) varint();
      else if (depth === path.row.length) {
        if (wire === 2 && path.ids.includes(field)) places.push({ offset: position, length, kind: 'id' });
        if (wire === 1 && path.times.includes(field)) places.push({ offset: position, length, kind: 'time' });
      } else if (wire === 2 && path.row[depth]!.includes(field)) {
        if (depth === path.row.length - 1) rows++;
        walk(position, position + length, depth + 1);
      }
      position += length;
    }
  }

  return {
    rows,
    bytes: payload.length,
    next(latestMs = Date.now()) {
      const copy = Uint8Array.from(payload);
      const target = new DataView(copy.buffer);
      const mask = randomFillSync(new Uint8Array(16));
      // The same mask for all ids of a request keeps spans of a trace together and parents findable.
      const shift = BigInt(Math.floor(latestMs)) * 1_000_000n - latest;
      for (const { offset, length, kind } of places) {
        if (kind === 'time') target.setBigUint64(offset, target.getBigUint64(offset, true) + shift, true);
        else for (let i = 0; i < length; i++) copy[offset + i]! ^= mask[i]!;
      }
      return copy;
    },
  };
}
