import assert from 'node:assert/strict';
import pg from 'pg';
import { type FaultSystem, startFaultSystem } from '../support/faults.ts';
import { runLedger } from '../support/ledger.ts';
import { processTree } from '../support/process-tree.ts';
import { call } from '../support/system.ts';

/** History answers within a second; the rest is the machine's. */
const HISTORY_MS = 3_000;

describe('faults: Postgres and Temporal', function () {
  this.timeout(300_000);
  let system: FaultSystem;
  before(async () => {
    system = await startFaultSystem();
  });
  after(() => system?.close());

  /** A page that no cache holds is refused in time at both gateways. */
  async function historyIsRefused(room: string) {
    for (const url of system.urls) {
      const since = Date.now();
      const { status } = await call(url, `/v1/rooms/${room}/messages?before=5`, 'watcher');
      assert.equal(status, 503);
      assert.ok(Date.now() - since < HISTORY_MS, `history took ${Date.now() - since} ms`);
    }
  }

  it('Postgres SIGKILL', async () => {
    await runLedger(system, 'Postgres SIGKILL', {
      async fault([room]) {
        await system.part('Postgres').stop('SIGKILL');
        await historyIsRefused(room!.name);
        await system.last(1_000 + 2_000 * system.random());
        await system.part('Postgres').start();
      },
    });
  });

  it('Postgres frozen: history is refused in time, chat goes on', async () => {
    await runLedger(system, 'Postgres frozen', {
      async fault([room]) {
        const frozen = processTree(system.part('Postgres').pid!);
        for (const { pid } of frozen) process.kill(pid, 'SIGSTOP');
        try {
          await historyIsRefused(room!.name);
          const before = room!.acked.size;
          await system.last(7_000);
          assert.ok(room!.acked.size > before, 'chat goes on');
        } finally {
          for (const { pid } of frozen) process.kill(pid, 'SIGCONT');
        }
      },
    });
  });

  it('the table of messages locked for longer than a statement may take', async () => {
    await runLedger(system, 'Postgres table locked', {
      async fault([room]) {
        const client = new pg.Client({ connectionString: system.databaseUrl, query_timeout: 20_000 });
        await client.connect();
        try {
          await client.query('BEGIN');
          await client.query('LOCK TABLE messages IN ACCESS EXCLUSIVE MODE');
          await historyIsRefused(room!.name);
          const before = room!.acked.size;
          await system.last(8_000);
          assert.ok(room!.acked.size > before, 'chat goes on');
          await client.query('COMMIT');
        } finally {
          await client.end();
        }
      },
    });
  });

  it('Temporal SIGKILL in the midst of running batches', async () => {
    await runLedger(system, 'Temporal SIGKILL', {
      async fault() {
        await system.part('Temporal').stop('SIGKILL');
        await system.last(1_000 + 2_000 * system.random());
        await system.part('Temporal').start();
      },
    });
  });

  it('the worker SIGKILLed while Temporal cannot be reached', async () => {
    await runLedger(system, 'worker SIGKILL, Temporal cut', {
      async fault() {
        await system.ways.temporal.cut();
        await system.last(1_000 + 1_000 * system.random());
        system.worker().kill('SIGKILL');
        await system.ways.temporal.mend();
        await system.restartWorker();
      },
    });
  });
});
