/** The price table applied. */
import type { CostConfig } from '../config/types.ts';
import type { StoreOperation, StoreRequests } from '../telemetry/store-tally.ts';
import type { RequestRow, Traffic } from './types.ts';

const GIB = 1024 ** 3;
/** Of AWS's calculator: 730 hours. */
const MONTH_SECONDS = 730 * 3600;
/** A rate over less time than this says nothing about a month; it is taken all the same, and named. */
const LEAST_SECONDS = 1;

/** DELETE and the abort of an upload cost nothing (https://aws.amazon.com/s3/pricing/). */
const PRICE_OF: Readonly<Record<StoreOperation, 'putPer1000' | 'listPer1000' | 'getPer1000' | undefined>> = {
  PutObject: 'putPer1000',
  CreateMultipartUpload: 'putPer1000',
  UploadPart: 'putPer1000',
  CompleteMultipartUpload: 'putPer1000',
  AbortMultipartUpload: undefined,
  GetObject: 'getPer1000',
  HeadObject: 'getPer1000',
  DeleteObjects: undefined,
  ListObjectsV2: 'listPer1000',
  ListMultipartUploads: 'listPer1000',
  ListParts: 'listPer1000',
  Other: 'getPer1000',
};

/** A GiB for a month in a class as S3 names it; undefined where it has no price. */
export function storagePrice(cost: CostConfig, storageClass: string): number | undefined {
  return cost.storage[memberOf(storageClass)];
}

export function retrievalPrice(cost: CostConfig, storageClass: string): number {
  return cost.retrieval[memberOf(storageClass)] ?? 0;
}

export function gib(bytes: number): number {
  return bytes / GIB;
}

export function priceTraffic(requests: readonly StoreRequests[], sinceSeconds: number, cost: CostConfig): Traffic {
  const toMonth = MONTH_SECONDS / Math.max(LEAST_SECONDS, sinceSeconds);
  const rows = requests.map((counts): RequestRow => {
    const price = PRICE_OF[counts.operation];
    const soFar = price === undefined ? 0 : (counts.requests / 1000) * cost[price];
    return { ...counts, soFar, monthly: soFar * toMonth };
  });
  const receivedBytes = requests.reduce((sum, counts) => sum + counts.receivedBytes, 0);
  const soFar = gib(receivedBytes) * cost.transferOutPerGb;
  return { sinceSeconds, requests: rows, transfer: { receivedBytes, soFar, monthly: soFar * toMonth } };
}

/** `STANDARD_IA` is `standardIa` in the price table. */
function memberOf(storageClass: string): string {
  return storageClass.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
