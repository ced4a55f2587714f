/** What commands print: tables for people, NDJSON for programs, progress on terminals only. */
import Table from 'cli-table3';
import ora from 'ora';

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
}

export function createOutput(json: boolean): Output {
  const write = (text: string) => void process.stdout.write(`${text}\n`);
  return {
    records(records, columns) {
      if (json) for (const record of records) write(JSON.stringify(record));
      else write(formatTable(records, columns));
    },
    line: write,
  };
}

export function formatTable(records: readonly object[], columns: readonly TableColumn[]): string {
  const table = new Table({
    head: columns.map((column) => column.title ?? column.key),
    colAligns: columns.map((column) => column.align ?? 'left'),
    style: { head: [], border: [], compact: true },
  });
  for (const record of records) {
    const values = record as Record<string, unknown>;
    table.push(columns.map((column) => (column.show ?? showValue)(values[column.key])));
  }
  return table.toString();
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

export interface Progress {
  update(text: string): void;
  done(): void;
}

/** A line on standard error that changes; nothing where that is no terminal, or one that does not know its width. */
export function startProgress(text: string): Progress {
  // On a terminal of 0 columns the spinner would take its line for infinitely many, and clear them all.
  const isShown = process.stderr.isTTY === true && process.stderr.columns > 0;
  const spinner = ora({
    text,
    stream: process.stderr,
    isEnabled: isShown,
    isSilent: !isShown,
  });
  spinner.start();
  return {
    update: (next) => {
      spinner.text = next;
    },
    done: () => void spinner.stop(),
  };
}
