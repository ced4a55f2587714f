/**
 * What rows of every table have, expected for canonical items (canonical.ts): attributes, resource and scope. The rules
 * of plain-json.ts and model/columns.ts written down a second time.
 */
import type { Plain, PlainRow } from '../batch/sample-table.ts';

export type Any = Record<string, unknown>;
export type Attributes = [string, Any][];

/** The columns of resource and scope. */
export function expectedContext(item: Any): PlainRow {
  const { resource, scope } = item as Record<string, Any>;
  const resourceAttributes = resource!.set ? (resource!.attributes as Attributes) : null;
  return {
    service_name: orNull(resourceAttributes?.find(([key]) => key === 'service.name')?.[1].string),
    scope_name: orNull(scope!.name),
    scope_version: orNull(scope!.version),
    resource_schema_url: orNull(resource!.schema_url),
    scope_schema_url: orNull(scope!.schema_url),
    resource_dropped_attributes_count: resource!.dropped_attributes_count as number,
    scope_dropped_attributes_count: scope!.dropped_attributes_count as number,
    ...prefixed('resource_', resourceAttributes),
    ...prefixed('scope_', scope!.set ? (scope!.attributes as Attributes) : null),
    resource_entity_refs: expectedEntityRefs(resource!.entity_refs as Any[]),
  };
}

function expectedEntityRefs(refs: readonly Any[]): string | null {
  if (refs.length === 0) return null;
  return JSON.stringify(
    refs.map((ref) => ({
      schemaUrl: ref.schema_url || undefined,
      type: ref.type || undefined,
      idKeys: (ref.id_keys as string[]).length > 0 ? ref.id_keys : undefined,
      descriptionKeys: (ref.description_keys as string[]).length > 0 ? ref.description_keys : undefined,
    })),
  );
}

/** The bits of a uint64 as the signed number a column of int64 holds. */
export function signed(text: unknown): bigint {
  return BigInt.asIntN(64, BigInt(text as string));
}

/** Microseconds of nanoseconds; null for 0. */
export function expectedTimestamp(text: unknown): bigint | null {
  const nanos = BigInt(text as string);
  return nanos === 0n ? null : nanos / 1000n;
}

export function orNull(text: unknown): string | null {
  return (text as string | undefined) || null;
}

export function prefixed(prefix: string, attributes: Attributes | null): PlainRow {
  const first = attributes?.filter(([key], i) => attributes.findIndex(([other]) => other === key) === i);
  const entries = first?.map(([key, value]) => [key, ...expectedText(value)] as const);
  return {
    [`${prefix}attributes`]: entries?.map(([key, , text]) => [key, text] as Plain[]) ?? null,
    [`${prefix}attribute_types`]: entries?.map(([, letter]) => letter).join('') ?? null,
  };
}

export function expectedText(value: Any): [letter: string, text: string | null] {
  const [kind, content] = Object.entries(value)[0]!;
  switch (kind) {
    case 'string':
      return ['s', content as string];
    case 'bool':
      return ['b', String(content)];
    case 'int':
      return ['i', String(content)];
    case 'double':
      return ['d', expectedDouble(content as number | string)];
    case 'bytes':
      return ['y', Buffer.from(content as string, 'hex').toString('base64')];
    case 'array':
    case 'kvlist': {
      const plain = plainText(value);
      const letter = kind === 'array' ? 'a' : 'm';
      return plain === undefined ? [letter.toUpperCase(), otlpText(value)] : [letter, plain];
    }
    default:
      return ['n', null];
  }
}

function expectedDouble(value: number | string): string {
  if (typeof value === 'string') return value;
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Undefined where plain JSON would lose something. */
function plainText(value: Any): string | undefined {
  const [kind, content] = Object.entries(value)[0]!;
  switch (kind) {
    case 'string':
      return JSON.stringify(content);
    case 'double':
      return typeof content === 'string' ? undefined : expectedDouble(content as number);
    case 'bytes':
      return undefined;
    case 'array': {
      const items = (content as Any[]).map(plainText);
      return items.includes(undefined) ? undefined : `[${items.join(',')}]`;
    }
    case 'kvlist': {
      const entries = content as Attributes;
      const items = entries.map(([, item]) => plainText(item));
      if (items.includes(undefined) || new Map(entries).size < entries.length) return undefined;
      return `{${entries.map(([key], i) => `${JSON.stringify(key)}:${items[i]}`).join(',')}}`;
    }
    case 'unset':
    case 'strindex': // of profiles, unknown here
      return 'null';
    default:
      return String(content);
  }
}

function otlpText(value: Any): string {
  const [kind, content] = Object.entries(value)[0]!;
  switch (kind) {
    case 'string':
      return `{"stringValue":${JSON.stringify(content)}}`;
    case 'bool':
      return `{"boolValue":${content}}`;
    case 'int':
      return `{"intValue":"${content}"}`;
    case 'double':
      return `{"doubleValue":${typeof content === 'string' ? `"${content}"` : expectedDouble(content as number)}}`;
    case 'bytes':
      return `{"bytesValue":"${Buffer.from(content as string, 'hex').toString('base64')}"}`;
    case 'array':
      return `{"arrayValue":{"values":[${(content as Any[]).map(otlpText).join(',')}]}}`;
    case 'kvlist': {
      const entries = (content as Attributes).map(
        ([key, item]) => `{"key":${JSON.stringify(key)},"value":${otlpText(item)}}`,
      );
      return `{"kvlistValue":{"values":[${entries.join(',')}]}}`;
    }
    default:
      return '{}';
  }
}
