/** What commands print: tables for people, NDJSON for programs. */
import Table from 'cli-table3';

export interface Output {
  /** One line a record with `json`, else a table of the columns. */
  records(records: readonly object[], columns: readonly TableColumn[]): void;
  line(text: string): void;
}

export interface TableColumn {
  readonly key: string;
  readonly title?: string;
  readonly align?: 'left' | 'right';
  readonly show?: (value: unknown) => string;
  /** Its text is broken into lines where the table is wider than the terminal. */
  readonly wraps?: true;
}

/** Least width of a column that wraps: narrower ones would break single words. */
const LEAST_WRAP_COLUMNS = 14;

export function createOutput(json: boolean): Output {
  const write = (text: string) => void process.stdout.write(`${text}\n`);
  return {
    records(records, columns) {
      if (json) for (const record of records) write(JSON.stringify(record));
      else write(formatTable(records, columns, process.stdout.columns));
    },
    line: write,
  };
}

/** @param width of the terminal in columns; absent (a pipe): lines are as long as they are. */
export function formatTable(records: readonly object[], columns: readonly TableColumn[], width?: number): string {
  const head = columns.map((column) => column.title ?? column.key);
  const rows = records.map((record) => {
    const values = record as Record<string, unknown>;
    return columns.map((column) => (column.show ?? showValue)(values[column.key]));
  });
  const table = new Table({
    head,
    colAligns: columns.map((column) => column.align ?? 'left'),
    colWidths: width ? wrapWidths([head, ...rows], columns, width) : [],
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  });
  // A word longer than its column would be cut short; such a cell is broken anywhere.
  const widths = table.options.colWidths;
  const fits = (text: string, i: number) => text.split(' ').every((word) => word.length + 2 <= (widths[i] ?? Infinity));
  for (const row of rows) table.push(row.map((content, i) => ({ content, wrapOnWordBoundary: fits(content, i) })));
  return table.toString();
}

/** Widths, padding included, of the columns that wrap: equal shares of what the others leave; null for those others. */
function wrapWidths(
  rows: readonly (readonly string[])[],
  columns: readonly TableColumn[],
  width: number,
): (number | null)[] {
  const natural = columns.map((_, i) => rows.reduce((most, row) => Math.max(most, row[i]!.length), 0) + 2);
  const whole = natural.reduce((sum, n) => sum + n + 1, 1);
  if (whole <= width) return [];
  const wrapping = natural.filter((_, i) => columns[i]!.wraps);
  const left = width - whole + wrapping.reduce((sum, n) => sum + n, 0);
  const share = Math.max(LEAST_WRAP_COLUMNS, Math.floor(left / Math.max(1, wrapping.length)));
  return natural.map((n, i) => (columns[i]!.wraps ? Math.min(n, share) : null));
}

export function showValue(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** 1234567 as "1,234,567"; an unknown count as "?". */
export function showCount(value: unknown): string {
  return typeof value === 'number' ? value.toLocaleString('en-US') : '?';
}

/** "1 row", "1,234 rows". */
export function countOf(n: number, noun: string): string {
  return `${showCount(n)} ${noun}${n === 1 ? '' : 's'}`;
}

/** Bytes with a binary unit: "1.5 MiB". */
export function showBytes(value: unknown): string {
  let amount = Number(value);
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (amount < 1024) return `${unit === 'B' ? amount : amount.toFixed(1)} ${unit}`;
    amount /= 1024;
  }
  return `${amount.toFixed(1)} TiB`;
}
