/** An id of zeros only is invalid (https://www.w3.org/TR/trace-context/#trace-id). */
export function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== 0) return false;
  return true;
}
