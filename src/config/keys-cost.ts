/**
 * The keys of the price table: `[cost]`. Defaults are prices of us-east-1 as they were known in June 2025, first tier,
 * in US dollars; https://aws.amazon.com/s3/pricing/ has those of today.
 */
import type { Key } from './key.ts';

/** Storage classes by the last part of their key, with what a GiB costs a month and to read. */
const CLASSES = [
  ['STANDARD', 0.023, 0],
  ['INTELLIGENT_TIERING', 0.023, 0],
  ['STANDARD_IA', 0.0125, 0.01],
  ['ONEZONE_IA', 0.01, 0.01],
  ['GLACIER_IR', 0.004, 0.03],
  ['GLACIER', 0.0036, 0.01],
  ['DEEP_ARCHIVE', 0.00099, 0.02],
  ['EXPRESS_ONEZONE', 0.11, 0],
  ['REDUCED_REDUNDANCY', 0.024, 0],
] as const;

/** Storage classes that have a price. */
export const PRICED_CLASSES: readonly string[] = CLASSES.map(([name]) => name);

const price = (path: string, fixed: number, doc: string): Key => {
  return { path: `cost.${path}`, type: 'number', default: fixed, min: 0, max: 1000, doc };
};

export const COST_KEYS: readonly Key[] = [
  { path: 'cost.currency', type: 'string', default: 'USD', doc: 'Currency of all prices, as it is printed.' },
  price('put_per_1000', 0.005, '1000 requests that write: PUT, and those of multipart uploads.'),
  price('list_per_1000', 0.005, '1000 listings.'),
  price('get_per_1000', 0.0004, '1000 requests that read: GET and HEAD.'),
  price('transition_per_1000', 0.01, '1000 objects moved to a colder class by a lifecycle rule.'),
  price('transfer_out_per_gb', 0.09, 'A GiB from S3 to the internet; 0 inside its region.'),
  ...CLASSES.map(([name, storage]) => price(`storage.${name.toLowerCase()}`, storage, `Class ${name}.`)),
  ...CLASSES.filter(([, , retrieval]) => retrieval > 0).map(([name, , retrieval]) =>
    price(`retrieval.${name.toLowerCase()}`, retrieval, `Class ${name}.`),
  ),
];
