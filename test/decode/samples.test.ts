import assert from 'node:assert/strict';
import { test } from 'node:test';
import { otlpJsonToProtobuf } from '../../src/decode/json.ts';
import { SERVICE_MESSAGES } from '../../src/decode/messages.ts';
import { decode } from '../../src/decode/protobuf-writer.ts';
import { canonicalItems, expectedItems, sampleBody, sampleList } from './canonical.ts';

const expected = expectedItems();

for (const sample of sampleList()) {
  test(`the captured request ${sample.file} (${sample.encoding}) holds the items that the official decoder found`, () => {
    const body = sampleBody(sample.file);
    const { signal } = sample;
    const bytes = sample.encoding === 'json' ? otlpJsonToProtobuf(signal, body, { maxNesting: 32 }) : body;
    const items = canonicalItems(signal, decode(SERVICE_MESSAGES[signal].request, bytes));
    assert.equal(items.length, sample.items);
    assert.deepEqual(items, expected.get(sample.file) ?? []);
  });
}
