import { Redis } from 'ioredis';
import type { Message, Tombstone } from '../../src/message.ts';
import { type RunningProcess, startProcess } from './processes.ts';
import { PATIENT, SECRET, token, UNHURRIED } from './socket.ts';
import { freeDatabase, stack } from './stack.ts';

export type HistoryPage = {
  room: string;
  epoch: string | null;
  messages: (Message | Tombstone)[];
  hasOlder: boolean;
  hasNewer: boolean;
  processedThrough: number | null;
};

/** Empties a database of Redis: what others left in an intake would keep a worker busy before it comes to this test. */
export async function emptied(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl, { commandTimeout: 30_000 });
  await redis.flushdb();
  redis.disconnect();
}

/** Gateways and a worker as processes of their own, on the run's services, an empty log and an empty database. */
export async function startSystem({
  gateways = 1,
  worker: entry = 'worker',
  env = {},
}: {
  gateways?: number;
  /** The worker's program; the real one where none is given. */
  worker?: 'worker' | URL;
  env?: Record<string, string>;
} = {}) {
  const services = await stack();
  const databaseUrl = await freeDatabase();
  const shared = {
    DATABASE_URL: databaseUrl,
    REDIS_URL: services.redisUrl,
    TEMPORAL_ADDRESS: services.temporalAddress,
    AUTH_SECRET: SECRET,
    HOST: '127.0.0.1',
    PORT: '0',
    ADMIN_PORT: '0',
    WORKER_ADMIN_PORT: '0',
    LOG_LEVEL: 'warn',
    TEMPORAL_TASK_QUEUE: `parley-${process.pid}-${Date.now()}`,
    WORKER_ID: 'test-worker',
    ...UNHURRIED,
    ...env,
  };
  await emptied(shared.REDIS_URL);
  const fronts = await Promise.all(
    Array.from({ length: gateways }, () => startProcess('gateway', { ...PATIENT, ...shared })),
  );
  let worker: RunningProcess = await startProcess(entry, shared);
  return {
    services,
    databaseUrl,
    urls: fronts.map(({ address }) => address),
    fronts,
    worker: () => worker,
    /** Kills the worker without warning and starts another one in its place. */
    async replaceWorker() {
      worker.kill('SIGKILL');
      await worker.exited;
      worker = await startProcess(entry, shared);
    },
    async endWorker() {
      worker.kill('SIGTERM');
      await worker.exited;
    },
    async startWorker(more: Record<string, string> = {}) {
      worker = await startProcess(entry, { ...shared, ...more });
    },
    async close() {
      for (const one of [worker, ...fronts]) one.kill('SIGTERM');
      await Promise.all([worker, ...fronts].map(({ exited }) => exited));
    },
  };
}

/** A call of the HTTP interface; answers status and parsed body. */
export async function call(url: string, path: string, user: string, init: RequestInit = {}) {
  const headers = {
    authorization: `Bearer ${await token(user)}`,
    'content-type': 'application/json',
    ...init.headers,
  };
  const signal = init.signal ?? AbortSignal.timeout(30_000);
  const response = await fetch(`${url}${path}`, { ...init, headers, signal });
  return { status: response.status, headers: response.headers, body: (await response.json()) as unknown };
}

/** Walks a room's whole history backwards, in pages of `limit`; oldest first. */
export async function wholeHistory(url: string, room: string, limit: number) {
  const messages: (Message | Tombstone)[] = [];
  let before: number | undefined;
  for (;;) {
    const cursor = before === undefined ? '' : `&before=${before}`;
    const { body } = await call(url, `/v1/rooms/${room}/messages?limit=${limit}${cursor}`, 'walker');
    const page = body as HistoryPage;
    messages.unshift(...page.messages);
    if (!page.hasOlder) return messages;
    before = page.messages[0]!.id;
  }
}
