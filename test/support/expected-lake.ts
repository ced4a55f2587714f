/** What a lake must show of captured requests, as sorted texts: files of one lake are read in no promised order. */
import type { SignalName } from '../../src/model/signal.ts';
import { expectedLog, expectedPoint, expectedSpan, normalRow } from './expected-rows.ts';
import { readExpected } from './samples.ts';

type Item = Record<string, unknown>;

/** The row of a canonical item, and whether it is taken: some generated spans have no ids and are refused alone. */
const RULES: Readonly<Record<SignalName, { row(item: Item): Item; isTaken(item: Item): boolean }>> = {
  traces: {
    row: expectedSpan,
    isTaken: ({ span }) => {
      const { trace_id, span_id } = span as Record<string, string>;
      return trace_id!.length === 32 && span_id!.length === 16;
    },
  },
  logs: { row: expectedLog, isTaken: () => true },
  metrics: { row: expectedPoint, isTaken: () => true },
};

export interface ExpectedLake {
  /** How many rows of the file are taken. */
  taken(file: string): number;
  /** The rows of the files together. */
  texts(files: readonly string[]): string[];
}

export function expectedLake(signal: SignalName): ExpectedLake {
  const items = readExpected(signal);
  const { row, isTaken } = RULES[signal];
  const takenItems = (file: string) => (items.get(file) ?? []).filter(isTaken);
  return {
    taken: (file) => takenItems(file).length,
    texts: (files) => files.flatMap((file) => takenItems(file).map((item) => canonical(row(item)))).sort(),
  };
}

/** Rows in the form of `rows?format=ndjson`. */
export function rowTexts(rows: readonly Item[]): string[] {
  return rows.map((row) => canonical(normalRow(row))).sort();
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    const isObject = inner !== null && typeof inner === 'object' && !Array.isArray(inner);
    return isObject ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner;
  });
}
