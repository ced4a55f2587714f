/**
 * Gives the memory of buffers back at once; they are detached and read as empty afterwards. The collector sees only the
 * small object in front of a large buffer and is in no hurry: at full ingest hundreds of megabytes would wait for it.
 */
export function releaseBuffers(buffers: Iterable<ArrayBuffer>): void {
  for (const buffer of buffers) if (buffer.byteLength > 0) buffer.transfer(0);
}
