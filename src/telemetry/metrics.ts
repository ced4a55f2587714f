/** The bridge's own metrics, in Prometheus form by prom-client; one set a process, kept on the main thread. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { StoreRequests, StoreTally } from './store-tally.ts';

interface Counted<L extends string> {
  readonly labels: Readonly<Record<L, string>>;
  readonly value: number;
}

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];

  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Counter({ name: `otel_lake_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `otel_lake_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });

  const labelledGauge = <L extends string>(
    name: string,
    help: string,
    label: string,
    read: () => ReadonlyMap<L, number>,
  ) =>
    new Gauge({
      name: `otel_lake_${name}`,
      help,
      labelNames: [label],
      registers,
      collect() {
        for (const [value, number] of read()) this.set({ [label]: value }, number);
      },
    });

  /** Counted elsewhere, and looked up when somebody asks. */
  const countedElsewhere = <L extends string>(name: string, help: string, labelNames: L[], read: () => Counted<L>[]) =>
    new Counter({
      name: `otel_lake_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const { labels, value } of read()) this.inc(labels, value);
      },
    });

  return {
    registry,
    addStoreTally(tally: StoreTally) {
      const byOperation = (value: (counts: StoreRequests) => number) => () =>
        tally.read().map((counts) => ({ labels: { operation: counts.operation }, value: value(counts) }));
      const operation: 'operation'[] = ['operation'];
      countedElsewhere(
        'store_requests_total',
        'Requests to S3, tries included.',
        operation,
        byOperation((c) => c.requests),
      );
      countedElsewhere(
        'store_errors_total',
        'Requests to S3 that failed.',
        operation,
        byOperation((c) => c.errors),
      );
      countedElsewhere(
        'store_sent_bytes_total',
        'Bytes of bodies sent to S3.',
        operation,
        byOperation((c) => c.sentBytes),
      );
      countedElsewhere(
        'store_received_bytes_total',
        'Bytes of bodies of S3.',
        operation,
        byOperation((c) => c.receivedBytes),
      );
      const seconds = byOperation((c) => c.milliseconds / 1000);
      countedElsewhere('store_seconds_total', 'From requests to the heads of their answers.', operation, seconds);
    },
    gauge,
    labelledGauge,
    requests: counter('requests_total', 'Export requests answered.', ['signal', 'transport', 'code']),
    requestBytes: counter('request_bytes_total', 'Bytes of export requests as received.', ['signal', 'transport']),
    requestSeconds: new Histogram({
      name: 'otel_lake_request_seconds',
      help: 'From a whole request received to its answer.',
      labelNames: ['transport'] as const,
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    receivedRows: counter('received_rows_total', 'Rows of accepted requests, refused rows included.', ['signal']),
    rejectedRows: counter('rejected_rows_total', 'Rows refused alone (partial success).', ['signal', 'reason']),
    journalledRows: counter('journalled_rows_total', 'Rows acknowledged: received and not rejected.', ['signal']),
    writtenRows: counter('written_rows_total', 'Rows in committed objects.', ['table']),
    replayedRows: counter('replayed_rows_total', 'Written rows that this run had not journalled.', ['table']),
    missingRows: counter('missing_rows_total', 'Acknowledged rows that the journal did not give back.', ['table']),
    commits: counter('commits_total', 'Commits written.'),
    commitFailures: counter('commit_failures_total', 'Tries of commits that failed, by error; they are tried again.', [
      'code',
    ]),
    commitSeconds: new Histogram({
      name: 'otel_lake_commit_seconds',
      help: 'Encoding, storing and committing one segment.',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      registers,
    }),
    objects: counter('objects_total', 'Objects written.', ['table']),
    objectBytes: counter('object_bytes_total', 'Bytes of objects written.', ['table']),
    journalFailures: counter('journal_failures_total', 'Times a lane could not write the journal any more.'),
    quarantined: counter('quarantined_total', 'Journal segments with damage, which was set aside.'),
    cutRequests: counter(
      'cut_requests_total',
      'Requests a kill of the bridge has cut short in the journal; none was acknowledged.',
    ),
    quarantinedBytes: counter('quarantined_bytes_total', 'Bytes of damaged journal data set aside.'),
    lostRequests: counter('lost_requests_total', 'Acknowledged requests known to be lost in damaged journal data.'),
    reads: counter('reads_total', 'Reads answered.', ['table', 'format', 'code']),
    readRows: counter('read_rows_total', 'Rows handed out by reads.', ['table']),
  };
}
