/**
 * The columns of resource and scope, which every table has: read once for a resource or scope, then copied as codes to
 * each of its rows. Resource and scope messages of all signals are alike.
 */
import type { TableBuilder } from '../batch/builder.ts';
import { byteSource } from '../batch/bytes.ts';
import type { StringBuilder } from '../batch/columns.ts';
import type { Int32Builder } from '../batch/fixed-columns.ts';
import type { RowLimits } from '../model/layout.ts';
import { AttributeList } from './attributes.ts';
import { entityRefsText, readEntityRef } from './entity-refs.ts';
import { LETTERS } from './plain-json.ts';
import type { PlainMessage } from './protobuf-writer.ts';
import type { Refusal } from './tally.ts';
import { LEN, tagOf, VARINT, type WireReader } from './wire.ts';

const RESOURCE_ATTRIBUTES = tagOf(1, LEN);
const RESOURCE_DROPPED_ATTRIBUTES = tagOf(2, VARINT);
const RESOURCE_ENTITY_REFS = tagOf(3, LEN);
const SCOPE_NAME = tagOf(1, LEN);
const SCOPE_VERSION = tagOf(2, LEN);
const SCOPE_ATTRIBUTES = tagOf(3, LEN);
const SCOPE_DROPPED_ATTRIBUTES = tagOf(4, VARINT);

const SERVICE_NAME = byteSource(new TextEncoder().encode('service.name'));
const NO_TEXT = byteSource(new Uint8Array(0));
const STRING = LETTERS.string.charCodeAt(0);

/** Attributes and schema URL of a resource or a scope, and whether the message was there at all. */
class Owner {
  readonly attributes: AttributeList;
  present = false;
  droppedAttributes = 0;
  schemaUrlCode = -1;
  readonly #schemaUrl: StringBuilder;
  readonly #dropped: Int32Builder;

  constructor(builder: TableBuilder, prefix: 'resource' | 'scope', limits: RowLimits) {
    const map = builder.column(`${prefix}_attributes`, 'map');
    this.attributes = new AttributeList(map, builder.column(`${prefix}_attribute_types`, 'string'), limits);
    this.#schemaUrl = builder.column(`${prefix}_schema_url`, 'string');
    this.#dropped = builder.column(`${prefix}_dropped_attributes_count`, 'uint32');
  }

  begin(): void {
    this.attributes.clear();
    this.present = false;
    this.droppedAttributes = 0;
    this.schemaUrlCode = -1;
  }

  readSchemaUrl(reader: WireReader, end: number): void {
    this.schemaUrlCode = readOptionalText(this.#schemaUrl, reader, end);
  }

  appendRow(): void {
    this.#schemaUrl.push(this.schemaUrlCode);
    this.#dropped.push(this.droppedAttributes);
    if (this.present) this.attributes.appendRow();
    else this.attributes.appendNull();
  }
}

export class Context {
  readonly #resource: Owner;
  readonly #scope: Owner;
  readonly #serviceName: StringBuilder;
  readonly #scopeName: StringBuilder;
  readonly #scopeVersion: StringBuilder;
  readonly #entityRefs: StringBuilder;
  #serviceNameCode = -1;
  #scopeNameCode = -1;
  #scopeVersionCode = -1;
  #entityRefsCode = -1;
  /** Those of the current resource, which few senders have. */
  #refs: PlainMessage[] = [];

  constructor(builder: TableBuilder, limits: RowLimits) {
    this.#resource = new Owner(builder, 'resource', limits);
    this.#scope = new Owner(builder, 'scope', limits);
    this.#serviceName = builder.column('service_name', 'string');
    this.#scopeName = builder.column('scope_name', 'string');
    this.#scopeVersion = builder.column('scope_version', 'string');
    this.#entityRefs = builder.column('resource_entity_refs', 'string');
  }

  get resourceAttributes(): AttributeList {
    return this.#resource.attributes;
  }

  /** Why no row of the current resource and scope can be taken. */
  get refusal(): Refusal | undefined {
    return this.#resource.attributes.refusal ?? this.#scope.attributes.refusal;
  }

  get attributeLists(): readonly AttributeList[] {
    return [this.#resource.attributes, this.#scope.attributes];
  }

  beginResource(): void {
    this.#resource.begin();
    this.#serviceNameCode = -1;
    this.#entityRefsCode = -1;
    if (this.#refs.length > 0) this.#refs = [];
  }

  /** Reads a Resource message; a further one for the same resource is merged into it. */
  readResource(reader: WireReader, end: number): void {
    const resource = this.#resource;
    resource.present = true;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === RESOURCE_ATTRIBUTES) resource.attributes.add(reader, reader.length(end));
      else if (tag === RESOURCE_DROPPED_ATTRIBUTES) resource.droppedAttributes = reader.int32();
      else if (tag === RESOURCE_ENTITY_REFS) this.#refs.push(readEntityRef(reader, reader.length(end)));
      else reader.skip(tag, end);
    }
    reader.endMessage(end, 'Resource');
    this.#serviceNameCode = this.#findServiceName();
    if (this.#refs.length > 0) this.#entityRefsCode = this.#entityRefs.interner.internText(entityRefsText(this.#refs));
  }

  readResourceSchemaUrl(reader: WireReader, end: number): void {
    this.#resource.readSchemaUrl(reader, end);
  }

  beginScope(): void {
    this.#scope.begin();
    this.#scopeNameCode = -1;
    this.#scopeVersionCode = -1;
  }

  /** Reads an InstrumentationScope message; a further one for the same scope is merged into it. */
  readScope(reader: WireReader, end: number): void {
    const scope = this.#scope;
    scope.present = true;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === SCOPE_NAME) this.#scopeNameCode = readOptionalText(this.#scopeName, reader, end);
      else if (tag === SCOPE_VERSION) this.#scopeVersionCode = readOptionalText(this.#scopeVersion, reader, end);
      else if (tag === SCOPE_ATTRIBUTES) scope.attributes.add(reader, reader.length(end));
      else if (tag === SCOPE_DROPPED_ATTRIBUTES) scope.droppedAttributes = reader.int32();
      else reader.skip(tag, end);
    }
    reader.endMessage(end, 'InstrumentationScope');
  }

  readScopeSchemaUrl(reader: WireReader, end: number): void {
    this.#scope.readSchemaUrl(reader, end);
  }

  /** The context's columns for the next row. */
  appendRow(): void {
    this.#serviceName.push(this.#serviceNameCode);
    this.#scopeName.push(this.#scopeNameCode);
    this.#scopeVersion.push(this.#scopeVersionCode);
    this.#entityRefs.push(this.#entityRefsCode);
    this.#resource.appendRow();
    this.#scope.appendRow();
  }

  #findServiceName(): number {
    const { attributes } = this.#resource;
    const i = attributes.indexOf(attributes.codeOf(SERVICE_NAME));
    if (i < 0 || attributes.letter(i) !== STRING) return -1;
    const start = attributes.textStart(i);
    const end = attributes.textEnd(i);
    return start === end ? -1 : this.#serviceName.interner.intern(attributes.text, start, end);
  }
}

/** Reads a string field and returns its code in the column, or -1 for the empty string, which OTLP uses for "not set". */
export function readOptionalText(column: StringBuilder, reader: WireReader, end: number): number {
  const textEnd = reader.length(end);
  const start = reader.pos;
  reader.pos = textEnd;
  return start === textEnd ? -1 : column.interner.intern(reader.source, start, textEnd);
}

/** Appends a text of readOptionalText to a column that has the empty string for "not set" instead of null. */
export function pushRequiredText(column: StringBuilder, code: number): void {
  column.push(code < 0 ? column.interner.intern(NO_TEXT, 0, 0) : code);
}
