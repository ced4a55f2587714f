import { BridgeError } from '../../errors.ts';

/** Characters of the text shown on either side of the caret. */
const WINDOW = 60;

/** An invalid_argument that names the column (1-based) and shows the place with a caret under it. */
export function filterError(source: string, at: number, message: string, hint?: string): BridgeError {
  const start = Math.max(0, at - WINDOW);
  const end = Math.min(source.length, at + WINDOW);
  const head = start > 0 ? '…' : '';
  const shown = `${head}${source.slice(start, end)}${end < source.length ? '…' : ''}`.replace(/[\r\n\t]/g, ' ');
  const caret = `${' '.repeat(head.length + at - start)}^`;
  return new BridgeError('invalid_argument', `filter: ${message} at column ${at + 1}\n  ${shown}\n  ${caret}`, {
    hint,
  });
}
