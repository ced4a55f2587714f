/**
 * References to entities in a resource (opentelemetry/proto/common/v1/common.proto, EntityRef) as the text of a column:
 * the list in OTLP/JSON, `[{"type":"host","idKeys":["host.id"]}]`, and back.
 */
import { BridgeError } from '../errors.ts';
import { readText } from './any-value.ts';
import { jsonToProtobuf } from './json.ts';
import { toOtlpJson } from './json-writer.ts';
import { decode, type PlainMessage } from './protobuf-writer.ts';
import { LEN, tagOf, type WireReader } from './wire.ts';

const SCHEMA_URL = tagOf(1, LEN);
const TYPE = tagOf(2, LEN);
const ID_KEYS = tagOf(3, LEN);
const DESCRIPTION_KEYS = tagOf(4, LEN);

/** The message nests lists of strings only. */
const NESTING = { maxNesting: 0 };

/** The EntityRef from `reader.pos` to `end` as a plain object. */
export function readEntityRef(reader: WireReader, end: number): PlainMessage {
  const idKeys: string[] = [];
  const descriptionKeys: string[] = [];
  const ref: PlainMessage = { idKeys, descriptionKeys };
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag === SCHEMA_URL) ref.schemaUrl = readText(reader, end);
    else if (tag === TYPE) ref.type = readText(reader, end);
    else if (tag === ID_KEYS) idKeys.push(readText(reader, end));
    else if (tag === DESCRIPTION_KEYS) descriptionKeys.push(readText(reader, end));
    else reader.skip(tag, end);
  }
  reader.endMessage(end, 'EntityRef');
  return ref;
}

export function entityRefsText(refs: readonly PlainMessage[]): string {
  return `[${refs.map((ref) => toOtlpJson('EntityRef', ref)).join(',')}]`;
}

/** The plain objects of a column's text; none for null. Throws `corrupt`. */
export function entityRefs(text: unknown): PlainMessage[] {
  if (text == null) return [];
  try {
    const resource = jsonToProtobuf('Resource', Buffer.from(`{"entityRefs":${text}}`), NESTING);
    return (decode('Resource', resource).entityRefs ?? []) as PlainMessage[];
  } catch (cause) {
    throw new BridgeError('corrupt', 'resource_entity_refs is no list of references in OTLP/JSON', { cause });
  }
}
