/** The whole of Parley: a gateway with sockets that send, a worker, and the engine that the environment names. */
import { Pool } from 'pg';
import { freePorts } from '../../../src/stack/ports.ts';
import { openSocket } from '../../support/socket.ts';
import { stack } from '../../support/stack.ts';
import { startSystem } from '../../support/system.ts';
import { type Design, paced, type RunningDesign, type Stored, textOf } from './design.ts';

const SOCKETS = 20;
const ROOMS = 5;
/** Sends under way on one connection. */
const WINDOW = 16;
const LIFTED = {
  SEND_PER_SECOND: '1000000',
  SEND_BURST: '1000000',
  MAX_UNSTORED: '1000000',
  ROOM_LOG_ENTRIES: '100000',
};

export async function pidOf(part: string): Promise<number[]> {
  const pid = (await stack()).parts.find(({ name }) => name === part)?.pid;
  return pid === undefined ? [] : [pid];
}

export const createParley = (name: string, engine: 'temporal' | 'bullmq'): Design => ({
  name,
  async start(settings): Promise<RunningDesign> {
    const [adminPort] = await freePorts(1);
    const system = await startSystem({
      env: { ...LIFTED, ADMIN_PORT: String(adminPort), PIPELINE_ENGINE: engine, ...settings },
    });
    const pool = new Pool({ connectionString: system.databaseUrl, max: 1 });
    const sockets = await Promise.all(
      Array.from({ length: SOCKETS }, (_, i) => openSocket(system.urls[0]!, `user${i}`)),
    );
    return {
      pids: {
        gateway: system.fronts.map(({ pid }) => pid),
        worker: [system.worker().pid],
        engine: engine === 'bullmq' ? [] : await pidOf('Temporal'),
        redis: await pidOf('Redis'),
        postgres: await pidOf('Postgres'),
      },
      async send(run, sending) {
        const roomOf = (i: number) => `${run}-${i % ROOMS}`;
        const join = (i: number) => sockets[i]!.ask({ type: 'join', room: roomOf(i), recent: 0 });
        await Promise.all(sockets.map((_, i) => join(i)));
        await paced(sending, SOCKETS * WINDOW, async n => {
          const i = n % SOCKETS;
          const frame = { type: 'send', room: roomOf(i), clientId: `c${n}`, content: textOf(n) };
          const ack = await sockets[i]!.ask(frame);
          if (ack.type !== 'ack') throw new Error(`a send was answered ${JSON.stringify(ack)}`);
        });
        // What they heard is of no use, and much.
        for (const socket of sockets) socket.frames.length = 0;
      },
      stored: run => summary(pool, run),
      loopDelayMs: () => loopDelayMs(adminPort!),
      async close() {
        await Promise.all(sockets.map(socket => socket.close()));
        await pool.end();
        await system.close();
      },
    };
  },
});

/** The sampler of this metric is itself due every 10 ms, which is part of what it measures; reading begins it anew. */
async function loopDelayMs(adminPort: number): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const seconds = Number(/^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(metrics)![1]);
  return Math.max(0, seconds * 1_000 - 10);
}

async function summary(pool: Pool, run: string): Promise<Stored> {
  const { rows } = await pool.query<{ rows: string; batches: string; ms: number[] | null }>(
    `SELECT count(*) AS rows, count(DISTINCT batch) AS batches, percentile_cont(ARRAY[.5, .95, .99]) WITHIN GROUP
       (ORDER BY 1000 * extract(epoch FROM stored_at - created_at)::float8) AS ms
     FROM messages WHERE room LIKE $1`,
    [`${run}-%`],
  );
  const [p50 = Number.NaN, p95 = Number.NaN, p99 = Number.NaN] = rows[0]!.ms ?? [];
  return { rows: Number(rows[0]!.rows), batches: Number(rows[0]!.batches), p50, p95, p99 };
}
