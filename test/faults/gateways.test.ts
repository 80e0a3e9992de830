import assert from 'node:assert/strict';
import { type FaultSystem, startFaultSystem } from '../support/faults.ts';
import { type LedgerRoom, runLedger } from '../support/ledger.ts';

/** Messages of 16 KB each. */
const FLOOD = 800;
/** A socket that takes nothing for this long, or answers no ping, is let go. */
const STOPPED_MS = 12_000;
const LONG = '🜂'.repeat(3_900);

describe('faults: gateways and the way to them', function () {
  this.timeout(240_000);
  let system: FaultSystem;
  before(async () => {
    system = await startFaultSystem();
  });
  after(() => system?.close());

  it('SIGKILL: its clients go on at the other one and resume', async () => {
    await runLedger(system, 'gateway SIGKILL', {
      async fault() {
        const hit = system.random() < 0.5 ? 0 : 1;
        system.gateway(hit).kill('SIGKILL');
        await system.divert(hit, 1 - hit);
        await system.restartGateway(hit);
        await system.divert(hit, hit);
      },
    });
  });

  it('SIGSTOP: its clients wait, or go on at the other one; it wakes up without a hole', async () => {
    await runLedger(system, 'gateway SIGSTOP', {
      async fault() {
        for (const [hit, diverted] of [
          [0, false],
          [1, true],
        ] as const) {
          system.gateway(hit).kill('SIGSTOP');
          if (diverted) await system.divert(hit, 1 - hit);
          await system.last(2_000 + 2_000 * system.random());
          system.gateway(hit).kill('SIGCONT');
          if (diverted) await system.divert(hit, hit);
        }
      },
    });
  });

  it('two gateways rolling: each drains, ends with 0 and comes again', async () => {
    await runLedger(system, 'gateways rolling', {
      async fault() {
        for (const i of [0, 1]) {
          const old = system.gateway(i);
          old.kill('SIGTERM');
          assert.deepEqual(await old.exited, { code: 0, signal: null }, old.output());
          await system.divert(i, 1 - i);
          await system.restartGateway(i);
          await system.divert(i, i);
        }
      },
    });
  });

  it('the way of the clients cut, reset, delayed and swallowed', async () => {
    await runLedger(system, "clients' way cut, reset, delayed, swallowed", {
      async fault() {
        for (const how of ['cut', 'reset', 'delay', 'swallow'] as const) {
          const front = system.fronts[system.random() < 0.5 ? 0 : 1]!;
          if (how === 'delay') await front.delay(200, 100);
          else await front[how]();
          await system.last(500 + 1_500 * system.random());
          await front.mend();
        }
      },
    });
  });

  it('a reader that stops reading: its neighbours have everything, and it too once it reads', async () => {
    const { gaps, reconnects } = await runLedger(system, 'stopped reader', {
      async fault(rooms) {
        const [slow, ...others] = rooms[0]!.members;
        const socket = slow!.socket();
        socket.pause();
        await Promise.all([flood(rooms[0]!, others), system.last(STOPPED_MS)]);
        socket.resume();
      },
    });
    assert.ok(gaps + reconnects > 0, 'the gateway did not keep it all for the reader');
  });

  async function flood({ acked }: LedgerRoom, members: LedgerRoom['members']) {
    for (let k = 0; k < FLOOD; k += 20) {
      const sent = Array.from({ length: 20 }, (_, i) =>
        members[i % members.length]!.room.send(`${LONG} ${k + i}`, { timeoutMs: 60_000 }),
      );
      for (const { id } of await Promise.all(sent)) acked.add(id);
    }
  }
});
