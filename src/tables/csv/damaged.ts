import { BridgeError } from '../../errors.ts';

/** What a decompressor gives out at once. */
export const CHUNK_BYTES = 256 * 1024;

/** @param bytes of content that came out before */
export function damaged(compression: string, bytes: number, cause: unknown): BridgeError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BridgeError('corrupt', `the ${compression} data is damaged behind ${bytes} bytes of content: ${reason}`, {
    hint: 'The file was cut off or changed on its way: get it again.',
    cause,
  });
}
