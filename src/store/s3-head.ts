import { GetObjectCommand, HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { abortSignalOf, fullKey, type S3Context } from './s3-context.ts';
import { s3Status } from './s3-errors.ts';

/** What may be missing or refused for another reason than the object: the bucket, its region, the credentials, rights. */
const UNEXPLAINED = [301, 400, 403, 404];
const RANGE_NOT_SATISFIABLE = 416;

/**
 * An answer to HEAD has no body, so a refusal has no reason in it: the same is asked with a GET of one byte, whose error
 * is thrown. Where that succeeds it has also put right what was wrong (the clock), and HEAD is asked once more.
 */
export async function headObject(
  context: S3Context,
  key: string,
  signal: AbortSignal | undefined,
): Promise<HeadObjectCommandOutput> {
  const target = { Bucket: context.config.bucket, Key: fullKey(context, key) };
  const send = () => context.client.send(new HeadObjectCommand(target), abortSignalOf(signal));
  try {
    return await send();
  } catch (refusal) {
    if (!UNEXPLAINED.includes(s3Status(refusal))) throw refusal;
    await explain(context, target, signal);
    return await send();
  }
}

async function explain(
  { client }: S3Context,
  target: { readonly Bucket: string; readonly Key: string },
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    const { Body } = await client.send(new GetObjectCommand({ ...target, Range: 'bytes=0-0' }), abortSignalOf(signal));
    await Body?.transformToByteArray();
  } catch (error) {
    if (s3Status(error) !== RANGE_NOT_SATISFIABLE) throw error;
  }
}
