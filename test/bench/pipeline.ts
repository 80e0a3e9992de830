/**
 * `npm run bench:pipeline`: from the send on a socket to the stored row, the whole system: a gateway, a worker and
 * the embedded services as processes of their own. The same messages go through natural batching and through one
 * workflow a message (PIPELINE_MAX_BATCH=1), one after the other in one run; the ratio is what counts, for the
 * machine is shared. CPU is that of the worker and the gateway, as the kernel counts it.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { openSocket } from '../support/socket.ts';
import { mochaGlobalTeardown, stack } from '../support/stack.ts';
import { call, type HistoryPage, startSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

const SOCKETS = 20;
const ROOMS = 5;
/** One message in flight on a connection would measure round trips; so many at once keep the intake busy. */
const WINDOW = 16;
const TICKS = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const say = (line = '') => process.stdout.write(`${line}\n`);

type Figures = {
  name: string;
  messages: number;
  acceptS: number;
  storedS: number;
  worker: number;
  gateway: number;
  temporal: number;
};

/** CPU seconds that a process has used. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

async function measure(name: string, messages: number, env: Record<string, string>): Promise<Figures> {
  const system = await startSystem({
    gateways: 1,
    env: {
      SEND_PER_SECOND: '1000000',
      SEND_BURST: '1000000',
      MAX_UNSTORED: '1000000',
      ROOM_LOG_ENTRIES: '100000',
      ...env,
    },
  });
  const temporalPid = system.services.parts.find(({ name: part }) => part === 'Temporal')!.pid!;
  const pids = { worker: system.worker().pid, gateway: system.fronts[0]!.pid, temporal: temporalPid };
  const url = system.urls[0]!;
  const rooms = Array.from({ length: ROOMS }, (_, i) => `bench-${Date.now()}-${i}`);
  const sockets = await Promise.all(Array.from({ length: SOCKETS }, (_, i) => openSocket(url, `user${i}`)));
  const roomOf = (i: number) => rooms[i % ROOMS]!;
  await Promise.all(sockets.map((socket, i) => socket.ask({ type: 'join', room: roomOf(i), recent: 0 })));
  const send = (i: number, k: number) =>
    sockets[i]!.ask({
      type: 'send',
      room: roomOf(i),
      clientId: `c${k}`,
      content: `message ${k} of ${i}: the weather is lovely and the train is late again`,
    });
  const stored = async (room: string) =>
    ((await call(url, `/v1/rooms/${room}/messages?limit=1`, 'watcher')).body as HistoryPage)
      .processedThrough ?? 0;
  // Warm: code is compiled, connections are open.
  await Promise.all(sockets.map((_, i) => send(i, -1)));
  for (const room of rooms)
    await until('the first ones are stored', async () => (await stored(room)) >= 4, 60_000);

  const before = {
    worker: cpuSeconds(pids.worker),
    gateway: cpuSeconds(pids.gateway),
    temporal: cpuSeconds(pids.temporal),
  };
  const last = new Map<string, number>();
  const since = Date.now();
  await Promise.all(
    sockets.flatMap((_, i) =>
      Array.from({ length: WINDOW }, async (_unused, lane) => {
        for (let k = lane; k < messages / SOCKETS; k += WINDOW) {
          const ack = await send(i, k);
          if (ack.type !== 'ack') throw new Error(JSON.stringify(ack));
          last.set(roomOf(i), Math.max(last.get(roomOf(i)) ?? 0, ack.id as number));
        }
      }),
    ),
  );
  const acceptS = (Date.now() - since) / 1_000;
  for (const [room, id] of last)
    await until(`${room} is stored`, async () => (await stored(room)) >= id, 600_000);
  const storedS = (Date.now() - since) / 1_000;
  const figures = {
    name,
    messages,
    acceptS,
    storedS,
    worker: cpuSeconds(pids.worker) - before.worker,
    gateway: cpuSeconds(pids.gateway) - before.gateway,
    temporal: cpuSeconds(pids.temporal) - before.temporal,
  };
  await Promise.all(sockets.map(socket => socket.close()));
  await system.close();
  return figures;
}

function line({ name, messages, acceptS, storedS, worker, gateway, temporal }: Figures): string {
  const perThousand = (seconds: number) => ((seconds / messages) * 1_000).toFixed(3).padStart(9);
  return [
    name.padEnd(28),
    String(messages).padStart(8),
    (messages / acceptS).toFixed(0).padStart(10),
    (messages / storedS).toFixed(0).padStart(10),
    perThousand(worker),
    perThousand(gateway),
    perThousand(temporal),
  ].join(' ');
}

async function main() {
  await stack();
  const batched = await measure('natural batches (500)', 20_000, {});
  // Far fewer, for it is far slower; as many starts at once as it can use.
  const single = await measure('one workflow a message', 1_000, {
    PIPELINE_MAX_BATCH: '1',
    PIPELINE_IN_FLIGHT: '100',
  });
  await mochaGlobalTeardown();
  say();
  say('                                        accepted     stored   CPU-seconds per 1,000 messages');
  say('design                       messages   /s         /s            worker   gateway  Temporal');
  for (const figures of [batched, single]) say(line(figures));
  const rate = ({ messages, storedS }: Figures) => messages / storedS;
  const cpu = ({ worker, temporal, messages }: Figures) => (worker + temporal) / messages;
  say();
  say(`natural batches store ${(rate(batched) / rate(single)).toFixed(1)} times as many messages a second,`);
  say(`for ${(cpu(single) / cpu(batched)).toFixed(1)} times less CPU of worker and Temporal a message`);
}

await main();
