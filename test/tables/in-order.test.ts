import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { inOrder } from '../../src/tables/in-order.ts';

/** Streams of three items that note what is read, and how they end. */
function streams(notes: string[]) {
  return async function* open(name: string): AsyncGenerator<string> {
    try {
      for (let i = 1; i <= 3; i++) {
        notes.push(`${name}${i}`);
        if (name === 'x' && i === 2) throw new Error('x is damaged');
        yield `${name}${i}`;
      }
    } finally {
      notes.push(`${name} ended`);
    }
  };
}

async function turns(): Promise<void> {
  for (let i = 0; i < 50; i++) await turn();
}

test('streams are read at the same time, as far as the bounds say, and given out in order', async () => {
  const notes: string[] = [];
  const found: string[] = [];
  let ahead: string[] | undefined;
  for await (const items of inOrder('abcd', { streams: 3, items: 2 }, streams(notes))) {
    for await (const item of items) {
      await turns();
      ahead ??= notes.slice();
      found.push(item);
    }
  }
  assert.deepEqual(ahead?.sort(), ['a1', 'a2', 'a3', 'b1', 'b2', 'c1', 'c2']);
  assert.deepEqual(found, ['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'c1', 'c2', 'c3', 'd1', 'd2', 'd3']);
});

test('an error comes in its turn and ends its stream alone', async () => {
  const found: string[] = [];
  for await (const items of inOrder('axb', { streams: 3, items: 2 }, streams([]))) {
    try {
      for await (const item of items) found.push(item);
    } catch (error) {
      found.push((error as Error).message);
    }
  }
  assert.deepEqual(found, ['a1', 'a2', 'a3', 'x1', 'x is damaged', 'b1', 'b2', 'b3']);
});

test('given up, every stream that was opened is ended', async () => {
  const notes: string[] = [];
  for await (const items of inOrder('abcd', { streams: 2, items: 1 }, streams(notes))) {
    for await (const item of items) if (item === 'a1') break;
    break;
  }
  await turns();
  assert.deepEqual(notes.filter((note) => note.endsWith('ended')).sort(), ['a ended', 'b ended']);
});
