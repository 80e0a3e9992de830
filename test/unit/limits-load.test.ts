import assert from 'node:assert/strict';
import { createLoad } from '../../src/front/limits-load.ts';
import { createGatewayMetrics } from '../../src/metrics.ts';
import { until } from '../support/until.ts';

/** Keeps the event loop from everything else. */
function block(ms: number) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('the load of the process', () => {
  it('is too much while the event loop is late, and no more when it is in time again', async () => {
    const metrics = createGatewayMetrics();
    const load = createLoad({ maxDelayMs: 100, metrics, everyMs: 250 });
    try {
      assert.equal(load.isOverloaded(), false);
      await until('the delay is seen', () => {
        block(300);
        return load.isOverloaded();
      });
      const { values } = await metrics.loopDelay.get();
      assert.ok(values[0]!.value > 0.1, `exported: ${values[0]!.value}`);
      await until('the loop is in time again', () => !load.isOverloaded());
    } finally {
      load.close();
    }
  });
});
