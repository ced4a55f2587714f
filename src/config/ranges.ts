/** `ranges` of a range strategy: `[[0, 200, "success"], [200, inf, "error"]]`, in any order, without overlap. */
import type { Range } from '../model/layout.ts';
import { NULL_NAME } from '../partition/encode-value.ts';
import type { CheckContext } from './check.ts';
import { foundText } from './problems.ts';

const MAX_RANGES = 1000;
const MAX_LABEL_CHARS = 120;

/** Empty after a report. */
export function readRanges(raw: readonly unknown[], path: string, context: CheckContext): readonly Range[] {
  const { problems } = context;
  if (raw.length === 0 || raw.length > MAX_RANGES) {
    problems.report(path, `${path} has ${raw.length} ranges; expected 1 to ${MAX_RANGES}`);
  }
  const ranges = raw.slice(0, MAX_RANGES).map((entry, i) => readRange(entry, `${path}[${i}]`, context));
  if (ranges.includes(undefined)) return [];
  const sorted = (ranges as Range[])
    .map((range, i) => ({ ...range, at: `${path}[${i}]` }))
    .toSorted((a, b) => a.from - b.from || a.to - b.to);
  for (const [i, range] of sorted.entries()) {
    const before = sorted[i - 1];
    if (before === undefined || before.to <= range.from) continue;
    problems.report(range.at, `${range.at} ${rangeText(range)} overlaps ${before.at} ${rangeText(before)}`);
  }
  return ranges as Range[];
}

function readRange(entry: unknown, path: string, context: CheckContext): Range | undefined {
  const { problems } = context;
  const [from, to, label, ...more] = Array.isArray(entry) ? (entry as unknown[]) : [];
  const isTriple = typeof from === 'number' && typeof to === 'number' && typeof label === 'string';
  if (!isTriple || more.length > 0 || Number.isNaN(from) || Number.isNaN(to)) {
    problems.report(path, `${path} is ${foundText(entry)}; expected [from, to, "label"] with two numbers`);
    return undefined;
  }
  if (from >= to) {
    const what = `${path} ${rangeText({ from, to, label })}`;
    problems.report(path, `${what} is empty: "from" (inclusive) must be below "to" (exclusive)`);
    return undefined;
  }
  return refuseLabel(label, path, context) ? undefined : { from, to, label };
}

function rangeText({ from, to, label }: Range): string {
  const text = (bound: number) => String(bound).replace('Infinity', 'inf');
  return `[${text(from)}, ${text(to)}, ${JSON.stringify(label)}]`;
}

function refuseLabel(label: string, path: string, { problems }: CheckContext): boolean {
  const isUsable = label !== '' && label !== NULL_NAME && label.length <= MAX_LABEL_CHARS;
  const expected = `1 to ${MAX_LABEL_CHARS} characters and not the name of missing values`;
  if (!isUsable) problems.report(path, `${path} has the label ${foundText(label)}; expected ${expected}`);
  return !isUsable;
}

/** The label of values outside of all ranges must be usable, and tell them from those inside. */
export function refuseFallback(
  fallback: string,
  fallbackPath: string,
  ranges: readonly Range[],
  rangesPath: string,
  context: CheckContext,
): void {
  refuseLabel(fallback, fallbackPath, context);
  for (const [i, { label }] of ranges.entries()) {
    if (label !== fallback) continue;
    const at = `${rangesPath}[${i}]`;
    context.problems.report(at, `${at} has the label "${label}", which is that of values outside of all ranges`);
  }
}
