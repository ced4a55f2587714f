/** A trace as text: a tree of services and names, durations, and bars on one scale of time. */
import { styleText } from 'node:util';
import { countOf } from './output.ts';
import { MAX_DRAWN_DEPTH, type TraceSpan, type TreeLine, traceTree } from './trace-tree.ts';

export interface DrawOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly colours: boolean;
}

type Colour = 'cyan' | 'green' | 'yellow' | 'blue' | 'magenta' | 'red' | 'dim' | 'bold';
type Paint = (colour: Colour, text: string) => string;

const SERVICE_COLOURS = ['cyan', 'green', 'yellow', 'blue', 'magenta'] as const;
const DURATION_WIDTH = 9;
/** Narrower terminals get no bars, and names at least so much room. */
const MIN_BAR_WIDTH = 10;
const MIN_LABEL_WIDTH = 20;

export function* drawTrace(traceId: string, spans: readonly TraceSpan[], options: DrawOptions): Generator<string> {
  const paint: Paint = options.colours
    ? (colour, text) => styleText(colour, text, { validateStream: false })
    : (_, text) => text;
  const lines = [...traceTree(spans)];
  const scale = scaleOf(spans);
  yield* headline(traceId, lines, scale, paint);
  const widest = lines.reduce((most, line) => Math.max(most, textWidth(treeOf(line) + labelOf(line))), 0);
  const room = options.width - DURATION_WIDTH - 2;
  const labelWidth = Math.max(MIN_LABEL_WIDTH, Math.min(widest, Math.floor(room * 0.6)));
  const barWidth = room - labelWidth - 2 >= MIN_BAR_WIDTH ? room - labelWidth - 2 : 0;
  for (const line of lines) {
    const bar = barWidth === 0 ? '' : `  ${paint(colourOf(line.span), barOf(line.span, scale, barWidth))}`;
    const duration = showNano(line.span.durationNano).padStart(DURATION_WIDTH);
    yield `${labelCell(line, labelWidth, paint)}  ${duration}${bar}`.trimEnd();
  }
}

interface Scale {
  readonly startNano: bigint;
  readonly endNano: bigint;
}

/** From the first start to the last end; spans without a start do not stretch it. */
function scaleOf(spans: readonly TraceSpan[]): Scale {
  let startNano = 0n;
  let endNano = 0n;
  for (const span of spans) {
    if (span.startNano === 0n) continue;
    if (startNano === 0n || span.startNano < startNano) startNano = span.startNano;
    const end = span.startNano + (span.durationNano > 0n ? span.durationNano : 0n);
    if (end > endNano) endNano = end;
  }
  return { startNano, endNano };
}

function* headline(traceId: string, lines: readonly TreeLine[], scale: Scale, paint: Paint): Generator<string> {
  const services = new Set(lines.flatMap(({ span }) => span.service ?? [])).size;
  const errors = lines.filter(({ span }) => span.isError).length;
  const facts = [countOf(lines.length, 'span'), countOf(services, 'service')];
  if (errors > 0) facts.push(paint('red', countOf(errors, 'error')));
  facts.push(showNano(scale.endNano - scale.startNano));
  const ms = Number(scale.startNano / 1_000_000n);
  if (scale.startNano !== 0n && ms <= 8.64e15) facts.push(`from ${new Date(ms).toISOString()}`);
  yield `${paint('bold', `trace ${traceId}`)}  ${facts.join(', ')}`;
  const skewed = lines.filter(({ isSkewed }) => isSkewed).length;
  if (skewed > 0) yield paint('dim', `~ ${countOf(skewed, 'span')} before the start of the parent: clocks differ`);
}

/** The lines from parents to children; deep levels are counted instead of drawn. */
function treeOf({ depth, continues }: TreeLine): string {
  if (depth === 0) return '';
  const shown = continues
    .slice(0, -1)
    .slice(0, MAX_DRAWN_DEPTH)
    .map((more) => (more ? '│ ' : '  '))
    .join('');
  const corner = continues.at(-1) ? '├─' : '└─';
  return depth > MAX_DRAWN_DEPTH ? `${shown}${corner}(${depth}) ` : `${shown}${corner} `;
}

function labelOf({ span, note, isSkewed }: TreeLine): string {
  const service = span.service === null ? '' : `${plain(span.service)} `;
  const marks = `${span.isError ? '✗ ' : ''}${isSkewed ? '~ ' : ''}`;
  return `${marks}${service}${plain(span.name)}${noteOf(span, note)}`;
}

function noteOf(span: TraceSpan, note: TreeLine['note']): string {
  if (note === 'parent missing') return ` (parent ${span.parentSpanId} missing)`;
  return note === 'cycle' ? ' (parents in a circle)' : '';
}

function labelCell(line: TreeLine, width: number, paint: Paint): string {
  const tree = cut(treeOf(line), width);
  const label = cut(labelOf(line), width - textWidth(tree));
  const padding = ' '.repeat(width - textWidth(tree) - textWidth(label));
  return paint('dim', tree) + paint(line.span.isError ? 'red' : colourOf(line.span), label) + padding;
}

function colourOf({ service, isError }: TraceSpan): Colour {
  if (isError) return 'red';
  let hash = 0;
  for (const unit of service ?? '') hash = (hash * 31 + unit.charCodeAt(0)) >>> 0;
  return SERVICE_COLOURS[hash % SERVICE_COLOURS.length]!;
}

function barOf(span: TraceSpan, { startNano, endNano }: Scale, width: number): string {
  if (span.startNano === 0n) return '';
  const total = Number(endNano - startNano) || 1;
  const from = Math.min(width - 1, Math.floor((Number(span.startNano - startNano) / total) * width));
  const length = Math.round((Math.max(0, Number(span.durationNano)) / total) * width);
  return ' '.repeat(from) + (length === 0 ? '▏' : '█'.repeat(Math.min(length, width - from)));
}

const UNITS = [
  ['ns', 1],
  ['µs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
] as const;

/** Three digits and a unit: "1.25 ms". A span that ends before it begins has none. */
export function showNano(nano: bigint): string {
  if (nano < 0n) return '?';
  const value = Number(nano);
  if (value >= 3600e9) return `${(value / 3600e9).toFixed(1)} h`;
  const [unit, size] = UNITS.findLast(([, least]) => value >= least) ?? UNITS[0];
  const amount = value / size;
  return `${unit === 'ns' || amount >= 100 ? Math.round(amount) : amount.toPrecision(3)} ${unit}`;
}

/** What a sender wrote must not steer the terminal. */
function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/g, '·');
}

const graphemes = new Intl.Segmenter();
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/u;
const ASCII = /^[\u0020-\u007e]*$/;

/** Columns a text takes: two for East Asian characters and emoji. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

function cut(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += textWidth(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return width > 0 ? `${kept}…` : '';
}
