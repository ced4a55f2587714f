/**
 * `npm run bench ingest`: rows of a signal through a whole daemon to files, with fsync, zstd and a final flush.
 *
 * CPU is that of the daemon's whole process from the first request to the last commit, divided by the rows written.
 * Options: --signal traces|logs|metrics, --transport http|grpc, --gzip, --seconds N, --rounds N, --connections N.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { SenderOptions, SenderResult } from './sender.ts';
import { describeMachine, folderBytes, median, startDaemon } from './support.ts';

const { values } = parseArgs({
  options: {
    signal: { type: 'string', default: 'traces' },
    transport: { type: 'string', default: 'http' },
    gzip: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '8' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(`npm run bench ingest -- [options]
  --signal traces|logs|metrics   what is sent (traces)
  --transport http|grpc          how (http)
  --gzip                         compressed by the sender
  --seconds N                    length of a round (20)
  --rounds N                     rounds, each with a daemon and a lake of its own (3)
  --connections N                senders at once (8)`);
  process.exit(0);
}

interface Round {
  readonly rowsPerSecond: number;
  readonly megabytesPerSecond: number;
  readonly cpuMicrosPerRow: number;
  readonly peakMiB: number;
  readonly bytesPerRow: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly refused: string;
}

function send(options: SenderOptions): Promise<SenderResult> {
  return new Promise((resolve, reject) => {
    const sender = fileURLToPath(new URL('./sender.ts', import.meta.url));
    const child = spawn(process.execPath, [sender, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    child.once('exit', (code) =>
      code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`sender ended with ${code}`)),
    );
  });
}

async function round(seconds: number): Promise<Round> {
  const daemon = await startDaemon();
  try {
    const options: SenderOptions = {
      transport: values.transport as SenderOptions['transport'],
      target: values.transport === 'grpc' ? daemon.grpc : daemon.http,
      signal: values.signal as SenderOptions['signal'],
      connections: Number(values.connections),
      seconds,
      gzip: values.gzip,
    };
    const before = daemon.cpuSeconds();
    const result = await send(options);
    const flushed = await fetch(`${daemon.api}/admin/v1/flush`, { method: 'POST' });
    if (!flushed.ok) throw new Error(`flush answered ${flushed.status}: ${await flushed.text()}`);
    const cpu = daemon.cpuSeconds() - before;
    return {
      rowsPerSecond: result.rows / result.seconds,
      megabytesPerSecond: result.bytes / 1e6 / result.seconds,
      cpuMicrosPerRow: (cpu * 1e6) / result.rows,
      peakMiB: daemon.peakBytes() / 2 ** 20,
      bytesPerRow: folderBytes(daemon.folder, '.parquet') / result.rows,
      p50Ms: result.p50Ms,
      p99Ms: result.p99Ms,
      refused:
        Object.entries(result.refused)
          .map(([status, n]) => `${n} x ${status}`)
          .join(', ') || 'none',
    };
  } finally {
    await daemon.stop();
  }
}

const { signal, transport, gzip, connections, seconds } = values;
console.log(describeMachine());
console.log(
  `${signal} over ${transport}${gzip ? ' gzip' : ''}, ${connections} connections, ${seconds} s a round, fsync, zstd`,
);
const rounds: Round[] = [];
for (let i = 0; i < Number(values.rounds); i++) {
  const figures = await round(Number(seconds));
  rounds.push(figures);
  console.log(line(`round ${i + 1}`, figures));
}
const of = (pick: (figures: Round) => number) => median(rounds.map(pick));
console.log(
  line('median', {
    rowsPerSecond: of((r) => r.rowsPerSecond),
    megabytesPerSecond: of((r) => r.megabytesPerSecond),
    cpuMicrosPerRow: of((r) => r.cpuMicrosPerRow),
    peakMiB: of((r) => r.peakMiB),
    bytesPerRow: of((r) => r.bytesPerRow),
    p50Ms: of((r) => r.p50Ms),
    p99Ms: of((r) => r.p99Ms),
    refused: rounds.map((r) => r.refused).join(' | '),
  }),
);

function line(name: string, r: Round): string {
  return (
    `${name}: ${Math.round(r.rowsPerSecond).toLocaleString('en-US')} rows/s, ${r.megabytesPerSecond.toFixed(1)} MB/s OTLP, ` +
    `${r.cpuMicrosPerRow.toFixed(2)} µs CPU a row, peak ${Math.round(r.peakMiB)} MiB, ${r.bytesPerRow.toFixed(1)} B a row in the lake, ` +
    `answers p50 ${r.p50Ms.toFixed(1)} ms p99 ${r.p99Ms.toFixed(1)} ms, refused: ${r.refused}`
  );
}
