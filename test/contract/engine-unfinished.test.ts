import assert from 'node:assert/strict';
import { Client } from '@temporalio/client';
import { QueueEvents } from 'bullmq';
import { createLogger } from '../../src/logger.ts';
import { createBullmqEngine } from '../../src/pipeline/bullmq/client.ts';
import { closing, connectQueue, PREFIX, workingConnection } from '../../src/pipeline/bullmq/connection.ts';
import { createJobCodec } from '../../src/pipeline/bullmq/job.ts';
import type { Engine } from '../../src/pipeline/engine.ts';
import { createTemporalEngine } from '../../src/pipeline/temporal/client.ts';
import { createPayloadCodec } from '../../src/pipeline/temporal/codec.ts';
import { connectTemporal } from '../../src/pipeline/temporal/connection.ts';
import { stack } from '../support/stack.ts';
import { rowOf } from '../support/store.ts';
import { until } from '../support/until.ts';

type Opened = {
  engine: Pick<Engine, 'start' | 'unfinished' | 'close'>;
  end(id: string): Promise<unknown>;
  close(): Promise<unknown>;
};
const logger = createLogger({ level: 'silent', part: 'test' });
const name = `unfinished-${process.pid}`;

/** Engines without a worker: what is started stays unfinished until `end`. */
const ENGINES: Record<string, () => Promise<Opened>> = {
  async temporal() {
    const { temporalAddress: address } = await stack();
    const connection = await connectTemporal({ address, logger, signal: AbortSignal.timeout(60_000) });
    const namespace = 'default';
    const client = new Client({ connection, namespace });
    return {
      engine: createTemporalEngine({
        ...{ connection, namespace, taskQueue: name, searchable: false, logger },
        codec: createPayloadCodec([]),
      }),
      end: id => client.workflow.getHandle(id).terminate(),
      close: () => connection.close(),
    };
  },
  async bullmq() {
    const url = (await stack()).redisUrl;
    const queue = await connectQueue({ url, name, logger });
    const events = new QueueEvents(name, { connection: workingConnection(url), prefix: PREFIX });
    return {
      engine: createBullmqEngine({ queue, events, codec: createJobCodec([]), logger }),
      end: async id => (await queue.getJob(id))?.remove(),
      close: () => Promise.all([closing(events), closing(queue)]),
    };
  },
};

for (const [kind, open] of Object.entries(ENGINES)) {
  describe(`unfinished batches of ${kind}`, function () {
    this.timeout(120_000);
    let opened: Opened;
    before(async () => {
      opened = await open();
    });
    after(async () => {
      await opened?.engine.close();
      await opened?.close();
    });

    async function named() {
      const found = new Map<string, unknown>();
      for await (const { id, places } of opened.engine.unfinished()) found.set(id, places);
      return found;
    }
    const batchOf = (k: number) => ({
      id: `batch-${name}-${k}`,
      dispatchedAt: new Date().toISOString(),
      submissions: [1, 2].map(
        i => rowOf('lobby', 10 * k + i, { submission: { offset: 10 * k + i + 5 } }).submission,
      ),
    });
    const placesOf = (k: number) =>
      [1, 2].map(i => ({ room: 'lobby', id: 10 * k + i, offset: 10 * k + i + 5 }));

    it('are named with the places of their messages, over pages, and not once they have ended', async () => {
      const count = 45;
      for (let k = 0; k < count; k += 1) await opened.engine.start(batchOf(k));
      await until('all are named', async () => (await named()).size === count, 60_000);
      const found = await named();
      for (let k = 0; k < count; k += 1) assert.deepEqual(found.get(batchOf(k).id), placesOf(k));
      for (let k = 1; k < count; k += 1) await opened.end(batchOf(k).id);
      await until('one is left', async () => (await named()).size === 1, 60_000);
      assert.deepEqual([...(await named()).keys()], [batchOf(0).id]);
      await opened.end(batchOf(0).id);
    });
  });
}
