/** A real pseudo-terminal, by Python's `pty`: what a command shows on one, and what Ctrl-C typed into it does. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface TerminalRun {
  readonly code: number;
  /** What the terminal got, with its escape sequences. */
  readonly terminal: string;
  /** Of its own where standard output is a pipe; empty where it is the terminal too. */
  readonly stdout: string;
}

export interface TerminalOptions {
  /** Standard output is a pipe, only standard error is the terminal. */
  readonly pipesOutput?: boolean;
  /** Ctrl-C is typed when the terminal has shown this. */
  readonly interruptAt?: string;
  readonly env?: NodeJS.ProcessEnv;
}

const SCRIPT = `
import os, sys, json, pty, fcntl, termios, struct, subprocess, threading
pipes, interrupt, *command = json.loads(sys.argv[1])
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 120, 0, 0))
def own_terminal():
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
child = subprocess.Popen(command, stdin=slave, stderr=slave, stdout=subprocess.PIPE if pipes else slave, preexec_fn=own_terminal)
os.close(slave)
piped = bytearray()
def take():
    piped.extend(child.stdout.read())
taker = threading.Thread(target=take) if pipes else None
if taker: taker.start()
seen, typed = bytearray(), False
while True:
    try: chunk = os.read(master, 65536)
    except OSError: break
    if not chunk: break
    seen += chunk
    if interrupt and not typed and interrupt.encode() in seen:
        typed = True
        os.write(master, b'\\x03')
code = child.wait()
if taker: taker.join()
print(json.dumps({'code': code, 'terminal': seen.decode('utf8', 'replace'), 'stdout': piped.decode('utf8', 'replace')}))
`;

/** Runs a command on a terminal of 120 columns to its end. */
export async function runOnTerminal(
  command: readonly string[],
  { pipesOutput = false, interruptAt = '', env = process.env }: TerminalOptions = {},
): Promise<TerminalRun> {
  const given = JSON.stringify([pipesOutput, interruptAt, ...command]);
  const options = { env, maxBuffer: 64 * 1024 * 1024, timeout: 120_000 };
  const { stdout } = await promisify(execFile)('python3', ['-c', SCRIPT, given], options);
  return JSON.parse(stdout) as TerminalRun;
}
