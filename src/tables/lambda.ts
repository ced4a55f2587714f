/**
 * AWS Lambda on S3 events: every CSV file that arrives in a bucket becomes Parquet, Avro or both in another place. Set
 * `node_modules/otel-lake-bridge/dist/tables/lambda.handler` as the function's handler, a memory of 1 GB, and the environment:
 *
 * | variable | meaning |
 * | --- | --- |
 * | OTEL_LAKE_TO | folder of the outputs, `s3://bucket/prefix/`: not one whose events come here |
 * | OTEL_LAKE_FORMATS | `parquet`, `avro` or both with a comma between (parquet) |
 * | OTEL_LAKE_ON_INVALID | `fail`, `skip` or `null` (fail) |
 *
 * An event may come twice: what is up to date is left alone then. Where a file has failed the call fails, so that Lambda
 * tries it again and hands it to the function's destination for failures.
 */
import { BridgeError } from '../errors.ts';
import { convert } from './convert/convert.ts';
import { type ConvertInput, convertOptions } from './convert/options.ts';
import type { ConvertReport } from './convert/types.ts';
import type { TableFormat } from './output.ts';

/** The part of a notification that is looked at (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html). */
export interface S3Event {
  readonly Records?: readonly {
    readonly eventName: string;
    readonly s3: { readonly bucket: { readonly name: string }; readonly object: { readonly key: string } };
  }[];
}

/** A handler with options of its own, for functions that need more than the environment says. */
export function createHandler(input: Omit<ConvertInput, 'sources'>): (event: S3Event) => Promise<ConvertReport> {
  return async (event) => {
    const sources = sourcesOf(event);
    if (sources.length === 0) {
      throw new BridgeError(
        'invalid_argument',
        'the event tells of no created object; expected an S3 event notification',
        {
          hint: 'Subscribe the function to s3:ObjectCreated:* of the bucket.',
        },
      );
    }
    const report = await convert(convertOptions({ ...input, sources }));
    const failed = report.files.find(({ status }) => status === 'failed');
    if (failed === undefined) return report;
    throw new BridgeError('unprocessable', `${failed.source}: ${failed.error?.message}`, { hint: failed.error?.hint });
  };
}

/** The handler that the environment sets up. */
export async function handler(event: S3Event): Promise<ConvertReport> {
  const { OTEL_LAKE_TO: to, OTEL_LAKE_FORMATS: formats = 'parquet', OTEL_LAKE_ON_INVALID: rule = 'fail' } = process.env;
  if (!to) throw new BridgeError('config', 'OTEL_LAKE_TO is not set; expected s3://bucket/prefix/');
  const wanted = formats.split(',').map((name) => name.trim());
  const isKnown = (name: string): name is TableFormat => name === 'parquet' || name === 'avro';
  if (!wanted.every(isKnown))
    throw new BridgeError('config', `OTEL_LAKE_FORMATS is "${formats}"; expected parquet, avro`);
  if (rule !== 'fail' && rule !== 'skip' && rule !== 'null') {
    throw new BridgeError('config', `OTEL_LAKE_ON_INVALID is "${rule}"; expected fail, skip or null`);
  }
  return createHandler({ to, formats: wanted, onInvalid: rule })(event);
}

/** Keys are percent-encoded in events, with `+` for a space; a key is no pattern, whatever it holds. */
function sourcesOf({ Records = [] }: S3Event): string[] {
  return Records.filter(({ eventName }) => /^(s3:)?ObjectCreated:/.test(eventName)).map(
    ({ s3: { bucket, object } }) => {
      const key = decodeURIComponent(object.key.replaceAll('+', ' '));
      return `s3://${bucket.name}/${key.replace(/[*?[\]{}()!\\]/g, '\\$&')}`;
    },
  );
}
