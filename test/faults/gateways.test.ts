import { type FaultSystem, startFaultSystem } from '../support/faults.ts';
import { runLedger } from '../support/ledger.ts';

describe('faults: gateways', function () {
  this.timeout(120_000);
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
});
