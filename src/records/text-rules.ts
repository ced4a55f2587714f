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
  const emptyIsNull = nulls.has('');
  const isNull = (text: string): boolean => (text === '' ? emptyIsNull : nulls.size > 0 && nulls.has(text));
  return (cell) => {
    if (typeof cell !== 'string') return cell;
    if (isNull(cell)) return null;
    if (!trims) return cell;
    const trimmed = cell.trim();
    return trimmed.length < cell.length && isNull(trimmed) ? null : trimmed;
  };
}
