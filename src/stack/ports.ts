import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { StackError } from './part.ts';

/** A port that is free now, on loopback. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port!;
}

/**
 * Systems give outgoing connections ports from 32768 up (Linux) or 49152 (others), so that one of those may be taken
 * by the time that it is listened on. These are not given to anybody unasked.
 */
const [LOWEST, HIGHEST] = [20_000, 32_000];
const TRIES = 20;

/** Ports that are free now, on loopback, each another one. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  try {
    // All are held until the last one is known.
    return await Promise.all(servers.map(listenAnywhere));
  } finally {
    await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  }
}

/** A port that is needed: what for, and the variable that moves it. */
export type WantedPort = { port: number; host?: string; what: string; variable: string };

/** Throws StackError with one sentence for each port that is taken, or wanted twice; port 0 always is free. */
export async function requireFree(wanted: WantedPort[]): Promise<void> {
  const sentences: string[] = [];
  const seen = new Map<number, string>();
  for (const { port, host = '127.0.0.1', what, variable } of wanted.filter(({ port }) => port !== 0)) {
    const twin = seen.get(port);
    const why = twin === undefined ? await whyNot(port, host) : `is meant for ${twin} already`;
    if (why) sentences.push(`Port ${port} for ${what} ${why}: free it, or set ${variable} to another one.`);
    seen.set(port, what);
  }
  if (sentences.length > 0) throw new StackError(sentences.join('\n'));
}

/** True when something accepts connections there. */
export function accepts(port: number, host = '127.0.0.1', timeoutMs = 1_000): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ port, host });
    const done = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket
      .setTimeout(timeoutMs, () => done(false))
      .once('connect', () => done(true))
      .once('error', () => done(false));
  });
}

async function whyNot(port: number, host: string): Promise<string | undefined> {
  const server = createServer();
  try {
    await listen(server, port, host);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used (${code})`;
  } finally {
    await new Promise(resolve => server.close(resolve));
  }
}

async function listenAnywhere(server: ReturnType<typeof createServer>): Promise<number> {
  for (let i = 0; i < TRIES; i += 1) {
    const port = randomInt(LOWEST, HIGHEST);
    const taken = await listen(server, port, '127.0.0.1').catch((error: unknown) => error);
    if (taken === port) return port;
  }
  return await listen(server, 0, '127.0.0.1');
}

function listen(server: ReturnType<typeof createServer>, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
