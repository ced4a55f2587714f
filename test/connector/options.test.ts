import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/config/load.ts';
import { ConfigError, type ConnectorOptions, HashPartitioning, ValuePartitioning } from '../../src/connector/index.ts';
import { configOfOptions } from '../../src/connector/options.ts';
import { RangePartitioning, strategiesOf, TimePartitioning } from '../../src/connector/partitionings.ts';

test('options in camelCase are the sections of the file, down to lists of tables and names of tags', () => {
  const config = configOfOptions({
    s3: {
      bucket: 'my-bucket',
      region: 'eu-central-1',
      forcePathStyle: true,
      tags: { costCentre: 'A1' },
      lifecycle: [
        { id: 'old', prefix: 'data/', transitions: [{ days: 60, storageClass: 'STANDARD_IA' }], expirationDays: 90 },
      ],
      multipart: { thresholdMb: 8, partSizeMb: 6 },
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    },
    parquet: { rowGroupSize: 5000, sortBy: ['id', 'anything'], compression: 'SNAPPY' },
    operations: { batchSize: 77, parallelism: 3 },
  });
  assert.equal(config.storage.type, 's3');
  assert.deepEqual(config.s3?.tags, { costCentre: 'A1' });
  assert.deepEqual(config.s3?.lifecycle[0]?.transitions, [{ days: 60, storageClass: 'STANDARD_IA' }]);
  assert.deepEqual([config.s3?.multipart.thresholdMb, config.s3?.credentials.type], [8, 'explicit']);
  assert.deepEqual([config.parquet.sortBy, config.parquet.compression], [['id', 'anything'], 'SNAPPY']);
  assert.deepEqual([config.operations.batchSize, config.partitioning], [77, []]);
});

test('what is wrong with options is a configuration error that names the key and shows no secret', () => {
  const cases: [object, RegExp][] = [
    [{ server: {} }, /server is no section/],
    [
      { parquet: { rowGroupSiez: 1 } },
      /parquet.row_group_siez is not a known key; did you mean parquet.row_group_size/,
    ],
    [{ parquet: { rowGroupSize: 'many' } }, /parquet.row_group_size is "many"; expected an integer/],
    [{ s3: {} }, /s3.bucket is missing/],
    [{ s3: undefined, storage: undefined }, /neither s3 nor storage/],
    [{ s3: { bucket: 'b', credentials: { secretAccessKey: 12345678 } } }, /^(?!.*12345678)/s],
    [{ partitioning: { type: 'hash', field: 'id' } }, /num_partitions is missing/],
  ];
  for (const [options, message] of cases) {
    const storage = { path: '/unused' };
    assert.throws(() => configOfOptions({ storage: 's3' in options ? {} : storage, ...options } as ConnectorOptions), {
      code: 'config',
      message,
    });
  }
});

test('partitioning is given as classes or in the words of the file, and is the same', () => {
  const toml = `[[partitioning.by]]
type = "value"
field = "service_name"
[[partitioning.by]]
type = "time"
granularity = "day"
[[partitioning.by]]
type = "hash"
field = "trace_id"
num_partitions = 16
[[partitioning.by]]
type = "range"
field = "status"
ranges = [[0, 200, "low"], [200, inf, "high"]]
default = "none"
`;
  const expected = parseConfig(toml, 'x.toml', {}, {}, { anyColumns: true }).partitioning;
  const classes = [
    new ValuePartitioning('service_name'),
    new TimePartitioning({ granularity: 'day' }),
    new HashPartitioning('trace_id', 16),
    new RangePartitioning(
      'status',
      [
        [0, 200, 'low'],
        [200, Number.POSITIVE_INFINITY, 'high'],
      ],
      { default: 'none' },
    ),
  ];
  assert.deepEqual(strategiesOf(classes), expected);
  assert.deepEqual(configOfOptions({ storage: { path: '/x' }, partitioning: classes }).partitioning, expected);
  const one = configOfOptions({
    storage: { path: '/x' },
    partitioning: { type: 'hash', field: 'trace_id', numPartitions: 16 },
  });
  assert.deepEqual(one.partitioning, [expected[2]]);
});

test('a strategy that cannot be is refused where it is made, and two of one key where they meet', () => {
  assert.throws(() => new HashPartitioning('id', 0), ConfigError);
  assert.throws(() => new TimePartitioning({ format: '%Q' }), ConfigError);
  assert.throws(
    () =>
      new RangePartitioning('n', [
        [0, 10, 'a'],
        [5, 20, 'b'],
      ]),
    /overlaps/,
  );
  assert.throws(() => strategiesOf([new ValuePartitioning('a'), new ValuePartitioning('a')]), ConfigError);
});
