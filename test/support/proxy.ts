/** Ways to a service that a test can cut, reset, delay or fall silent: toxiproxy in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '../../src/stack/ports.ts';
import { findToxiproxy } from './proxy-program.ts';
import { guardian } from './stack.ts';
import { until } from './until.ts';

export type Proxies = Awaited<ReturnType<typeof startProxies>>;
export type Proxy = Awaited<ReturnType<Proxies['lead']>>;

const CALL_TIMEOUT_MS = 30_000;

/** Starts the proxy's process; `lead` makes a way through it. */
export async function startProxies() {
  const watching = await guardian();
  const program = await findToxiproxy(watching);
  const port = await freePort();
  const child = spawn(program, ['-host', '127.0.0.1', '-port', String(port)], {
    stdio: 'ignore',
    env: { PATH: process.env.PATH, LOG_LEVEL: 'fatal' },
  });
  watching.watch(child.pid, 'SIGKILL');
  const exited = once(child, 'exit').then(() => watching.forget(child.pid));

  async function call(method: string, path: string, body?: unknown): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const said = await response.text();
    if (!response.ok) throw new Error(`toxiproxy refused ${method} ${path}: ${said}`);
  }
  await until('the proxy answers', () =>
    call('GET', '/version').then(
      () => true,
      () => false,
    ),
  );

  return {
    /** A way to `target` (`host:port`), which is open. */
    async lead(name: string, target: string) {
      const address = `127.0.0.1:${await freePort()}`;
      await call('POST', '/proxies', { name, listen: address, upstream: target, enabled: true });
      const toxics = `/proxies/${name}/toxics`;
      let added: string[] = [];
      const add = async (type: string, attributes: Record<string, number>) => {
        for (const stream of ['upstream', 'downstream']) {
          await call('POST', toxics, { name: `${type}-${stream}`, type, stream, toxicity: 1, attributes });
          added.push(`${type}-${stream}`);
        }
      };
      return {
        address,
        /** Ends every connection, and refuses new ones. */
        cut: () => call('POST', `/proxies/${name}`, { enabled: false }),
        /** Every connection, old or new, is reset as soon as something is sent. */
        reset: () => add('reset_peer', { timeout: 0 }),
        /** Connections stay and are accepted, and whatever is sent disappears. */
        swallow: () => add('timeout', { timeout: 0 }),
        /** Each way takes `ms`, give or take `jitter`. */
        delay: (ms: number, jitter: number) => add('latency', { latency: ms, jitter }),
        /** Leads elsewhere from now on; the connections end. */
        turn: (to: string) => call('POST', `/proxies/${name}`, { upstream: to, enabled: true }),
        /** All as at first. What was swallowed is lost, and its connections end. */
        async mend() {
          for (const toxic of added) await call('DELETE', `${toxics}/${toxic}`);
          added = [];
          await call('POST', `/proxies/${name}`, { enabled: true });
        },
      };
    },
    async close() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
