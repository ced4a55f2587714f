/**
 * How `limits.memory_bytes` is divided.
 *
 * The budget is meant for the whole process. What Node, the code and the threads take before the first row is taken off
 * first; the rest is for data. A budget that is hardly more than that start leaves data at least MIN_DATA_BYTES (or all
 * of a budget below that), and the process is then larger than its budget.
 *
 *   data           requests on their way, and rows
 *   ├─ rows        half of it: open batches of lanes, and sealed ones that wait for an encoder or are in one
 *   │  └─ lane     half of that over all lanes: a lane's open batch is sealed before it grows over it
 *   ├─ row group   a fifth over all encoders: what an encoder sorts out and encodes at once
 *   └─ left over   half that reads never fill: rows in lanes are handed on just when the process is nearly full, and
 *                  take as much again while they are encoded
 * The encoders' WebAssembly memory, decompression in lanes and the readers' work are in what is left between the shares,
 * and in the watch over the resident memory (`platform/resident.ts`).
 */
import type { Config } from '../config/types.ts';

const MIB = 1024 * 1024;

/** Measured after start, some commits and a read, without data: main thread, and each further thread of a kind. */
const START_BYTES = 120 * MIB;
const LANE_BYTES = 40 * MIB;
const ENCODER_BYTES = 50 * MIB;
const READER_BYTES = 50 * MIB;
const MIN_DATA_BYTES = 64 * MIB;
const MIN_ROW_GROUP_BYTES = MIB;
/** Of a row group where memory is short, and what encoding one takes at most: large texts that never repeat, six times in WebAssembly. */
const MIN_SHORT_BYTES = 4 * MIB;
const ENCODING_TIMES = 8;
/** An encoder that is small is not worth a new start. */
const MIN_ENCODER_BYTES = 128 * MIB;

/** Share of the data that reads leave to encoders. */
const LEFT_BY_READS = 1 / 2;

/** Unpacking a body takes about twice what it becomes (`decode/body.ts`). */
const UNPACKING_TIMES = 2;
/** Bodies that become no more than this are unpacked however full the process is. */
const MIN_UNPACKED_BYTES = 8 * MIB;

/** From this share of the budget on, the less the process leaves of it, the fewer requests are let in at a time. */
const NARROW_FROM = 1 / 2;
/**
 * Share of the data that is taken also where the process is over its budget: then it is not data that fills it, and
 * refusing all would not empty it.
 */
export const ALWAYS_TAKEN = 1 / 8;

export interface MemoryPlan {
  /** What the resident memory of the process may be; undefined where the budget is too small to be meant for all of it. */
  readonly residentBytes: number | undefined;
  /** What it may be where a read fetches or decodes more; undefined alike. */
  readonly readsResidentBytes: number | undefined;
  readonly dataBytes: number;
  readonly rowBytes: number;
  readonly laneBytes: number;
  /** What a compressed body may become where the process holds nothing else; Infinity where the budget is too small, as above. */
  readonly unpackedBytes: number;
  readonly rowGroupBytes: number;
  /** WebAssembly memory, which never shrinks, after which an encoder is started anew. */
  readonly encoderBytes: number;
}

export function memoryPlan({ limits, operations }: Pick<Config, 'limits' | 'operations'>): MemoryPlan {
  const { memoryBytes } = limits;
  const { lanes, encoders, readers } = operations;
  const start = START_BYTES + lanes * LANE_BYTES + encoders * ENCODER_BYTES + readers * READER_BYTES;
  const dataBytes = Math.max(memoryBytes - start, Math.min(memoryBytes, MIN_DATA_BYTES));
  const rowBytes = dataBytes / 2;
  const residentBytes = memoryBytes < start + MIN_DATA_BYTES ? undefined : memoryBytes;
  return {
    residentBytes,
    readsResidentBytes: residentBytes && residentBytes - dataBytes * LEFT_BY_READS,
    dataBytes,
    rowBytes,
    laneBytes: rowBytes / 2 / lanes,
    unpackedBytes:
      residentBytes === undefined
        ? Number.POSITIVE_INFINITY
        : Math.max(MIN_UNPACKED_BYTES, dataBytes / UNPACKING_TIMES / lanes),
    rowGroupBytes: Math.max(MIN_ROW_GROUP_BYTES, dataBytes / 5 / encoders),
    encoderBytes: Math.max(MIN_ENCODER_BYTES, dataBytes / 2 / encoders),
  };
}

/**
 * Bytes of requests that may be on their way while the process takes so much. They become more on it, unpacked, decoded,
 * encoded: a process that is nearly full must not begin with many.
 */
export function maxRequestsBytes({ residentBytes, dataBytes }: MemoryPlan, takenBytes: number): number {
  if (residentBytes === undefined) return dataBytes;
  const left = (residentBytes - takenBytes) / (residentBytes * (1 - NARROW_FROM));
  return dataBytes * Math.min(1, Math.max(ALWAYS_TAKEN, left));
}

/**
 * Bytes of the next row group while the process takes so much, without what its encoder keeps anyway. Encoding takes a
 * multiple of it, so groups are smaller where memory is short.
 */
export function fittingRowGroupBytes({ residentBytes, rowGroupBytes }: MemoryPlan, takenBytes: number): number {
  if (residentBytes === undefined) return rowGroupBytes;
  return Math.min(rowGroupBytes, Math.max(MIN_SHORT_BYTES, (residentBytes - takenBytes) / ENCODING_TIMES));
}

/** Bytes that a lane may unpack one body to while the process takes so much: all lanes may do so at the same time. */
export function fittingUnpackedBytes(plan: MemoryPlan, lanes: number, takenBytes: number): number {
  if (plan.residentBytes === undefined) return Number.POSITIVE_INFINITY;
  const left = (plan.residentBytes - takenBytes) / UNPACKING_TIMES / lanes;
  return Math.min(plan.unpackedBytes, Math.max(MIN_UNPACKED_BYTES, left));
}
