/**
 * What comes back of a request: the same, but for what README.md says of the lake. Of a repeated attribute the first entry
 * stays; an attribute without a value has an unset one; fields of profiles are unknown; resources and scopes of equal
 * content are one, and so are metrics of equal content in a scope; those without a row (also metrics without points) are
 * not there.
 */
import { MESSAGES, type MessageName, SERVICE_MESSAGES } from '../../src/decode/messages.ts';
import { decode, encode, type PlainMessage, type PlainValue } from '../../src/decode/protobuf-writer.ts';
import type { SignalName } from '../../src/model/signal.ts';

/** Fields of profiles. */
const NOT_STORED = new Set(['keyStrindex', 'stringValueStrindex']);
const ATTRIBUTE_LISTS = new Set(['attributes', 'filteredAttributes', 'metadata']);
const DATA_OF_METRICS = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'];

/** Lists and messages between the request and its items. */
const LEVELS = {
  traces: {
    resources: 'resourceSpans',
    scopes: 'scopeSpans',
    items: 'spans',
    resource: 'ResourceSpans',
    scope: 'ScopeSpans',
  },
  logs: {
    resources: 'resourceLogs',
    scopes: 'scopeLogs',
    items: 'logRecords',
    resource: 'ResourceLogs',
    scope: 'ScopeLogs',
  },
  metrics: {
    resources: 'resourceMetrics',
    scopes: 'scopeMetrics',
    items: 'metrics',
    resource: 'ResourceMetrics',
    scope: 'ScopeMetrics',
  },
} as const;

export function normalised(signal: SignalName, request: PlainMessage): PlainMessage {
  const { request: name } = SERVICE_MESSAGES[signal];
  return decode(name, encode(name, merged(signal, stored(name, request))));
}

function list(message: PlainMessage, name: string): PlainMessage[] {
  return (message[name] ?? []) as PlainMessage[];
}

function stored(name: MessageName, message: PlainMessage): PlainMessage {
  const kept: PlainMessage = name === 'KeyValue' ? { value: {} } : {};
  for (const field of MESSAGES[name].fields) {
    const value = message[field.jsonName];
    if (value === undefined || NOT_STORED.has(field.jsonName)) continue;
    const inside = (item: PlainValue) => (field.message ? stored(field.message.name, item as PlainMessage) : item);
    const items = field.repeated ? (value as PlainValue[]).map(inside) : inside(value);
    kept[field.jsonName] = ATTRIBUTE_LISTS.has(field.jsonName) ? firstOfEachKey(items as PlainMessage[]) : items;
  }
  return kept;
}

function firstOfEachKey(entries: PlainMessage[]): PlainMessage[] {
  const byKey = new Map<unknown, PlainMessage>();
  for (const entry of entries) if (!byKey.has(entry.key ?? '')) byKey.set(entry.key ?? '', entry);
  return [...byKey.values()];
}

function merged(signal: SignalName, request: PlainMessage): PlainMessage {
  const { resources, scopes, items, resource: resourceMessage, scope: scopeMessage } = LEVELS[signal];
  const resourceGroups = new Map<string, PlainMessage>();
  const scopeGroups = new Map<string, PlainMessage>();
  for (const { [scopes]: scopeList, ...resource } of list(request, resources)) {
    const resourceKey = keyOf(resourceMessage, resource);
    for (const { [items]: itemList, ...scope } of (scopeList ?? []) as PlainMessage[]) {
      const scopeKey = `${resourceKey}/${keyOf(scopeMessage, scope)}`;
      for (const item of withRows(signal, (itemList ?? []) as PlainMessage[])) {
        if (!resourceGroups.has(resourceKey)) resourceGroups.set(resourceKey, { ...resource, [scopes]: [] });
        if (!scopeGroups.has(scopeKey)) {
          scopeGroups.set(scopeKey, { ...scope, [items]: [] });
          list(resourceGroups.get(resourceKey)!, scopes).push(scopeGroups.get(scopeKey)!);
        }
        list(scopeGroups.get(scopeKey)!, items).push(item);
      }
    }
  }
  const groups = [...scopeGroups.values()];
  if (signal === 'metrics') for (const group of groups) group[items] = mergedMetrics(list(group, items));
  return { [resources]: [...resourceGroups.values()] };
}

function keyOf(name: MessageName, message: PlainMessage): string {
  return Buffer.from(encode(name, message)).toString('hex');
}

function dataOf(metric: PlainMessage): [name: string, data: PlainMessage] | undefined {
  const name = DATA_OF_METRICS.find((candidate) => metric[candidate] !== undefined);
  return name === undefined ? undefined : [name, metric[name] as PlainMessage];
}

function withRows(signal: SignalName, items: PlainMessage[]): PlainMessage[] {
  if (signal !== 'metrics') return items;
  return items.filter((metric) => list(dataOf(metric)?.[1] ?? {}, 'dataPoints').length > 0);
}

function mergedMetrics(metrics: readonly PlainMessage[]): PlainMessage[] {
  const byKey = new Map<string, PlainMessage[]>();
  const found: PlainMessage[] = [];
  for (const metric of metrics) {
    const [name, { dataPoints, ...data }] = dataOf(metric)!;
    const key = keyOf('Metric', { ...metric, [name]: data });
    let points = byKey.get(key);
    if (points === undefined) {
      points = [];
      byKey.set(key, points);
      found.push({ ...metric, [name]: { ...data, dataPoints: points } });
    }
    points.push(...(dataPoints as PlainMessage[]));
  }
  return found;
}
