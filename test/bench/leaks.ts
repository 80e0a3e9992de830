/**
 * `npm run bench:leaks [connects]`: sockets that come and go by the tens of thousands on one gateway, half of them
 * cut without a close. Afterwards the gateway's handles, its Redis subscriptions, the leases of presence and its
 * heap are where they were. Ends with code 1 when they are not.
 */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Redis } from 'ioredis';
import WebSocket from 'ws';
import { startProcess } from '../support/processes.ts';
import { SECRET, token } from '../support/socket.ts';
import { freeDatabase, mochaGlobalTeardown, stack } from '../support/stack.ts';
import { until } from '../support/until.ts';

const ROOMS = 50;
const AT_ONCE = 100;
const WARM_UP = 2_000;
const INSPECTOR = 19_230;
const connects = Number(process.argv[2] ?? 100_000);
const say = (line = '') => process.stdout.write(`${line}\n`);

type State = { sockets: number; handles: number; heapMb: number; subscriptions: number; leases: number };

/** One socket: joins a room, and goes: by a close, or cut. */
async function visit(url: string, headers: Record<string, string>, i: number): Promise<void> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, { headers });
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', data => {
      const { type } = JSON.parse(String(data)) as { type: string };
      if (type === 'welcome')
        socket.send(JSON.stringify({ type: 'join', room: `leak-${i % ROOMS}`, recent: 0 }));
      if (type !== 'joined') return;
      if (i % 2 === 0) socket.terminate();
      else socket.close();
    });
    socket.on('close', () => resolve());
  });
}

async function crowd(url: string, count: number): Promise<void> {
  const headers = { authorization: `Bearer ${await token('visitor')}` };
  let next = 0;
  const lane = async () => {
    while (next < count) {
      next += 1;
      const own = next;
      await visit(url, headers, own);
      if (own % 10_000 === 0) say(`  ${own} connects`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

/** Has the gateway collect its garbage, so that its heap is what is held on to. */
async function collectGarbage(): Promise<void> {
  const targets = await (await fetch(`http://127.0.0.1:${INSPECTOR}/json/list`)).json();
  const [{ webSocketDebuggerUrl }] = targets as [{ webSocketDebuggerUrl: string }];
  const inspector = new WebSocket(webSocketDebuggerUrl);
  await once(inspector, 'open');
  for (const [id, method] of [
    'HeapProfiler.enable',
    'HeapProfiler.collectGarbage',
    'HeapProfiler.collectGarbage',
  ].entries()) {
    inspector.send(JSON.stringify({ id, method }));
    await once(inspector, 'message');
  }
  inspector.close();
  await once(inspector, 'close');
}

async function main() {
  const { redisUrl } = await stack();
  const many = '1000000';
  const gateway = await startProcess('gateway', {
    DATABASE_URL: await freeDatabase(),
    REDIS_URL: redisUrl,
    AUTH_SECRET: SECRET,
    PORT: '0',
    ADMIN_PORT: '19464',
    LOG_LEVEL: 'warn',
    NODE_OPTIONS: `--inspect=127.0.0.1:${INSPECTOR}`,
    CONNECTIONS_PER_USER: many,
    CONNECTIONS_PER_ADDRESS: many,
    UPGRADES_PER_SECOND: many,
    UPGRADE_BURST: many,
  });
  const redis = new Redis(redisUrl);
  const metric = async (name: string) => {
    const text = await (await fetch('http://127.0.0.1:19464/metrics')).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  };
  async function state(): Promise<State> {
    const channels = (await redis.call('PUBSUB', 'SHARDCHANNELS', '*leak-*')) as unknown[];
    const leases = await redis.keys('parley:*leak-*:here*');
    return {
      sockets: await metric('parley_connections'),
      handles: readdirSync(`/proc/${gateway.pid}/fd`).length,
      heapMb: (await metric('nodejs_heap_size_used_bytes')) / 1_048_576,
      subscriptions: channels.length,
      leases: leases.length,
    };
  }
  const quiet = async () => {
    await until('sockets are gone', async () => (await state()).sockets === 0, 30_000);
    await until('leases have ended', async () => (await state()).leases === 0, 60_000);
    await collectGarbage();
    return await state();
  };
  await crowd(gateway.address, WARM_UP);
  const before = await quiet();
  const since = Date.now();
  await crowd(gateway.address, connects);
  const seconds = (Date.now() - since) / 1_000;
  const after = await quiet();
  say(`${connects} connects in ${seconds.toFixed(0)} s, half of them cut without a close`);
  const row = (name: string, { sockets, handles, heapMb, subscriptions, leases }: State) =>
    say([name.padEnd(8), sockets, handles, heapMb.toFixed(1), subscriptions, leases].map(String).join('\t'));
  say('\tsockets\thandles\theap MB\tsubscr.\tleases');
  row('before', before);
  row('after', after);
  const leaked =
    after.handles > before.handles + 5 || after.subscriptions > 0 || after.heapMb > before.heapMb * 1.1 + 5;
  say(leaked ? 'something was left behind' : 'nothing was left behind');
  if (leaked) process.exitCode = 1;
  redis.disconnect();
  gateway.kill('SIGTERM');
  await gateway.exited;
  await mochaGlobalTeardown();
}

await main();
