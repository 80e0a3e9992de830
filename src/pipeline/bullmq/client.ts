import type { Queue, QueueEvents } from 'bullmq';
import type { Logger } from '../../logger.ts';
import type { Engine, RunEnd } from '../engine.ts';
import { summaryOf } from '../summary.ts';
import { within } from './connection.ts';
import { type JobCodec, jobOptions, keptJobs, type StoredData } from './job.ts';
import { unfinishedJobs } from './unfinished.ts';

type Watched = { end: Promise<RunEnd>; tell(end: RunEnd): void; added: boolean };
type Deps = { queue: Queue<StoredData>; events: QueueEvents; codec: JobCodec; logger: Logger };

const CALL_TIMEOUT_MS = 5_000;
/** The events tell of an end at once; whatever they missed is found by asking. */
const ASK_EVERY_MS = 5_000;
const ENDS: Record<string, RunEnd> = { completed: 'done', failed: 'lost', unknown: 'lost' };

/** Starts the flow as BullMQ jobs and hears of their ends, whichever worker did them. */
export function createBullmqEngine({ queue, events, codec, logger }: Deps): Omit<Engine, 'reprocess'> {
  /** Ids alone, of jobs that are not known to have ended. */
  const watched = new Map<string, Watched>();

  function watch(id: string): Watched {
    let tell = (_end: RunEnd) => {};
    const end = new Promise<RunEnd>(resolve => {
      tell = resolve;
    });
    const fresh = watched.get(id) ?? { end, tell, added: false };
    watched.set(id, fresh);
    return fresh;
  }

  function settle(id: string, end: RunEnd) {
    watched.get(id)?.tell(end);
    watched.delete(id);
  }

  async function askForAll() {
    for (const [id, { added }] of [...watched]) {
      if (!added) continue;
      const end = ENDS[await within(CALL_TIMEOUT_MS, 'a state', queue.getJobState(id))];
      if (end !== undefined) settle(id, end);
    }
  }

  let asking = false;
  const timer = setInterval(async () => {
    if (asking) return;
    asking = true;
    await askForAll().catch(error => logger.debug({ error }, 'the states of batches could not be read'));
    asking = false;
  }, ASK_EVERY_MS);
  timer.unref();
  events.on('completed', ({ jobId }) => settle(jobId, 'done'));
  events.on('failed', ({ jobId }) => settle(jobId, 'lost'));
  events.on('removed', ({ jobId }) => settle(jobId, 'lost'));

  return {
    async start(batch) {
      const run = watch(batch.id);
      try {
        const adding = queue.add(summaryOf(batch), codec.seal({ batch }), jobOptions(batch));
        await within(CALL_TIMEOUT_MS, 'the start of a batch', adding);
        run.added = true;
      } catch (error) {
        if (!run.added) watched.delete(batch.id);
        throw error;
      }
      return { ended: timeoutMs => within(timeoutMs, 'a batch', run.end).catch(() => undefined) };
    },
    unfinished: () => unfinishedJobs(queue, codec),
    kept: keptJobs,
    async close() {
      clearInterval(timer);
    },
  };
}
