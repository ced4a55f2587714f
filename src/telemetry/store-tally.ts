/**
 * Counts of the requests made to S3, by call of its API: what AWS asks money for. One block of memory is shared by all
 * threads, since clients are in encoders and readers too and `/metrics` is served by the main thread.
 */

export const STORE_OPERATIONS = [
  'PutObject',
  'CreateMultipartUpload',
  'UploadPart',
  'CompleteMultipartUpload',
  'AbortMultipartUpload',
  'GetObject',
  'HeadObject',
  'DeleteObjects',
  'ListObjectsV2',
  'ListMultipartUploads',
  'ListParts',
  /** Of the bucket: its creation and settings. */
  'Other',
] as const;

export type StoreOperation = (typeof STORE_OPERATIONS)[number];

export interface StoreRequests {
  readonly operation: StoreOperation;
  /** Tries, each of which is a request on the bill. */
  readonly requests: number;
  /** Answered with an error, or not at all. */
  readonly errors: number;
  /** Bytes of bodies. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** From request to the head of the answer, all together. */
  readonly milliseconds: number;
}

export interface StoreTally {
  /** For another thread's `createStoreTally`. */
  readonly memory: SharedArrayBuffer;
  /** Hears of one request (see `ObserveRequest` of the store); an operation that is not known counts as `Other`. */
  observe(
    operation: string,
    ms: number,
    error: unknown,
    bytes: { readonly sent: number; readonly received: number },
  ): void;
  /** Operations that were asked for at least once. */
  read(): StoreRequests[];
}

const FIELDS = ['requests', 'errors', 'sentBytes', 'receivedBytes', 'milliseconds'] as const;

export function createStoreTally(memory?: SharedArrayBuffer): StoreTally {
  const block =
    memory ?? new SharedArrayBuffer(STORE_OPERATIONS.length * FIELDS.length * BigInt64Array.BYTES_PER_ELEMENT);
  const counts = new BigInt64Array(block);
  return {
    memory: block,
    observe(operation, ms, error, bytes) {
      const known = STORE_OPERATIONS.indexOf(operation as StoreOperation);
      const row = (known < 0 ? STORE_OPERATIONS.length - 1 : known) * FIELDS.length;
      const values = [1, error === undefined ? 0 : 1, bytes.sent, bytes.received, ms];
      for (let i = 0; i < FIELDS.length; i++) Atomics.add(counts, row + i, BigInt(Math.round(values[i]!)));
    },
    read() {
      return STORE_OPERATIONS.flatMap((operation, at) => {
        const values = FIELDS.map((_, i) => Number(Atomics.load(counts, at * FIELDS.length + i)));
        const [requests = 0, errors = 0, sentBytes = 0, receivedBytes = 0, milliseconds = 0] = values;
        return requests === 0 ? [] : [{ operation, requests, errors, sentBytes, receivedBytes, milliseconds }];
      });
    },
  };
}
