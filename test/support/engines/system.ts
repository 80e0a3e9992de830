/** Real processes on one engine: a gateway, and workers that can be told where to die. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { openDataDir } from '../../../src/stack/data-dir.ts';
import type { Part } from '../../../src/stack/part.ts';
import { freePort } from '../../../src/stack/ports.ts';
import { embeddedRedis } from '../../../src/stack/redis.ts';
import { type RunningProcess, startProcess } from '../processes.ts';
import { PATIENT, SECRET, UNHURRIED } from '../socket.ts';
import { freeDatabase, guardian, stack } from '../stack.ts';
import type { FaultPoint } from './fault-points.ts';
import { createRuns, type Runs } from './runs.ts';

export type EngineName = 'temporal' | 'bullmq';
export type EngineSystem = Awaited<ReturnType<typeof startEngineSystem>>;
export type WorkerOptions = { fault?: FaultPoint; env?: Record<string, string> };

const WORKER = new URL('./faulty-worker.ts', import.meta.url);
let systems = 0;

/**
 * Starts a gateway and a worker on an empty log and an empty database; `env` is what both are given beside the
 * usual. BullMQ gets a Redis of its own.
 */
export async function startEngineSystem(engine: EngineName, env: Record<string, string> = {}) {
  const services = await stack();
  const databaseUrl = await freeDatabase();
  const queue = `engines-${process.pid}-${systems++}`;
  const home = engine === 'temporal' ? await temporalHome(queue) : await bullmqHome(queue);
  const redis = new Redis(services.redisUrl, { commandTimeout: 30_000, protocol: 2 });
  redis.on('error', () => undefined);
  await redis.flushall();
  const db = new pg.Pool({ connectionString: databaseUrl, max: 3, connectionTimeoutMillis: 30_000 });
  db.on('error', () => undefined);
  const shared = {
    ...home.env,
    PIPELINE_ENGINE: engine,
    TEMPORAL_TASK_QUEUE: queue,
    DATABASE_URL: databaseUrl,
    REDIS_URL: services.redisUrl,
    AUTH_SECRET: SECRET,
    ...{ HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', WORKER_ADMIN_PORT: '0' },
    LOG_LEVEL: 'warn',
    WORKER_ID: 'engine-worker',
    SHUTDOWN_MS: '3000',
    ...UNHURRIED,
    ...env,
  };
  const gateway = await startProcess('gateway', { ...PATIENT, ...shared });
  const open: RunningProcess[] = [gateway];
  let worker: RunningProcess | undefined;
  const system = {
    engine,
    url: gateway.address,
    databaseUrl,
    redisUrl: services.redisUrl,
    /** The queue's name, and the Redis that it has to itself on BullMQ. */
    queue,
    queueRedisUrl: home.env.BULLMQ_REDIS_URL,
    redis,
    db,
    /** The server behind the engine, to be stopped and started. */
    enginePart: home.part,
    postgres: services.parts.find(({ name }) => name === 'Postgres')!,
    runs: home.runs,
    worker: () => worker!,
    gateway: () => gateway,
    /** Ends the worker, if one runs, and waits for its end; answers how it ended. */
    async endWorker(signal: NodeJS.Signals = 'SIGTERM') {
      worker?.kill(signal);
      return await worker?.exited;
    },
    async startWorker({ fault, env = {} }: WorkerOptions = {}) {
      worker = await startProcess(WORKER, { ...shared, ...env, ...(fault ? { FAULT: fault } : {}) });
      open.push(worker);
      return worker;
    },
    async close() {
      for (const one of open) one.kill('SIGTERM');
      await Promise.all(open.map(({ exited }) => exited));
      await home.close();
      redis.disconnect();
      await db.end();
    },
  };
  await system.startWorker();
  return system;
}

type Home = {
  env: { BULLMQ_REDIS_URL?: string; TEMPORAL_ADDRESS?: string };
  part: Part;
  runs: Runs;
  close(): Promise<void>;
};

async function temporalHome(queue: string): Promise<Home> {
  const { temporalAddress, parts } = await stack();
  const part = parts.find(({ name }) => name === 'Temporal')!;
  const runs = await createRuns({ engine: 'temporal', address: temporalAddress, queue });
  return { env: { TEMPORAL_ADDRESS: temporalAddress }, part, runs, close: runs.close };
}

async function bullmqHome(queue: string): Promise<Home> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-bullmq-'));
  const watching = await guardian();
  watching.removeAtEnd(dataDir);
  openDataDir(dataDir);
  const { part, redisUrl } = await embeddedRedis({
    dataDir,
    port: await freePort(),
    install: 'auto',
    env: process.env,
    report: () => undefined,
    guardian: watching,
    revive: false,
    stopping: undefined,
  });
  const runs = await createRuns({ engine: 'bullmq', address: redisUrl, queue });
  return {
    env: { BULLMQ_REDIS_URL: redisUrl },
    part,
    runs,
    async close() {
      await runs.close();
      await part.stop();
    },
  };
}
