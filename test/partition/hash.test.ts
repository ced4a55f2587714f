import assert from 'node:assert/strict';
import { test } from 'node:test';
import { murmur3 } from '../../src/model/murmur3.ts';
import { bucketOf, hashNumber, hashText } from '../../src/partition/hash.ts';
import { createPartitioner } from '../../src/partition/partition.ts';
import { batchOf, pathsOf, WIDE } from './batch-of.ts';

// https://iceberg.apache.org/spec/#appendix-b-32-bit-hash-requirements
test("hashes are those of Iceberg's published table", () => {
  assert.equal(hashNumber(34, 'int32'), 2017239379);
  assert.equal(hashNumber(34n, 'int64'), 2017239379);
  assert.equal(hashNumber(34, 'uint32'), 2017239379);
  assert.equal(hashNumber(1, 'bool'), 1392991556);
  assert.equal(hashNumber(1, 'double'), -142385009);
  assert.equal(hashNumber(0, 'double'), 1669671676);
  assert.equal(hashNumber(-0, 'double'), 1669671676);
  assert.equal(hashNumber(BigInt(Date.UTC(2017, 10, 16, 22, 31, 8)) * 1000n, 'timestamp'), -2047944441);
  assert.equal(hashNumber(BigInt(Date.UTC(2017, 10, 16, 22, 31, 8)) * 1000n + 1n, 'timestamp'), -1207196810);
  assert.equal(hashText('iceberg'), 1210000089);
  assert.equal(murmur3(Uint8Array.of(0, 1, 2, 3)), -188683207);
});

test('every NaN has the hash of the one NaN', () => {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setBigInt64(0, 0x7ff8000000000001n);
  assert.equal(hashNumber(bits.getFloat64(0), 'double'), hashNumber(Number.NaN, 'double'));
});

test('buckets are not negative and below the number of partitions', () => {
  for (const hash of [0, -1, 1, 0x7fffffff, -0x80000000]) {
    assert.ok(bucketOf(hash, 7) >= 0);
    assert.ok(bucketOf(hash, 7) < 7);
  }
  assert.equal(bucketOf(-1, 16), 15);
});

test('ids are hashed as the hex text of their column', () => {
  const id = '0af7651916cd43dd8448eb211c80319c';
  const strategies = [{ type: 'hash', field: 'trace_id', name: 'trace_id_bucket', numPartitions: 16 }] as const;
  const { paths } = createPartitioner(strategies, WIDE).assign(batchOf(WIDE, [{ trace_id: id }]));
  assert.deepEqual(paths, [`trace_id_bucket=${bucketOf(hashText(id), 16)}`]);
});

test('a missing value has the null name, the empty text a bucket', () => {
  const strategies = [{ type: 'hash', field: 'service_name', name: 'b', numPartitions: 4 }] as const;
  const assigned = createPartitioner(strategies, WIDE).assign(batchOf(WIDE, [{}, { service_name: '' }]));
  assert.deepEqual(pathsOf(assigned), ['b=__HIVE_DEFAULT_PARTITION__', 'b=0']);
});

test('trace ids spread evenly over buckets', () => {
  const counts = new Array<number>(16).fill(0);
  for (let i = 0; i < 16000; i++) counts[bucketOf(hashText((i * 2654435761).toString(16).padStart(32, '0')), 16)]!++;
  assert.ok(Math.min(...counts) > 850 && Math.max(...counts) < 1150, String(counts));
});
