import assert from 'node:assert/strict';
import { SCHEDULING, type Scheduling } from '../support/scheduling.ts';
import { until } from '../support/until.ts';

const DAILY = { name: 'digest', at: { hour: 0, minute: 10 } } as const;
const WAIT_MS = 60_000;

/** Ends when the run is interrupted, as a task should. */
const untilInterrupted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('interrupted')));
  });

for (const [engine, open] of Object.entries(SCHEDULING)) {
  describe(`schedules on ${engine}`, function () {
    this.timeout(120_000);
    let scheduling: Scheduling;
    let closers: { close(): Promise<unknown> }[];
    beforeEach(async () => {
      scheduling = await open();
      closers = [];
    });
    afterEach(async () => {
      for (const closer of closers) await closer.close();
      await scheduling.schedules.keep({ name: 'digest', at: undefined });
      await scheduling.close();
    });
    type Task = Parameters<Scheduling['startWorker']>[0];
    async function startWorker(task: Task) {
      const worker = await scheduling.startWorker(task);
      closers.push(worker);
      await until('the schedule stands', async () => (await scheduling.schedules.list()).length > 0, WAIT_MS);
      return worker;
    }

    it('a task runs when it is asked for, once for two workers, and is told its time', async () => {
      const times: Date[] = [];
      const task: Task = async scheduledFor => {
        times.push(scheduledFor);
        return { digests: 1 };
      };
      await startWorker(task);
      await startWorker(task);
      const standing = await scheduling.schedules.list();
      assert.deepEqual(
        standing.map(({ name, at, paused }) => ({ name, at, paused })),
        [{ name: 'digest', at: '00:10', paused: false }],
      );
      const { next } = standing[0]!;
      assert.match(next!.toISOString(), /T00:10:00\.000Z$/);
      assert.ok(next!.getTime() - Date.now() <= 86_400_000);
      const asked = Date.now();
      assert.equal(await scheduling.schedules.run('digest'), true);
      await until('the task has run', () => times.length > 0, WAIT_MS);
      // One that both workers had taken up would have shown by the time that the next one runs.
      const again = async () => {
        if (times.length === 1) await scheduling.schedules.run('digest');
        return times.length > 1;
      };
      await until('it has run again', again, WAIT_MS);
      assert.equal(times.length, 2);
      // Now, and not the time of the schedule.
      assert.ok(Math.abs(times[0]!.getTime() - asked) < 60_000, String(times[0]));
    });

    it('a task that fails is tried again', async () => {
      let attempts = 0;
      await startWorker(async () => {
        attempts += 1;
        if (attempts < 3) throw new Error('the store is away');
        return {};
      });
      await scheduling.schedules.run('digest');
      await until('the third attempt', () => attempts === 3, WAIT_MS);
    });

    it('a task that is under way is not begun a second time', async () => {
      let begun = 0;
      let finish = () => {};
      const finished = new Promise<void>(resolve => {
        finish = resolve;
      });
      const task: Task = async () => {
        begun += 1;
        await finished;
        return {};
      };
      await startWorker(task);
      await startWorker(task);
      await scheduling.schedules.run('digest');
      await until('it is under way', () => begun === 1, WAIT_MS);
      await scheduling.schedules.run('digest');
      await scheduling.schedules.run('digest');
      finish();
      await until(
        'the next one runs',
        async () => {
          await scheduling.schedules.run('digest');
          return begun > 1;
        },
        WAIT_MS,
      );
      assert.equal(begun, 2);
    });

    it('a run whose worker is stopped goes on at another one', async () => {
      let begun = false;
      const first = await startWorker(async (_, signal) => {
        begun = true;
        return await untilInterrupted(signal);
      });
      await scheduling.schedules.run('digest');
      await until('it is under way', () => begun, WAIT_MS);
      closers = [];
      await first.close();
      let done = false;
      await startWorker(async () => {
        done = true;
        return {};
      });
      await until('the other one has done it', () => done, WAIT_MS);
    });

    it('many workers keep one schedule; another time replaces it; switched off it is gone', async () => {
      const { keep, list, run } = scheduling.schedules;
      await Promise.all(Array.from({ length: 5 }, () => keep(DAILY)));
      await keep(DAILY);
      assert.deepEqual(
        (await list()).map(({ at }) => at),
        ['00:10'],
      );
      await keep({ name: 'digest', at: { hour: 23, minute: 5 } });
      const [changed] = await list();
      assert.equal(changed?.at, '23:05');
      assert.match(changed.next!.toISOString(), /T23:05:00\.000Z$/);
      await keep({ name: 'digest', at: undefined });
      await keep({ name: 'digest', at: undefined });
      assert.deepEqual(await list(), []);
      assert.equal(await run('digest'), false);
    });
  });
}
