import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { dayOf, daysFrom } from '../../src/digest/days.ts';
import { createMessageStore } from '../../src/store/messages.ts';
import { createPool } from '../../src/store/pool.ts';
import { rowOf } from '../support/store.ts';
import { call, startSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

const yesterday = daysFrom(dayOf(new Date()), -1);
const DAY_BEFORE = daysFrom(yesterday, -1);

/** One of the commands, as an operator runs it; answers its exit code and words. */
async function command(file: string, given: string[], env: Record<string, string>) {
  const path = fileURLToPath(new URL(`../../src/${file}`, import.meta.url));
  const options = { env: { PATH: process.env.PATH, ...env }, timeout: 120_000 };
  try {
    return { code: 0, ...(await promisify(execFile)('node', ['--import', 'tsx', path, ...given], options)) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

for (const engine of ['temporal', 'bullmq'] as const) {
  describe(`the daily digest on ${engine}`, function () {
    this.timeout(240_000);
    const queue = `digest-${engine}-${process.pid}`;
    const env = {
      PIPELINE_ENGINE: engine,
      TEMPORAL_TASK_QUEUE: queue,
      DIGEST_AT: '03:07',
      PURGE_AT: 'never',
    };
    let system: Awaited<ReturnType<typeof startSystem>>;
    let operator: Record<string, string>;
    before(async () => {
      system = await startSystem({ env });
      operator = {
        ...env,
        AUTH_SECRET: 'x'.repeat(32),
        DATABASE_URL: system.databaseUrl,
        REDIS_URL: system.services.redisUrl,
        TEMPORAL_ADDRESS: system.services.temporalAddress,
      };
    });
    after(() => system?.close());

    it('is on the schedule, runs when an operator asks, and is answered over HTTP', async () => {
      const databaseUrl = system.databaseUrl;
      const pool = createPool({ databaseUrl, size: 1, timeoutMs: 30_000, name: 'test' });
      const rows = [DAY_BEFORE, yesterday, yesterday].map((day, i) =>
        rowOf('lobby', i + 1, { submission: { timestamp: `${day}T12:00:00.000Z` } }),
      );
      await createMessageStore(pool).persist(rows);
      await until(
        'the schedule stands',
        async () => {
          const { stdout } = await command('schedule.ts', ['list'], operator);
          return /^digest {3}03:07 UTC {2}next \S+T03:07:00\.000Z {2}Counts the finished days/m.test(stdout);
        },
        60_000,
      );
      const started = await command('schedule.ts', ['run', 'digest'], operator);
      assert.deepEqual(
        [started.code, started.stdout],
        [0, 'digest is started, unless it is under way already.\n'],
      );
      const kept = async () => {
        const sql = "SELECT day::text, data ->> 'messages' AS n FROM digests ORDER BY day";
        return (await pool.query<{ day: string; n: string }>(sql)).rows;
      };
      await until('both days are counted', async () => (await kept()).length === 2, 60_000);
      assert.deepEqual(await kept(), [
        { day: DAY_BEFORE, n: '1' },
        { day: yesterday, n: '2' },
      ]);
      const { status, body } = await call(system.urls[0]!, '/v1/rooms/lobby/digest', 'ann');
      const { day, final, messages } = body as Record<string, unknown>;
      assert.deepEqual([status, day, final, messages], [200, yesterday, true, 2]);
      await pool.end();
    });

    it('can be counted anew, a day in one room or in all; tasks without a schedule say so', async () => {
      const one = await command('digest.ts', ['--day', yesterday, '--room', 'lobby'], operator);
      assert.deepEqual([one.code, one.stdout], [0, `${yesterday}  1 room counted\n`]);
      const none = await command('digest.ts', ['--day', '2020-01-01'], operator);
      assert.equal(none.stdout, '2020-01-01  0 rooms counted\n');
      assert.equal((await command('digest.ts', ['--day', '2026-02-30'], operator)).code, 2);
      const unscheduled = await command('schedule.ts', ['run', 'purge'], operator);
      assert.equal(unscheduled.code, 1);
      assert.match(unscheduled.stdout, /purge has no schedule/);
      assert.equal((await command('schedule.ts', ['run', 'lunch'], operator)).code, 2);
    });
  });
}
