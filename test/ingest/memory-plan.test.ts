import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/config/load.ts';
import {
  ALWAYS_TAKEN,
  fittingRowGroupBytes,
  fittingUnpackedBytes,
  maxRequestsBytes,
  memoryPlan,
} from '../../src/ingest/memory-plan.ts';

const MIB = 1024 * 1024;

function planOf(memoryMib: number, threads = 1) {
  const toml = `[limits]\nmemory_bytes = ${memoryMib * MIB}\n[operations]\nlanes = ${threads}\nencoders = ${threads}\nreaders = ${threads}`;
  return memoryPlan(parseConfig(toml, 'test.toml'));
}

test('every budget leaves data something, and its shares never come to more than the data’s', () => {
  for (const threads of [1, 2, 4, 16]) {
    for (let mib = 16; mib <= 16384; mib *= 2) {
      const plan = planOf(mib, threads);
      assert.ok(plan.dataBytes >= Math.min(mib, 64) * MIB && plan.dataBytes <= mib * MIB);
      assert.ok(
        plan.rowBytes + threads * plan.rowGroupBytes <= Math.max(plan.dataBytes, threads * 2 * MIB + plan.rowBytes),
      );
      assert.ok(2 * threads * plan.laneBytes <= plan.rowBytes);
    }
  }
});

test('a budget is the whole process’s where it is more than the process starts with', () => {
  assert.equal(planOf(16).residentBytes, undefined);
  assert.equal(planOf(512).residentBytes, 512 * MIB);
  assert.ok(planOf(512).dataBytes < 400 * MIB);
  assert.equal(planOf(512, 16).residentBytes, undefined);
});

test('the fuller the process, the fewer requests are let in at a time, and always some', () => {
  const plan = planOf(512);
  assert.equal(maxRequestsBytes(plan, 0), plan.dataBytes);
  assert.equal(maxRequestsBytes(plan, 256 * MIB), plan.dataBytes);
  assert.equal(maxRequestsBytes(plan, 384 * MIB), plan.dataBytes / 2);
  for (const mib of [512, 600, 5000]) assert.equal(maxRequestsBytes(plan, mib * MIB), plan.dataBytes * ALWAYS_TAKEN);
  assert.equal(maxRequestsBytes(planOf(16), 5000 * MIB), planOf(16).dataBytes);
});

test('row groups are as large as planned while the process has room for their encoding, and smaller where it has not', () => {
  const plan = planOf(512);
  assert.equal(fittingRowGroupBytes(plan, 100 * MIB), plan.rowGroupBytes);
  assert.equal(fittingRowGroupBytes(plan, 412 * MIB), 12.5 * MIB);
  assert.equal(fittingRowGroupBytes(plan, 600 * MIB), 4 * MIB);
  assert.equal(fittingRowGroupBytes(planOf(16), 600 * MIB), planOf(16).rowGroupBytes);
});

test('reads leave half of what data may take, for rows that are encoded while the process is nearly full', () => {
  for (const threads of [1, 2]) {
    const { residentBytes, readsResidentBytes, dataBytes } = planOf(512, threads);
    assert.equal(readsResidentBytes, residentBytes! - dataBytes / 2);
  }
  assert.equal(planOf(16).readsResidentBytes, undefined);
});

test('a body is unpacked to what is left, of all lanes at the same time, and always to some megabytes', () => {
  const plan = planOf(1024, 2);
  assert.equal(fittingUnpackedBytes(plan, 2, 0), plan.unpackedBytes);
  assert.equal(fittingUnpackedBytes(plan, 2, 904 * MIB), 30 * MIB);
  assert.equal(fittingUnpackedBytes(plan, 2, 5000 * MIB), 8 * MIB);
  assert.equal(fittingUnpackedBytes(planOf(16), 1, 5000 * MIB), Number.POSITIVE_INFINITY);
  for (const threads of [1, 2, 4]) {
    const config = parseConfig(`[operations]\nlanes = ${threads}\nencoders = ${threads}`, 'test.toml');
    assert.ok(memoryPlan(config).unpackedBytes >= config.server.maxRequestBytes);
  }
});
