/** Where a listener is: `host:port`, or `unix:/path` for a socket in the file system. */

export interface Address {
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
}

export interface SocketAddress {
  /** Absolute. */
  readonly path: string;
}

/** The kernel's bound on a socket's path, its ending zero included (unix(7); macOS takes 104). */
const MAX_SOCKET_PATH_BYTES = 103;

/** Undefined where the text is no address: a host is needed, the port is 0 (a free one) to 65535. */
export function parseAddress(text: string): Address | SocketAddress | undefined {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    return /^\/.*[^/]$/.test(path) && Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES ? { path } : undefined;
  }
  const match = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  return port <= 65535 ? { host: (match[1] ?? match[2])!, port } : undefined;
}
