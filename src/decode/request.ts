/**
 * The frame that export requests of all signals share, with the same field numbers:
 * request > resource_{spans,logs,metrics} 1 > { resource 1, scope_… 2 > { scope 1, items 2, schema_url 3 }, schema_url 3 }.
 *
 * Protobuf lets fields come in any order and lets the parts of a message be spread, so each level is walked twice:
 * first for what its rows share, then for the rows. Skipping the rows in the first walk costs a tag and a length each.
 */
import type { TableBuilder } from '../batch/builder.ts';
import type { Promotion, RowLimits } from '../model/layout.ts';
import type { AttributeList } from './attributes.ts';
import type { Context } from './context.ts';
import type { Tally } from './tally.ts';
import { LEN, tagOf, type WireReader } from './wire.ts';

const RESOURCE_ITEMS = tagOf(1, LEN);
const OWNER = tagOf(1, LEN);
const ITEMS = tagOf(2, LEN);
const SCHEMA_URL = tagOf(3, LEN);

/** Reads one span, log record or metric from `reader.pos` to `end` into rows, and accepts or refuses each in the tally. */
export type ReadItem = (reader: WireReader, end: number) => void;

export interface RowOptions {
  readonly limits: RowLimits;
  readonly promote: readonly Promotion[];
}

/** What a signal adds to the frame. */
export interface RowReader {
  readonly readItem: ReadItem;
  /** The lists it reads attributes with, for their counts. */
  readonly attributeLists: readonly AttributeList[];
  /** Called before each request, because dictionary codes live no longer. */
  beginRequest(): void;
}

export type CreateRowReader = (builder: TableBuilder, context: Context, tally: Tally, options: RowOptions) => RowReader;

export function readRequest(reader: WireReader, context: Context, readItem: ReadItem): void {
  const end = reader.bytes.length;
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag === RESOURCE_ITEMS) readResourceItems(reader, reader.length(end), context, readItem);
    else reader.skip(tag, end);
  }
  reader.endMessage(end, 'the request');
}

function readResourceItems(reader: WireReader, end: number, context: Context, readItem: ReadItem): void {
  const start = reader.pos;
  context.beginResource();
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag === OWNER) context.readResource(reader, reader.length(end));
    else if (tag === SCHEMA_URL) context.readResourceSchemaUrl(reader, end);
    else reader.skip(tag, end);
  }
  reader.endMessage(end, 'the items of a resource');
  reader.pos = start;
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag === ITEMS) readScopeItems(reader, reader.length(end), context, readItem);
    else reader.skip(tag, end);
  }
}

function readScopeItems(reader: WireReader, end: number, context: Context, readItem: ReadItem): void {
  const start = reader.pos;
  context.beginScope();
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag === OWNER) context.readScope(reader, reader.length(end));
    else if (tag === SCHEMA_URL) context.readScopeSchemaUrl(reader, end);
    else reader.skip(tag, end);
  }
  reader.endMessage(end, 'the items of a scope');
  reader.pos = start;
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag === ITEMS) readItem(reader, reader.length(end));
    else reader.skip(tag, end);
  }
}
