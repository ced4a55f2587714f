/** Formats, encodings and trailers of streamed rows, as they are on the wire. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { tableFromIPC } from 'apache-arrow';
import { acceptedFormat } from '../../src/api/formats.ts';
import type { ReadSummary } from '../../src/model/read-summary.ts';
import { span, toParquet } from '../read/rows.ts';
import { readSamples } from '../support/samples.ts';
import { exportHttp } from '../support/send.ts';
import { sharedBridge } from '../support/shared-bridge.ts';

const sample = readSamples('traces').find(({ encoding, items }) => encoding === 'protobuf' && items > 100)!;

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** Whether the answer came to its end. */
  readonly complete: boolean;
}

/** An answer as it stands on the wire: `fetch` shows no trailers and undoes encodings. */
function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { headers, method }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', () => {}); // told by `complete`
      response.on('close', () => {
        const { statusCode = 0, headers: head, trailers, complete } = response;
        resolve({ status: statusCode, headers: head, trailers, body: Buffer.concat(parts), complete });
      });
    });
    request.on('error', reject);
    request.end();
  });
}

const summaryOf = ({ trailers }: Answer) => JSON.parse(trailers['lake-summary']!) as ReadSummary;

describe('rows on HTTP', () => {
  const bridge = sharedBridge();
  const rows = (query: Record<string, string> = {}) =>
    `${bridge.api}/api/v1/tables/traces/rows?${new URLSearchParams(query)}`;

  before(async () => {
    assert.equal((await exportHttp(bridge.otlp, sample.body)).status, 200);
  });

  const TYPES = [
    ['ndjson', 'application/x-ndjson; charset=utf-8', 'inline; filename="traces.ndjson"'],
    ['json', 'application/json', 'inline; filename="traces.json"'],
    ['csv', 'text/csv; charset=utf-8; header=present', 'attachment; filename="traces.csv"'],
    ['arrow', 'application/vnd.apache.arrow.stream', 'attachment; filename="traces.arrows"'],
    ['parquet', 'application/vnd.apache.parquet', 'attachment; filename="traces.parquet"'],
    ['otlp-json', 'application/json', 'inline; filename="traces.otlp.json"'],
  ] as const;

  for (const [format, type, disposition] of TYPES) {
    test(`${format} says what it is and which file it would make`, async () => {
      const { status, headers, complete, ...answer } = await get(rows({ format }));
      assert.deepEqual([status, complete], [200, true]);
      assert.equal(headers['content-type'], type);
      assert.equal(headers['content-disposition'], disposition);
      assert.equal(headers.trailer, 'Lake-Summary');
      assert.equal(summaryOf({ status, headers, complete, ...answer }).rows, sample.items);
    });
  }

  test('the Accept header chooses a format where the query has none', async () => {
    const typeFor = async (accept: string, query = {}) => (await get(rows(query), { accept })).headers['content-type'];
    assert.equal(await typeFor('text/csv'), TYPES[2][1]);
    assert.equal(await typeFor('application/json, text/plain, */*'), TYPES[1][1]);
    assert.equal(await typeFor('application/json;q=0.5, application/vnd.apache.arrow.stream'), TYPES[3][1]);
    assert.equal(await typeFor('text/html,*/*;q=0.8'), TYPES[0][1]);
    assert.equal(await typeFor('text/csv', { format: 'json' }), TYPES[1][1]);
    assert.equal(acceptedFormat('text/csv;q=0', 'json'), undefined);
  });

  for (const [encoding, undo] of [
    ['gzip', gunzipSync],
    ['zstd', zstdDecompressSync],
  ] as const) {
    test(`${encoding} is used where it is accepted, but not for Parquet`, async () => {
      const plain = await get(rows());
      const packed = await get(rows(), { 'accept-encoding': encoding });
      assert.equal(packed.headers['content-encoding'], encoding);
      assert.equal(packed.headers.vary, 'Accept, Accept-Encoding');
      assert.ok(undo(packed.body).equals(plain.body));
      assert.ok(packed.body.length * 3 < plain.body.length, `${packed.body.length} of ${plain.body.length} bytes`);
      assert.equal(summaryOf(packed).rows, sample.items);
      const parquet = await get(rows({ format: 'parquet' }), { 'accept-encoding': encoding });
      assert.equal(parquet.headers['content-encoding'], undefined);
    });
  }

  test('identity is answered where nothing else is accepted', async () => {
    for (const accepted of ['', 'identity', 'br', 'gzip;q=0, zstd;q=0']) {
      const { headers, body } = await get(rows({ limit: '1' }), { 'accept-encoding': accepted });
      assert.equal(headers['content-encoding'], undefined);
      assert.equal(body.toString().trimEnd().split('\n').length, 1);
    }
  });

  test('HEAD is answered without reading', async () => {
    const { status, headers, body } = await get(rows({ format: 'csv' }), {}, 'HEAD');
    assert.deepEqual([status, headers['content-type'], body.length], [200, TYPES[2][1], 0]);
    assert.equal((await get(rows({ format: 'xml' }), {}, 'HEAD')).status, 400);
  });

  test('OTLP/JSON of a whole table can be sent to a receiver as it is', async () => {
    const { body } = await get(rows({ format: 'otlp-json', limit: '20' }));
    const answer = await exportHttp(bridge.otlp, body.toString(), 'json');
    assert.deepEqual([answer.status, await answer.json()], [200, {}]);
  });

  test('select does not go with OTLP/JSON, which needs every column', async () => {
    const { status, body } = await get(rows({ format: 'otlp-json', select: 'name' }));
    assert.equal(status, 400);
    assert.match(body.toString(), /select does not go with format=otlp-json/);
  });

  test('a trace is given in any format and under its own name; one that is not there is 404 in each', async () => {
    const [first] = await bridge.rows({ limit: '1' });
    const at = (id: unknown, query: string) => `${bridge.api}/api/v1/traces/${id}?${query}`;
    const csv = await get(at(first!.trace_id, 'format=csv'));
    assert.equal(csv.headers['content-disposition'], `attachment; filename="trace-${first!.trace_id}.csv"`);
    const early = await get(at(first!.trace_id, 'to=1999-01-01'));
    assert.equal(early.status, 404);
    for (const format of ['otlp-json', 'csv', 'arrow', 'parquet', 'json', 'ndjson']) {
      const { status, body } = await get(at('f'.repeat(32), `format=${format}`), { 'accept-encoding': 'gzip' });
      assert.equal(status, 404, format);
      assert.match(body.toString(), /no span of trace f{32}/);
    }
  });

  describe('with a file that is damaged behind a good one', () => {
    const good = Array.from({ length: 3000 }, (_, i) => span(i, { status_message: `${i} `.repeat(60) }));
    const query = { partition: 'x=1' };
    before(() => {
      const folder = join(bridge.folder, 'lake/traces/x=1');
      mkdirSync(folder, { recursive: true });
      const file = toParquet(good);
      writeFileSync(join(folder, 'a.parquet'), file);
      // Its footer is whole: the damage is met when its pages are read.
      writeFileSync(join(folder, 'b.parquet'), Buffer.from(file).fill(0xaa, 4, 1000));
    });

    for (const [format] of TYPES) {
      test(`${format} breaks off visibly, compressed or not`, async () => {
        for (const encoding of ['identity', 'gzip', 'zstd']) {
          const answer = await get(rows({ ...query, format }), { 'accept-encoding': encoding });
          // What fits into few chunks fails before its head, and then has a status of its own.
          const told = answer.status === 422 && /b\.parquet/.test(answer.body.toString());
          assert.ok(told || !answer.complete, `${format} ${encoding}: ${answer.status}`);
          assert.equal(answer.trailers['lake-summary'], undefined);
        }
      });
    }

    test('fetch sees the break', async () => {
      await assert.rejects(async () => (await fetch(rows(query))).arrayBuffer());
    });

    test('a client that reads trailers is told the error there', async () => {
      const answer = await get(rows(query), { te: 'trailers' });
      assert.deepEqual([answer.status, answer.complete], [200, true]);
      assert.equal(answer.trailers['lake-summary'], undefined);
      const error = JSON.parse(answer.trailers['lake-error']!) as { code: string; message: string; hint: string };
      assert.equal(error.code, 'corrupt');
      assert.match(error.message, /b\.parquet cannot be read as Parquet/);
      assert.match(error.hint, /on_error=skip/);
    });

    test('on_error=skip gives the rest, and the trailer names what was left out', async () => {
      const answer = await get(rows({ ...query, on_error: 'skip', format: 'arrow' }));
      assert.equal(answer.complete, true);
      assert.equal(tableFromIPC(answer.body).numRows, good.length);
      const { rows: count, skippedFiles, skipped, files, bytesRead, requests, elapsedMs } = summaryOf(answer);
      assert.deepEqual([count, skippedFiles], [good.length, 1]);
      assert.equal(skipped[0]!.key, 'traces/x=1/b.parquet');
      assert.equal(skipped[0]!.code, 'corrupt');
      assert.ok(files >= 1 && bytesRead > 0 && requests > 0 && elapsedMs >= 0);
    });

    test('a limit that is met before the damage asks the store for nothing more', async () => {
      const whole = summaryOf(await get(rows({ ...query, on_error: 'skip' })));
      const answer = await get(rows({ ...query, limit: '5' }));
      assert.equal(answer.body.toString().trimEnd().split('\n').length, 5);
      assert.ok(summaryOf(answer).requests < whole.requests);
    });
  });

  test('names of skipped files are told as far as they fit into a trailer', async () => {
    const folder = join(bridge.folder, 'lake/traces/ü=1');
    mkdirSync(folder, { recursive: true });
    for (let i = 0; i < 100; i++) writeFileSync(join(folder, `${i}.parquet`), 'PAR1 and no more');
    const answer = await get(rows({ partition: 'ü=1', on_error: 'skip' }));
    const { skippedFiles, skipped } = summaryOf(answer);
    assert.equal(skippedFiles, 100);
    assert.ok(skipped.length >= 5 && skipped.length < 100);
    assert.match(skipped[0]!.key, /^traces\/ü=1\/\d+\.parquet$/);
    assert.ok(readFileSync(join(folder, '0.parquet')).length > 0);
  });
});
