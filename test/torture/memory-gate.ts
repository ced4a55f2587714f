/** A way to a server that can be shut: refused at once, or taken and never answered, as a network that drops packets does. */
import { connect, createServer, type Socket } from 'node:net';

export type GateState = 'open' | 'refusing' | 'silent';

export interface Gate {
  readonly port: number;
  /** Changes how connections are treated; those there are end. */
  set(state: GateState): void;
  close(): Promise<void>;
}

export async function startGate(host: string, port: number): Promise<Gate> {
  let state: GateState = 'open';
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((inside) => {
    keep(inside);
    if (state === 'refusing') return void inside.destroy();
    if (state === 'silent') return;
    const outside = connect(port, host);
    keep(outside);
    outside.on('close', () => inside.destroy());
    inside.on('close', () => outside.destroy());
    inside.pipe(outside).pipe(inside);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    set(next) {
      state = next;
      for (const socket of sockets) socket.destroy();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
