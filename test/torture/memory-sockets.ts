/** Peers that take their time: senders that never end a request, readers that never take an answer. */
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { SIGNALS } from '../../src/model/signal.ts';
import { exportPath, frame } from '../support/requests.ts';

export interface SlowPeers {
  /** Peers that were begun, and those the bridge has cut off so far. */
  readonly begun: number;
  readonly cut: number;
  close(): void;
}

const DRIBBLE_MS = 500;
const DECLARED_BYTES = 4 * 1024 * 1024;
const HTTP_KINDS = ['headers that never end', 'a body that dribbles', 'a chunked body that stops'] as const;

/** A quarter each: headers that never end, a body that dribbles, a chunked body that stops, a gRPC stream that waits. */
export function slowSenders(count: number, http: string, grpc: string): SlowPeers {
  const state = { begun: 0, cut: 0 };
  const { host, port } = hostAndPort(http);
  const quarter = Math.ceil(count / 4);
  const sockets: Socket[] = [];
  const timers: NodeJS.Timeout[] = [];
  for (let i = 0; i < 3 * quarter; i++) {
    const socket = connect(port, host);
    count1(state, socket);
    socket.resume();
    sockets.push(socket);
    const kind = HTTP_KINDS[i % 3]!;
    socket.on('connect', () => {
      socket.write(opening(kind));
      const drop = kind === 'headers that never end' ? 'X-More: 1\r\n' : 'x';
      if (kind !== 'a chunked body that stops') timers.push(setInterval(() => socket.write(drop), DRIBBLE_MS));
    });
  }
  const streamsEach = 25;
  const sessions: ClientHttp2Session[] = [];
  for (let i = 0; i < Math.ceil(quarter / streamsEach); i++) {
    const session = connectHttp2(`http://${grpc}`);
    session.on('error', () => {});
    sessions.push(session);
    for (let s = 0; s < streamsEach; s++) {
      const stream = session.request({
        ':method': 'POST',
        ':path': exportPath(SIGNALS.logs),
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      count1(state, stream);
      stream.resume();
      // Half of them send the beginning of a large message.
      if (s % 2 === 0) stream.write(frame(Buffer.alloc(DECLARED_BYTES)).subarray(0, 32 * 1024));
    }
  }
  return {
    get begun() {
      return state.begun;
    },
    get cut() {
      return state.cut;
    },
    close() {
      for (const timer of timers) clearInterval(timer);
      for (const socket of sockets) socket.destroy();
      for (const session of sessions) session.destroy();
    },
  };
}

/** Clients that ask for all rows and take nothing of the answer. */
export function stoppedReaders(count: number, api: string, path: string): SlowPeers {
  const state = { begun: 0, cut: 0 };
  const { host, port } = hostAndPort(api);
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(port, host);
    count1(state, socket);
    socket.on('connect', () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: lake\r\n\r\n`);
      socket.pause();
    });
    return socket;
  });
  return {
    get begun() {
      return state.begun;
    },
    get cut() {
      return state.cut;
    },
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Streams that are opened and reset at once (CVE-2023-44487); resolves with how many, when the bridge has had enough. */
export function rapidReset(grpc: string, count: number, untilMs: number): Promise<number> {
  return new Promise((resolve) => {
    const session = connectHttp2(`http://${grpc}`);
    let opened = 0;
    const timer = setTimeout(end, untilMs);
    function end(): void {
      clearTimeout(timer);
      session.destroy();
      resolve(opened);
    }
    function open(): void {
      for (let i = 0; i < 50 && opened < count && !session.destroyed && !session.closed; i++, opened++) {
        const stream = session.request({
          ':method': 'POST',
          ':path': exportPath(SIGNALS.logs),
          'content-type': 'application/grpc',
        });
        stream.on('error', () => {});
        stream.close(8);
      }
      if (opened >= count || session.destroyed || session.closed) end();
      else setImmediate(open);
    }
    session.on('error', () => {});
    session.on('connect', open);
    session.on('close', end);
  });
}

function opening(kind: (typeof HTTP_KINDS)[number]): string {
  const head = `POST /v1/logs HTTP/1.1\r\nHost: lake\r\nContent-Type: application/x-protobuf\r\n`;
  if (kind === 'headers that never end') return head;
  if (kind === 'a body that dribbles') return `${head}Content-Length: ${DECLARED_BYTES}\r\n\r\n`;
  const chunk = 'x'.repeat(64 * 1024);
  return `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.length.toString(16)}\r\n${chunk}\r\n`;
}

function count1(state: { begun: number; cut: number }, peer: Socket | ReturnType<ClientHttp2Session['request']>): void {
  state.begun++;
  peer.on('error', () => {});
  peer.on('close', () => void state.cut++);
}

function hostAndPort(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
