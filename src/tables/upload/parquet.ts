/** Whether a file is Parquet as a whole: what is cut off, or something else, would be found out only by its first reader. */
import { BridgeError } from '../../errors.ts';
import { readFooter } from '../../read/parquet/footer.ts';
import type { ByteRange } from '../../store/store.ts';

export const PARQUET_MAGIC = 'PAR1';

export interface RangeReader {
  readonly size: number;
  read(range: ByteRange): Promise<Uint8Array>;
}

/**
 * Both ends, the footer, and that all column chunks it tells of lie within the file.
 *
 * @param name for messages
 * @returns its rows
 * @throws BridgeError unprocessable
 */
export async function checkParquet(name: string, { size, read }: RangeReader): Promise<number> {
  const head = await read({ start: 0, end: Math.min(size, PARQUET_MAGIC.length) });
  const begins = Buffer.from(head).toString('latin1');
  if (begins !== PARQUET_MAGIC) {
    throw noParquet(name, `it begins with ${JSON.stringify(begins)}, expected "${PARQUET_MAGIC}"`);
  }
  try {
    const { metadata } = await readFooter({ key: name, size, read });
    return Number(metadata.num_rows);
  } catch (error) {
    if (error instanceof BridgeError && error.code === 'corrupt') throw noParquet(name, error.message, error);
    throw error;
  }
}

export function noParquet(name: string, reason: string, cause?: unknown): BridgeError {
  const message = reason.startsWith(name) ? reason : `${name} is no Parquet file: ${reason}`;
  return new BridgeError('unprocessable', message, { cause, hint: 'It was cut off, or is something else.' });
}
