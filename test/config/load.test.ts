import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadConfig, parseConfig } from '../../src/config/load.ts';
import { BridgeError } from '../../src/errors.ts';

const parse = (text: string, env = {}, overrides = {}) => parseConfig(text, 'test.toml', env, overrides);
const messageOf = (text: string, env = {}, overrides = {}): string => {
  try {
    parse(text, env, overrides);
  } catch (thrown) {
    return BridgeError.from(thrown).message;
  }
  throw new Error('accepted');
};

test('an empty file gives every default', () => {
  const cores = Math.max(1, Math.min(4, Math.floor(availableParallelism() / 2)));
  assert.deepEqual(parse(''), {
    file: 'test.toml',
    server: {
      otlpGrpc: '127.0.0.1:4317',
      otlpHttp: '127.0.0.1:4318',
      api: '127.0.0.1:4319',
      admin: undefined,
      maxRequestBytes: 67108864,
      maxConcurrentRequests: 1024,
      connections: {
        maxConnections: 4096,
        headerTimeoutMs: 20_000,
        requestTimeoutMs: 60_000,
        responseTimeoutMs: 60_000,
      },
      maxConcurrentStreams: 1024,
      grpcKeepaliveSeconds: 7200,
      grpcKeepaliveTimeoutSeconds: 20,
      grpcMaxConnectionAgeSeconds: undefined,
      grpcMaxConnectionAgeGraceSeconds: undefined,
      tracesPath: '/v1/traces',
      logsPath: '/v1/logs',
      metricsPath: '/v1/metrics',
      tls: undefined,
      auth: { ingestTokenFile: undefined, readTokenFile: undefined, adminTokenFile: undefined },
      cors: { allowedOrigins: [], allowedHeaders: [], maxAgeSeconds: 7200 },
    },
    storage: { type: 'file', path: resolve('data/lake') },
    s3: undefined,
    parquet: {
      compression: 'ZSTD',
      rowGroupSize: 100000,
      pageSize: 1048576,
      dictionaryEnabled: true,
      statisticsEnabled: true,
      bloomFilterEnabled: true,
      bloomFilterColumns: ['trace_id'],
      sortBy: ['service_name', 'timestamp'],
    },
    partitioning: [{ type: 'time', field: 'timestamp', granularity: 'hour', format: 'date=%Y-%m-%d/hour=%H' }],
    operations: {
      batchSize: 10000,
      parallelism: 4,
      readCacheBytes: 67_108_864,
      readCachePath: undefined,
      readCacheDiskBytes: 10_737_418_240,
      retryAttempts: 3,
      timeoutSeconds: 300,
      drainSeconds: 25,
      lanes: cores,
      encoders: cores,
      readers: availableParallelism() >= 4 ? 2 : 1,
    },
    journal: { path: resolve('data/journal'), sync: 'always', maxBytes: 10737418240 },
    flush: { maxAgeSeconds: 300, maxBytes: 134217728, maxRows: 1000000 },
    limits: {
      memoryBytes: 805306368 + 2 * (cores - 1) * 134217728,
      maxAttributeCount: 1024,
      maxNesting: 64,
      maxPastSeconds: undefined,
      maxFutureSeconds: undefined,
    },
    tables: {
      traces: { enabled: true, promote: [], bucket: undefined, prefix: undefined, region: undefined },
      logs: { enabled: true, promote: [], bucket: undefined, prefix: undefined, region: undefined },
      metrics: { enabled: true, promote: [], bucket: undefined, prefix: undefined, region: undefined },
    },
    cost: {
      currency: 'USD',
      putPer1000: 0.005,
      listPer1000: 0.005,
      getPer1000: 0.0004,
      transitionPer1000: 0.01,
      transferOutPerGb: 0.09,
      storage: {
        standard: 0.023,
        intelligentTiering: 0.023,
        standardIa: 0.0125,
        onezoneIa: 0.01,
        glacierIr: 0.004,
        glacier: 0.0036,
        deepArchive: 0.00099,
        expressOnezone: 0.11,
        reducedRedundancy: 0.024,
      },
      retrieval: { standardIa: 0.01, onezoneIa: 0.01, glacierIr: 0.03, glacier: 0.01, deepArchive: 0.02 },
    },
    telemetry: { logLevel: 'info', logFormat: 'json' },
  });
});

test('a bucket moves the lake to S3, with what the environment says of the region', () => {
  const { storage, s3 } = parse('[s3]\nbucket = "lake"\nprefix = "/a/b/"', { AWS_REGION: 'eu-central-1' });
  assert.equal(storage.type, 's3');
  assert.deepEqual(s3, {
    region: 'eu-central-1',
    bucket: 'lake',
    prefix: 'a/b',
    endpoint: undefined,
    forcePathStyle: false,
    createBucket: false,
    blockPublicAccess: true,
    versioning: undefined,
    lifecycle: [],
    expectedBucketOwner: undefined,
    storageClass: undefined,
    acl: undefined,
    tags: {},
    metadata: {},
    checksums: 'WHEN_SUPPORTED',
    conditionalWrites: true,
    connectTimeoutSeconds: 10,
    retryMaxDelaySeconds: 20,
    maxConnections: 42,
    credentials: { type: 'env' },
    encryption: undefined,
    multipart: { enabled: true, thresholdMb: 100, partSizeMb: 16, maxConcurrentUploads: 10, abortAfterHours: 24 },
  });
});

test('an S3 server other than AWS is asked by path, unless said otherwise', () => {
  const base = '[s3]\nbucket = "lake"\nendpoint = "http://127.0.0.1:9000"\n';
  assert.equal(parse(base).s3?.forcePathStyle, true);
  assert.equal(parse(`${base}force_path_style = false`).s3?.forcePathStyle, false);
  assert.equal(parse(base).s3?.region, 'us-east-1');
});

test('storage type file stays file beside a bucket', () => {
  const config = parse('storage = { type = "file" }\ns3 = { bucket = "lake" }');
  assert.deepEqual([config.storage.type, config.s3], ['file', undefined]);
});

test('credentials and encryption follow their keys', () => {
  const s3 = (text: string) => parse(`[s3]\nbucket = "lake"\n${text}`).s3!;
  assert.deepEqual(s3('credentials = { profile = "x" }').credentials, { type: 'profile', profile: 'x' });
  assert.deepEqual(s3('credentials = { type = "profile" }').credentials, { type: 'profile', profile: 'default' });
  const explicit = { type: 'explicit', accessKeyId: 'a', secretAccessKey: 'b', sessionToken: undefined };
  assert.deepEqual(s3('credentials = { access_key_id = "a", secret_access_key = "b" }').credentials, explicit);
  assert.deepEqual(s3('encryption = { type = "AES256" }').encryption, { type: 'AES256' });
  assert.deepEqual(s3('encryption.type = "aws:kms"').encryption, {
    type: 'aws:kms',
    kmsKeyId: undefined,
    bucketKeyEnabled: undefined,
  });
});

test('several strategies keep their order, with keys named after their fields', () => {
  const config = parse(`
    [[partitioning.by]]
    type = "value"
    field = "service_name"
    name = "service"
    [[partitioning.by]]
    type = "time"
    granularity = "day"
    [[partitioning.by]]
    type = "hash"
    field = "trace_id"
    num_partitions = 16
    [[partitioning.by]]
    type = "range"
    field = "attributes['http.response.status_code']"
    ranges = [[200, inf, "late"], [0, 200, "success"]]
    [[partitioning.by]]
    type = "value"
    field = "http.route"
  `);
  assert.deepEqual(config.partitioning, [
    { type: 'value', field: 'service_name', name: 'service' },
    { type: 'time', field: 'timestamp', granularity: 'day', format: 'date=%Y-%m-%d' },
    { type: 'hash', field: 'trace_id', name: 'trace_id_bucket', numPartitions: 16 },
    {
      type: 'range',
      field: "attributes['http.response.status_code']",
      name: 'http_response_status_code_range',
      ranges: [
        { from: 200, to: Number.POSITIVE_INFINITY, label: 'late' },
        { from: 0, to: 200, label: 'success' },
      ],
      default: 'other',
    },
    { type: 'value', field: 'http.route', name: 'http_route' },
  ]);
});

test('partitioning can be switched off', () => {
  assert.deepEqual(parse('partitioning.type = "none"').partitioning, []);
});

test('slashes around a time format are dropped', () => {
  const [strategy] = parse('partitioning.format = "/%Y-%m-%d/%H/"').partitioning;
  assert.equal(strategy?.type === 'time' && strategy.format, '%Y-%m-%d/%H');
});

test('promoted columns can be sorted by, filtered by and partitioned by', () => {
  const config = parse(`
    parquet = { sort_by = ["http_route"], bloom_filter_columns = ["http_route"] }
    partitioning = { type = "value", field = "http_route" }
    tables.traces.promote = [{ attribute = "http.route" }, { attribute = "n", type = "int64" }]
  `);
  assert.deepEqual(config.tables.traces.promote, [
    { attribute: 'http.route', type: 'string', column: 'http_route' },
    { attribute: 'n', type: 'int64', column: 'n' },
  ]);
});

test('compression levels are taken where they are what the encoder does', () => {
  assert.equal(parse('parquet = { compression = "ZSTD", compression_level = 1 }').parquet.compression, 'ZSTD');
  assert.equal(parse('parquet = { compression = "GZIP", compression_level = 6 }').parquet.compression, 'GZIP');
});

test('a budget that is given has no more threads by itself than it can feed', () => {
  const threadsOf = (toml: string) => {
    const { lanes, encoders, readers } = parse(toml).operations;
    return [lanes, encoders, readers];
  };
  for (const mib of [64, 512, 767])
    assert.deepEqual(threadsOf(`limits.memory_bytes = ${mib * 1024 * 1024}`), [1, 1, 1]);
  const most = threadsOf('');
  assert.deepEqual(threadsOf(`limits.memory_bytes = ${1536 * 1024 * 1024}`), most);
  assert.deepEqual(threadsOf('limits.memory_bytes = 536870912\noperations.lanes = 3'), [3, 1, 1]);
});

test('sizes that are not given fit into those that are', () => {
  const config = parse('limits.memory_bytes = 67108864\njournal.max_bytes = 8388608');
  assert.equal(config.server.maxRequestBytes, 8388608);
  assert.equal(config.flush.maxBytes, 4194304);
});

test('values of the environment are whole strings, parts of strings, and of the type of their key', () => {
  const config = parse(
    `
    [server]
    api = "127.0.0.1:\${PORT}"
    [flush]
    max_rows = "\${ROWS}"
    [parquet]
    dictionary_enabled = "\${NO}"
    sort_by = "\${COLUMNS}"
    [storage]
    path = "$\${HOME}"
    [[partitioning.by]]
    type = "hash"
    field = "\${FIELD}"
    num_partitions = "\${ROWS}"
    `,
    { PORT: '99', ROWS: '7', NO: 'false', COLUMNS: 'name, kind', FIELD: 'span_id' },
  );
  assert.equal(config.server.api, '127.0.0.1:99');
  assert.equal(config.flush.maxRows, 7);
  assert.equal(config.parquet.dictionaryEnabled, false);
  assert.deepEqual(config.parquet.sortBy, ['name', 'kind']);
  assert.equal(config.storage.path, resolve(`\${HOME}`));
  assert.deepEqual(config.partitioning, [{ type: 'hash', field: 'span_id', name: 'span_id_bucket', numPartitions: 7 }]);
});

test('overrides stand above the file and are checked as it is', () => {
  const config = parse('server.api = "127.0.0.1:1"', {}, { 'server.api': '127.0.0.1:0', 'flush.max_rows': '5' });
  assert.deepEqual([config.server.api, config.flush.maxRows], ['127.0.0.1:0', 5]);
  assert.match(messageOf('', {}, { 'server.apii': 'x' }), /^test.toml: server.apii is not a known key/);
});

test('the configuration is frozen throughout', () => {
  const config = parse('');
  for (const part of [config, config.server.cors.allowedOrigins, config.partitioning[0], config.tables.traces]) {
    assert.ok(Object.isFrozen(part));
  }
});

test('all problems are reported together in the order of the file', () => {
  const message = messageOf('[flush]\nmax_rows = 0\nmax_age = 5\n[server]\napi = "x"');
  assert.deepEqual(message.match(/^test.toml:\d+: \S+/gm), [
    'test.toml:2: flush.max_rows',
    'test.toml:3: flush.max_age',
    'test.toml:5: server.api',
  ]);
});

test('hundreds of problems are counted, not all shown', () => {
  const message = messageOf(Array.from({ length: 200 }, (_, i) => `key${i} = 1`).join('\n'));
  assert.match(message, /and 170 more$/);
});

test('secrets stay out of messages, wherever the mistake is', () => {
  const secret = 'hunter2-hunter2';
  const texts = [
    `[s3.credentials]\nsecret_access_key = ["${secret}"]`,
    `[s3.credentials]\nsecret_acess_key = "${secret}"`,
    `[s3]\ncredentials = { type = "x", secret_access_key = "${secret}" }`,
    `[s3]\nsecret_access_key = "${secret}"`,
    `s3.credentials.session_token = """\n${secret}\n"""\nx = 1`,
    `[s3.credentials]\nsecret_access_key = "${secret}" x`,
    `[s3.credentials]\nsecret_access_key = "${secret}`,
    `[s3]\nendpoint = "http://user:${secret}@host"`,
    `[server]\napi = "\${SECRET}"`,
    `[server]\napi = "a-\${SECRET}"`,
    `[partitioning]\ntype = "value"\nfield = "x"\nname = "\${SECRET}"`,
    `[partitioning]\nformat = "%Q\${SECRET}"`,
    `[parquet]\nsort_by = ["\${SECRET}"]`,
    `[partitioning]\ntype = "range"\nfield = "x"\nranges = [[0, 1, "${'x'.repeat(100)}\${SECRET}"], [0, 1, "\${SECRET}\${LONG}"]]`,
    `[tables.traces]\npromote = ["\${SECRET}"]`,
    `[server]\notlp_grpc = "h:1\${ONE}"\napi = "h:1\${ONE}"\n\nx = "${secret}"\n[s3.credentials]\npassword = "${secret}"`,
  ];
  for (const text of texts) {
    const message = messageOf(text, { SECRET: secret, LONG: secret.repeat(30), ONE: '1' });
    const shown = message.replaceAll('x = "hunter2-hunter2"', '');
    assert.ok(!shown.includes('hunter2'), `${text}\n${message}`);
  }
});

test('any text is accepted or refused with a config error', () => {
  const line = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom(
      '[server]',
      'api = 5',
      '[[partitioning.by]]',
      'type = "range"',
      'ranges = [[1, 2, 3]]',
      's3 = []',
      '"a.b".c = { d = [1, { e = 2 }] }',
    ),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
      try {
        parse(lines.join('\n'));
      } catch (thrown) {
        assert.ok(thrown instanceof BridgeError && thrown.code === 'config', String(thrown));
      }
    }),
  );
});

test('files are read, and a missing one is an error only where it was named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  const before = process.cwd();
  try {
    const file = join(folder, 'lake.toml');
    writeFileSync(file, '\uFEFFflush.max_rows = 3\r\njournal.sync = "interval"\r\n');
    assert.equal(loadConfig(file, {}).flush.maxRows, 3);
    writeFileSync(file, Uint8Array.of(0xff, 0xfe));
    assert.throws(() => loadConfig(file, {}), /is no UTF-8 text/);
    assert.throws(() => loadConfig(join(folder, 'none.toml'), {}), /none.toml does not exist/);
    assert.throws(() => loadConfig(folder, {}), /cannot be read \(EISDIR\)/);
    process.chdir(folder);
    assert.equal(loadConfig(undefined, {}).file, '(defaults)');
  } finally {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  }
});

test('an unset variable is told once, and not as a wrong or missing value too', () => {
  const text = `[s3]\nbucket = "\${A_B}-\${C_D}"\nregion = "eu"\n[operations]\nparallelism = "\${E_F}"\n`;
  assert.throws(
    () => parseConfig(text, 'x.toml', {}),
    (error: BridgeError) => {
      const told = [...error.message.matchAll(/^x\.toml:\d+: (.*)$/gm)].map(([, line]) => line);
      assert.deepEqual(told, [
        's3.bucket names the environment variable A_B, which is not set',
        's3.bucket names the environment variable C_D, which is not set',
        'operations.parallelism names the environment variable E_F, which is not set',
      ]);
      return true;
    },
  );
});
