/**
 * What teams build first: one workflow a message with three ordinary activities, or one job a message, each with
 * the same analysis as Parley's and a row of its own. No gateway and no room log stand before them, and nobody is
 * told of the outcome: what they cost is less than what they would.
 */
import { Pool } from 'pg';
import { freeDatabase, stack } from '../../support/stack.ts';
import { startChild } from '../delivery/child.ts';
import type { Design, RunningDesign } from './design.ts';
import { pidOf } from './parley.ts';

const TABLE = `CREATE TABLE naive (
  run text NOT NULL, n integer NOT NULL, content text NOT NULL, sent_at timestamptz(3) NOT NULL,
  language jsonb NOT NULL, verdict jsonb NOT NULL, sentiment jsonb NOT NULL,
  stored_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (run, n))`;

export const createNaive = (name: string, engine: 'temporal' | 'bullmq'): Design => ({
  name,
  async start(): Promise<RunningDesign> {
    const { redisUrl, temporalAddress } = await stack();
    const databaseUrl = await freeDatabase();
    const pool = new Pool({ connectionString: databaseUrl, max: 1 });
    await pool.query(TABLE);
    const child = await startChild(new URL(`./naive-${engine}-main.ts`, import.meta.url));
    await child.ask('open', { databaseUrl, redisUrl, temporalAddress });
    return {
      pids: {
        gateway: [],
        worker: [child.pid],
        engine: engine === 'temporal' ? await pidOf('Temporal') : [],
        redis: engine === 'bullmq' ? await pidOf('Redis') : [],
        postgres: await pidOf('Postgres'),
      },
      send: async (run, sending) => void (await child.ask('send', run, sending)),
      async stored(run) {
        const { rows } = await pool.query<{ rows: string; ms: number[] | null }>(
          `SELECT count(*) AS rows, percentile_cont(ARRAY[.5, .95, .99]) WITHIN GROUP
             (ORDER BY 1000 * extract(epoch FROM stored_at - sent_at)::float8) AS ms FROM naive WHERE run = $1`,
          [run],
        );
        const [p50 = Number.NaN, p95 = Number.NaN, p99 = Number.NaN] = rows[0]!.ms ?? [];
        return { rows: Number(rows[0]!.rows), batches: Number(rows[0]!.rows), p50, p95, p99 };
      },
      async close() {
        await child.ask('close');
        await child.stop();
        await pool.end();
      },
    };
  },
});
