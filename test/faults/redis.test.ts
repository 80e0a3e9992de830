import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FaultSystem, startFaultSystem } from '../support/faults.ts';
import { appendOnlyFolder, type Waiting, waitingInIntake } from '../support/intake.ts';
import { type LedgerRoom, runLedger } from '../support/ledger.ts';
import { until } from '../support/until.ts';

/** Chat goes on within this of Redis answering. */
const GOES_ON_MS = 5_000;

describe('faults: Redis', function () {
  this.timeout(300_000);
  let system: FaultSystem;
  before(async () => {
    system = await startFaultSystem();
  });
  after(() => system?.close());

  for (const seconds of [1, 5, 30]) {
    it(`cut for ${seconds} s`, async () => {
      await runLedger(system, `Redis cut for ${seconds} s`, {
        goesOnWithinMs: GOES_ON_MS,
        async fault() {
          await system.ways.redis.cut();
          await system.last(seconds * 1_000);
          await system.ways.redis.mend();
        },
      });
    });
  }

  it('connections reset and slow', async () => {
    await runLedger(system, 'Redis reset and slow', {
      goesOnWithinMs: GOES_ON_MS,
      async fault() {
        await system.ways.redis.reset();
        await system.last(1_000 + 1_000 * system.random());
        await system.ways.redis.mend();
        await system.ways.redis.delay(100, 50);
        await system.last(2_000);
        await system.ways.redis.mend();
      },
    });
  });

  it('a black hole: connections stay, nothing comes back', async () => {
    await runLedger(system, 'Redis black hole', {
      goesOnWithinMs: GOES_ON_MS,
      async fault() {
        await system.ways.redis.swallow();
        await system.last(4_000 + 2_000 * system.random());
        await system.ways.redis.mend();
      },
    });
  });

  it('connections that the network forgot are made anew, those of subscribers and readers too', async () => {
    await runLedger(system, 'Redis connections forgotten', {
      goesOnWithinMs: 2 * GOES_ON_MS,
      async fault() {
        assert.ok(system.middlebox.forget() >= 6, 'two of each process');
      },
    });
    await until('all old connections are given up', () => system.middlebox.forgotten() === 0, 10_000);
  });

  it('SIGKILL and restart', async () => {
    await runLedger(system, 'Redis SIGKILL', {
      goesOnWithinMs: GOES_ON_MS,
      async fault() {
        await system.part('Redis').stop('SIGKILL');
        await system.last(500 + 1_000 * system.random());
        await system.part('Redis').start();
      },
    });
  });

  it('frozen', async () => {
    await runLedger(system, 'Redis SIGSTOP', {
      goesOnWithinMs: GOES_ON_MS,
      async fault() {
        const pid = system.part('Redis').pid!;
        process.kill(pid, 'SIGSTOP');
        await system.last(3_000 + 2_000 * system.random());
        process.kill(pid, 'SIGCONT');
      },
    });
  });

  it('wiped: a new epoch above every id; what no engine had taken is lost, and nothing else', async () => {
    let waiting: Waiting = new Map();
    const { resets } = await runLedger(system, 'Redis wiped', {
      goesOnWithinMs: GOES_ON_MS,
      async fault() {
        // So that something waits in the intake.
        await system.ways.temporal.cut();
        await system.last(3_000);
        waiting = await waitingInIntake(system.services.redisUrl, 'wipe');
        await system.ways.temporal.mend();
      },
      mayBeLost: () => waiting,
    });
    assert.ok(waiting.size > 0, 'something waited in the intake');
    assert.ok(resets >= 8, 'every member was told');
  });

  /** Takes a copy of Redis now; the fault that it answers brings it back later. */
  async function rollingBack(kept: string, named: (lost: Waiting) => void) {
    const { redisUrl } = system.services;
    const folder = await appendOnlyFolder(redisUrl);
    cpSync(folder, kept, { recursive: true });
    return async (rooms: LedgerRoom[]) => {
      const marks = rooms.map(({ acked }) => acked.size);
      await until('more is acknowledged', () => rooms.every(({ acked }, i) => acked.size > marks[i]! + 20));
      await system.ways.redis.cut();
      named(await waitingInIntake(redisUrl, 'keep'));
      await system.part('Redis').stop('SIGKILL');
      rmSync(folder, { recursive: true });
      cpSync(kept, folder, { recursive: true });
      await system.part('Redis').start();
      await system.ways.redis.mend();
    };
  }

  for (const [when, name] of [
    ['in the midst', 'Redis rolled back'],
    ['before the rooms', 'Redis rolled back to before the rooms'],
  ] as const) {
    it(`rolled back to an append-only file from ${when}: no id twice, a new epoch, members are told`, async () => {
      let lost: Waiting = new Map();
      const note = (waiting: Waiting) => {
        lost = waiting;
      };
      const kept = mkdtempSync(join(tmpdir(), 'parley-rollback-'));
      try {
        const early = when === 'before the rooms' ? await rollingBack(kept, note) : undefined;
        const { resets } = await runLedger(system, name, {
          goesOnWithinMs: GOES_ON_MS,
          fault: async rooms => await (early ?? (await rollingBack(kept, note)))(rooms),
          mayBeLost: () => lost,
        });
        assert.ok(resets >= 8, 'every member was told');
      } finally {
        rmSync(kept, { recursive: true, force: true });
      }
    });
  }
});
