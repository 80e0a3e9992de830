import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Queue } from 'bullmq';
import type { RequestHandler } from 'express';
import { Unopenable } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { PayloadKey } from '../cipher.ts';
import { askingConnection, closing, logErrors, PREFIX } from './connection.ts';
import { createJobCodec, type StoredData } from './job.ts';
import { tasksQueueOf } from './schedules.ts';

type Options = { url: string; name: string; keys: PayloadKey[]; basePath: string; logger: Logger };

const ANSWER_TIMEOUT_MS = 10_000;

/**
 * The queues as operators see them, under `basePath`: to look at alone, for a removed job would only be started anew.
 * Unfinished jobs show messages: whoever mounts it says who may come.
 */
export function createBoard({ url, name, keys, basePath, logger }: Options) {
  const queues = [name, tasksQueueOf(name)].map(
    each => new Queue(each, { connection: askingConnection(url), prefix: PREFIX, skipMetasUpdate: true }),
  );
  for (const queue of queues) logErrors(queue, 'board', logger);
  const serverAdapter = new ExpressAdapter();
  serverAdapter.setBasePath(basePath);
  const shown = queues.map(queue => new BullMQAdapter(queue, { readOnlyMode: true }));
  const { open } = createJobCodec(keys);
  shown[0]!.setFormatter('data', (data: StoredData) => {
    try {
      return open(data);
    } catch (error) {
      return error instanceof Unopenable ? { unreadable: error.message } : data;
    }
  });
  createBullBoard({ queues: shown, serverAdapter });
  const router = serverAdapter.getRouter() as RequestHandler;
  const handler: RequestHandler = (request, response, next) => {
    // It waits for its Redis for ever.
    response.setTimeout(ANSWER_TIMEOUT_MS, () => response.destroy());
    router(request, response, next);
  };
  return { handler, close: () => Promise.all(queues.map(closing)) };
}
