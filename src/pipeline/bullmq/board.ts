import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Queue } from 'bullmq';
import type { RequestHandler } from 'express';
import type { Logger } from '../../logger.ts';
import { askingConnection, closing, logErrors, PREFIX } from './connection.ts';
import { tasksQueueOf } from './schedules.ts';

type Options = { url: string; name: string; basePath: string; logger: Logger };

const ANSWER_TIMEOUT_MS = 10_000;

/**
 * The queues as operators see them, under `basePath`: to look at alone, for a removed job would only be started anew.
 * Unfinished jobs show messages: whoever mounts it says who may come.
 */
export function createBoard({ url, name, basePath, logger }: Options) {
  const queues = [name, tasksQueueOf(name)].map(
    each => new Queue(each, { connection: askingConnection(url), prefix: PREFIX, skipMetasUpdate: true }),
  );
  for (const queue of queues) logErrors(queue, 'board', logger);
  const serverAdapter = new ExpressAdapter();
  serverAdapter.setBasePath(basePath);
  createBullBoard({
    queues: queues.map(queue => new BullMQAdapter(queue, { readOnlyMode: true })),
    serverAdapter,
  });
  const router = serverAdapter.getRouter() as RequestHandler;
  const handler: RequestHandler = (request, response, next) => {
    // It waits for its Redis for ever.
    response.setTimeout(ANSWER_TIMEOUT_MS, () => response.destroy());
    router(request, response, next);
  };
  return { handler, close: () => Promise.all(queues.map(closing)) };
}
