/**
 * A request in protobuf as a tree of its fields, in preorder, and its bytes again with some of the fields written in
 * another way. Lengths of the messages around a changed field are right again, so that the change is what is tested.
 */
import { type FieldDescriptor, MESSAGES, type MessageDescriptor, type MessageName } from '../../src/decode/messages.ts';
import { ProtobufSink } from '../../src/decode/protobuf-sink.ts';

export interface WireNode {
  readonly number: number;
  readonly wireType: number;
  /** Where the tag begins, where the value begins (behind a length), where it ends. */
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
  readonly field: FieldDescriptor | undefined;
  /** The message that the field holds, where it is one. */
  readonly message: MessageDescriptor | undefined;
  readonly parent: number;
  /** The nodes below this one are those up to here. */
  treeEnd: number;
}

export interface WireTree {
  readonly bytes: Uint8Array;
  /** Node 0 is the request itself. */
  readonly nodes: readonly WireNode[];
}

/** Writes one node in another way than it stands there. */
export type Edit = (sink: ProtobufSink, tree: WireTree, index: number) => void;

/** The bytes must be a valid request. */
export function wireTree(name: MessageName, bytes: Uint8Array): WireTree {
  const message = MESSAGES[name];
  const root: WireNode = {
    number: 0,
    wireType: 2,
    start: 0,
    valueStart: 0,
    end: bytes.length,
    field: undefined,
    message,
    parent: -1,
    treeEnd: 1,
  };
  const nodes: WireNode[] = [root];
  readFields(bytes, 0, nodes);
  return { bytes, nodes };
}

function readFields(bytes: Uint8Array, parent: number, nodes: WireNode[]): void {
  const { valueStart, end, message } = nodes[parent]!;
  let at = valueStart;
  while (at < end) {
    const start = at;
    const [tag, tagEnd] = readVarint(bytes, at);
    const wireType = tag & 7;
    const number = tag >>> 3;
    const field = message!.byNumber.get(number);
    let fieldStart = tagEnd;
    if (wireType === 0) at = readVarint(bytes, tagEnd)[1];
    else if (wireType === 1) at = tagEnd + 8;
    else if (wireType === 5) at = tagEnd + 4;
    else {
      const [length, lengthEnd] = readVarint(bytes, tagEnd);
      fieldStart = lengthEnd;
      at = lengthEnd + length;
    }
    const inner = wireType === 2 ? field?.message : undefined;
    const index = nodes.length;
    const node = { number, wireType, start, valueStart: fieldStart, end: at, field, message: inner, parent };
    nodes.push({ ...node, treeEnd: index + 1 });
    if (inner) readFields(bytes, index, nodes);
  }
  nodes[parent]!.treeEnd = nodes.length;
}

function readVarint(bytes: Uint8Array, at: number): [value: number, end: number] {
  let value = 0;
  for (let shift = 1; ; shift *= 128) {
    const byte = bytes[at++]!;
    value += (byte & 127) * shift;
    if (byte < 128) return [value, at];
  }
}

/** The request with the edits applied. */
export function writeTree(tree: WireTree, edits: ReadonlyMap<number, Edit>): Uint8Array {
  const sink = new ProtobufSink(tree.bytes.length + 256, 1 << 26);
  const writer = createWriter(sink, tree, edits);
  writer.children(0);
  return sink.finish();
}

function createWriter(sink: ProtobufSink, tree: WireTree, edits: ReadonlyMap<number, Edit>) {
  const { bytes, nodes } = tree;
  const edited = [...edits.keys()];

  function node(index: number): void {
    const edit = edits.get(index);
    if (edit) edit(sink, tree, index);
    else if (edited.some((other) => other > index && other < nodes[index]!.treeEnd)) {
      sink.tag(nodes[index]!.number * 8 + 2);
      const start = sink.beginLength();
      children(index);
      sink.endLength(start);
    } else sink.bytes(bytes, nodes[index]!.start, nodes[index]!.end);
  }

  function children(index: number): void {
    const { treeEnd } = nodes[index]!;
    for (let child = index + 1; child < treeEnd; child = nodes[child]!.treeEnd) node(child);
  }

  return { children };
}

/** The fields of a message node. */
export function childrenOf({ nodes }: WireTree, index: number): number[] {
  const children: number[] = [];
  const { treeEnd } = nodes[index]!;
  for (let child = index + 1; child < treeEnd; child = nodes[child]!.treeEnd) children.push(child);
  return children;
}
