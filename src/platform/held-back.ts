/** Bytes held back at the beginning of an output. */
const HELD_BYTES = 64 * 1024;

/**
 * The first bytes wait for more of them, or for the end and its check: those of a format (an Arrow schema, a CSV header,
 * a Parquet file without rows) come before anything was read, and an error behind them should still get its own status.
 */
export async function* heldBack(chunks: AsyncIterable<Uint8Array>, atEnd: () => void): AsyncGenerator<Uint8Array> {
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    if (heldBytes < HELD_BYTES) {
      held.push(chunk);
      heldBytes += chunk.byteLength;
      if (heldBytes >= HELD_BYTES) yield* held.splice(0);
    } else {
      yield chunk;
    }
  }
  atEnd();
  yield* held;
}
