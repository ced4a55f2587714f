/** Whose a Parquet file is: what this bridge wrote into its footer. */
import { parquetMetadataAsync } from 'hyparquet';

/** Key of the file's metadata that holds the id of its commit. */
export const COMMIT_ID_KEY = 'otel-lake.commit_id';

export interface FileIdentity {
  readonly commitId: string | undefined;
  readonly rows: number;
}

/**
 * Reads the footer. Undefined where the bytes are no Parquet file; what `read` throws goes on.
 *
 * @param read the bytes from `start` to `end` (one past the last)
 */
export async function readIdentity(
  bytes: number,
  read: (start: number, end: number) => Promise<Uint8Array>,
): Promise<FileIdentity | undefined> {
  let failure: { readonly error: unknown } | undefined;
  const slice = async (start: number, end = bytes): Promise<ArrayBuffer> => {
    try {
      const part = await read(start, end);
      return new Uint8Array(part).buffer;
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  try {
    const metadata = await parquetMetadataAsync({ byteLength: bytes, slice });
    const entry = metadata.key_value_metadata?.find(({ key }) => key === COMMIT_ID_KEY);
    return { commitId: entry?.value, rows: Number(metadata.num_rows) };
  } catch {
    if (failure) throw failure.error;
    return undefined;
  }
}
