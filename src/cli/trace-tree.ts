/** Spans of a trace in the order they are drawn: parents before their children, siblings by start. */

export interface TraceSpan {
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly service: string | null;
  /** Nanoseconds since the epoch; 0n where the span has no start. */
  readonly startNano: bigint;
  /** Negative where the end was before the start. */
  readonly durationNano: bigint;
  readonly isError: boolean;
}

export interface TreeLine {
  readonly span: TraceSpan;
  /** 0 for a root. */
  readonly depth: number;
  /** For each level from 1 to `depth`: whether a sibling follows below on that level. */
  readonly continues: readonly boolean[];
  /** What is wrong with its place: absent for most. */
  readonly note: 'parent missing' | 'cycle' | undefined;
  /** Begins before its parent does: the clocks of two machines differ. */
  readonly isSkewed: boolean;
}

interface Node {
  readonly span: TraceSpan;
  readonly parent: Node | undefined;
  readonly children: Node[];
}

/**
 * Every span once, whatever its parents are: one whose parent is not there becomes a root, and so does the first of
 * those that are each other's parents. Depth is bounded by nothing but the number of spans: no recursion.
 */
export function* traceTree(spans: readonly TraceSpan[]): Generator<TreeLine> {
  const nodes = linkNodes(spans);
  const drawn = new Set<Node>();
  for (const root of nodes.filter(({ parent }) => parent === undefined)) {
    yield* below(root, drawn, root.span.parentSpanId ? 'parent missing' : undefined);
  }
  for (const node of nodes) if (!drawn.has(node)) yield* below(node, drawn, 'cycle');
}

function linkNodes(spans: readonly TraceSpan[]): readonly Node[] {
  const sorted = spans.toSorted((a, b) => compare(a.startNano, b.startNano) || compare(a.spanId, b.spanId));
  // Of spans that came twice with one id, the first has the children.
  const byId = new Map<string, TraceSpan>();
  for (const span of sorted) if (!byId.has(span.spanId)) byId.set(span.spanId, span);
  const nodes = new Map<TraceSpan, { span: TraceSpan; parent: Node | undefined; children: Node[] }>();
  for (const span of sorted) nodes.set(span, { span, parent: undefined, children: [] });
  for (const node of nodes.values()) {
    const parent = byId.get(node.span.parentSpanId ?? '');
    if (parent === undefined) continue;
    node.parent = nodes.get(parent)!;
    node.parent.children.push(node);
  }
  return [...nodes.values()];
}

function* below(root: Node, drawn: Set<Node>, rootNote: TreeLine['note']): Generator<TreeLine> {
  const stack: { readonly node: Node; readonly depth: number; readonly continues: readonly boolean[] }[] = [];
  stack.push({ node: root, depth: 0, continues: [] });
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { node, depth, continues } = top;
    if (drawn.has(node)) continue;
    drawn.add(node);
    const { span, parent } = node;
    const note = depth === 0 ? rootNote : undefined;
    const isSkewed = depth > 0 && span.startNano !== 0n && span.startNano < parent!.span.startNano;
    yield { span, depth, continues, note, isSkewed };
    const children = node.children.filter((child) => !drawn.has(child));
    // The last is put on the stack first: the first is drawn next.
    for (let i = children.length - 1; i >= 0; i--) {
      stack.push({ node: children[i]!, depth: depth + 1, continues: level(continues, i < children.length - 1) });
    }
  }
}

/** Levels that are told: a chain of thousands of spans would otherwise hold as many lists of thousands. */
export const MAX_DRAWN_DEPTH = 24;

function level(continues: readonly boolean[], more: boolean): readonly boolean[] {
  return [...continues.slice(0, MAX_DRAWN_DEPTH), more];
}

function compare<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
