import assert from 'node:assert/strict';
import { openSocket } from '../../support/socket.ts';
import { call, type HistoryPage, startSystem } from '../../support/system.ts';
import { until } from '../../support/until.ts';

describe('a message through BullMQ', () => {
  it('is delivered, judged and stored by the same steps, with no Temporal named', async function () {
    this.timeout(60_000);
    const system = await startSystem({ env: { PIPELINE_ENGINE: 'bullmq', TEMPORAL_ADDRESS: '' } });
    try {
      const room = `bullmq-${process.pid}`;
      const socket = await openSocket(system.urls[0]!, 'ann');
      await socket.ask({ type: 'join', room, recent: 0 });
      const { id } = await socket.ask({ type: 'send', room, clientId: 'c1', content: 'what a load of shit' });
      await until('it is stored', async () => {
        const page = await call(system.urls[0]!, `/v1/rooms/${room}/messages`, 'ann');
        return ((page.body as HistoryPage).processedThrough ?? 0) >= (id as number);
      });
      const { body } = await call(system.urls[0]!, `/v1/rooms/${room}/messages`, 'ann');
      const [message] = (body as HistoryPage).messages;
      assert.deepEqual([message?.id, message?.status], [id, 'masked']);
      await until('the outcome', () => socket.frames.some(({ type }) => type === 'message.updated'));
      await socket.close();
    } finally {
      const worker = system.worker();
      await system.close();
      assert.equal((await worker.exited).code, 0, worker.output());
    }
  });
});
