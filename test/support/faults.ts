/** Two gateways and a worker whose every way to Redis, Postgres, Temporal and the clients leads through a proxy. */
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../../src/stack/ports.ts';
import { type RunningProcess, startProcess } from './processes.ts';
import { startProxies } from './proxy.ts';
import { forgetful } from './proxy-forgetful.ts';
import { randomFrom, SEED } from './seed.ts';
import { SECRET } from './socket.ts';
import { freeDatabase, stack } from './stack.ts';

export type FaultSystem = Awaited<ReturnType<typeof startFaultSystem>>;

const GATEWAYS = 2;

/** Starts everything; `env` is what gateways and worker are given beside the usual. */
export async function startFaultSystem(env: Record<string, string> = {}) {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (let closer = closers.pop(); closer; closer = closers.pop()) await closer();
  };
  try {
    return { ...(await assemble(env, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function assemble(env: Record<string, string>, closers: (() => unknown)[]) {
  const services = await stack();
  const databaseUrl = await freeDatabase();
  const proxies = await startProxies();
  closers.push(proxies.close);
  const database = new URL(databaseUrl);
  const redisHome = new URL(services.redisUrl);
  const middlebox = await forgetful(redisHome.hostname, Number(redisHome.port));
  closers.push(middlebox.close);
  const ways = {
    redis: await proxies.lead('redis', middlebox.address),
    postgres: await proxies.lead('postgres', database.host),
    temporal: await proxies.lead('temporal', services.temporalAddress),
  };
  database.host = ways.postgres.address;
  const shared = {
    DATABASE_URL: database.href,
    REDIS_URL: `redis://${ways.redis.address}`,
    TEMPORAL_ADDRESS: ways.temporal.address,
    TEMPORAL_TASK_QUEUE: `faults-${process.pid}-${Date.now()}`,
    AUTH_SECRET: SECRET,
    HOST: '127.0.0.1',
    ADMIN_PORT: '0',
    WORKER_ADMIN_PORT: '0',
    WORKER_ID: 'fault-worker',
    LOG_LEVEL: 'warn',
    HEARTBEAT_MS: '1000',
    SEND_PER_SECOND: '100000',
    SEND_BURST: '100000',
    ...env,
  };
  const ports = await freePorts(GATEWAYS);
  const gateway = (i: number) => startProcess('gateway', { ...shared, PORT: String(ports[i]) });
  const gateways: RunningProcess[] = [];
  for (const i of ports.keys()) gateways.push(closedAtEnd(closers, await gateway(i)));
  let worker = closedAtEnd(closers, await startProcess('worker', shared));
  /** Where clients connect, one way a gateway, as a load balancer gives it. */
  const fronts = await Promise.all(ports.map((port, i) => proxies.lead(`front-${i}`, `127.0.0.1:${port}`)));

  return {
    services,
    databaseUrl,
    ways,
    middlebox,
    fronts,
    urls: fronts.map(({ address }) => `http://${address}`),
    random: randomFrom(SEED),
    gateway: (i: number) => gateways[i]!,
    worker: () => worker,
    /** Sends the clients of gateway `i` to gateway `to`, as a balancer does that found one dead. */
    divert: (i: number, to: number) => fronts[i]!.turn(`127.0.0.1:${ports[to]}`),
    async restartGateway(i: number) {
      await gateways[i]!.exited;
      gateways[i] = closedAtEnd(closers, await gateway(i));
    },
    async restartWorker() {
      await worker.exited;
      worker = closedAtEnd(closers, await startProcess('worker', shared));
    },
    /** A part of the stack by its name. */
    part(name: 'Postgres' | 'Redis' | 'Temporal') {
      return services.parts.find(part => part.name === name)!;
    },
    /** Lets a fault last: the time is the case under test, not a wait for an event. */
    last: (ms: number) => delay(ms),
  };
}

/** One that was killed and replaced has ended by then. */
function closedAtEnd(closers: (() => unknown)[], started: RunningProcess): RunningProcess {
  closers.push(async () => {
    started.kill('SIGTERM');
    started.kill('SIGCONT');
    await started.exited;
  });
  return started;
}
