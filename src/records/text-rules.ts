/** Cells of text, such as those of CSV. */
import type { TextRules } from './record-types.ts';
import type { ParquetField } from './types.ts';

/** An empty cell is null; spaces around numbers and times do not matter. */
export const DEFAULT_TEXT_RULES: TextRules = { nullTexts: [''], trim: true };

/** What a column makes of its cell: null, or the text that is parsed as the column's type. */
export function createCellReader({ name, type, nullable }: ParquetField, rules: TextRules): (cell: unknown) => unknown {
  const own = rules.columns !== undefined && Object.hasOwn(rules.columns, name) ? rules.columns[name] : undefined;
  const isText = type.kind === 'string' || type.kind === 'json';
  const trims = rules.trim && !isText;
  const nulls = new Set((own ?? rules).nullTexts);
  // Where null is impossible, an empty text is what the cell says.
  if (type.kind === 'string' && !nullable) nulls.delete('');
  // A set hashes every text it is asked for: longer ones than it has are not asked for.
  const longest = Math.max(-1, ...[...nulls].map((text) => text.length));
  const isNull = (text: string): boolean => text.length <= longest && nulls.has(text);
  return (cell) => {
    if (typeof cell !== 'string') return cell;
    if (isNull(cell)) return null;
    if (!trims || !mayHaveSpaces(cell)) return cell;
    const trimmed = cell.trim();
    return trimmed.length < cell.length && isNull(trimmed) ? null : trimmed;
  };
}

/** Whether a text may begin or end with what counts as a space; outside of ASCII it may. */
function mayHaveSpaces(text: string): boolean {
  const first = text.charCodeAt(0);
  const last = text.charCodeAt(text.length - 1);
  return !(first > 32 && first < 127 && last > 32 && last < 127);
}
