import { setTimeout as delay } from 'node:timers/promises';
import { type Job, UnrecoverableError, Worker } from 'bullmq';
import { type BatchSummary, messageFlow } from '../../../workflows/message-flow.ts';
import { pauseMs, poisonOf, STEP_POLICY, StepFailed, type Steps } from '../../../workflows/steps.ts';
import type { Logger } from '../../logger.ts';
import { Interrupted, StepWaits, withAttempts } from './attempts.ts';
import { logErrors, PREFIX, within, workingConnection } from './connection.ts';
import type { JobCodec, JobData, StoredData } from './job.ts';
import { createJournal } from './journal.ts';

type Deps = {
  url: string;
  name: string;
  identity: string;
  activities: Steps;
  codec: JobCodec;
  /** Batches under way at once, beside those that wait. */
  concurrency: number;
  shutdownMs: number;
  logger: Logger;
};

/** A killed worker's batches are taken over within about 10 s; who lost a lock while blocked runs one twice. */
const LOCK = { lockDuration: 6_000, stalledInterval: 3_000 };
/** After a fault that no step is to blame for. */
const OTHER_PAUSE_MS = 5_000;
const SAVE_TIMEOUT_MS = 2_000;
/** Of `shutdownMs`: batches are let end until then, and interrupted ones given back. The dispatcher had its time before. */
const [GRACE, LEFT_BEHIND] = [0.4, 0.6];

/**
 * Runs the flow and its steps for BullMQ. A batch whose part stays away goes back into the queue with what it has
 * done, and keeps no other batch from going on. `close` lets what is under way end and gives the rest back, within
 * `shutdownMs`.
 */
export function createBullmqWorker(deps: Deps) {
  const { url, name, identity, activities, codec, concurrency, shutdownMs, logger } = deps;
  const process = async (job: Job<StoredData>, _token: string | undefined, signal?: AbortSignal) =>
    runBatch(job, { steps: activities, codec, signal: signal ?? new AbortController().signal, logger });
  const worker = new Worker<StoredData, BatchSummary>(name, process, {
    connection: workingConnection(url),
    prefix: PREFIX,
    name: identity,
    concurrency,
    ...LOCK,
    // A second stall would fail the job for good: a worker may be killed any number of times.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    runRetryDelay: 1_000,
    autorun: false,
    settings: { backoffStrategy: (attempts, _type, error) => pauseAfter(error, attempts) },
  });
  logErrors(worker, 'worker', logger);
  const running = worker.run();
  return {
    running,
    ready: () => worker.waitUntilReady(),
    async close() {
      const closed = worker.close();
      const interrupting = setTimeout(() => worker.cancelAllJobs('shutdown'), shutdownMs * GRACE);
      await within(shutdownMs * LEFT_BEHIND, 'shutdown', closed).catch(async error => {
        logger.warn({ error }, 'batches are left to another worker');
        await Promise.race([worker.disconnect(), delay(shutdownMs * 0.05)]);
      });
      clearTimeout(interrupting);
    },
  };
}

type Run = { steps: Steps; codec: JobCodec; signal: AbortSignal; logger: Logger };

async function runBatch(job: Job<StoredData>, { steps, codec, signal, logger }: Run): Promise<BatchSummary> {
  const data = opened(job, { codec, logger });
  // Killed between the two writes at the end of a batch.
  if ('done' in data) return data.done;
  const { batch } = data;
  const journal = createJournal(data.journal ?? []);
  const own = logger.child({ batch: batch.id });
  try {
    const durable = journal.over(withAttempts({ steps, signal, logger: own }));
    const done = await messageFlow(batch, { steps: durable, poison: poisonOf });
    // The texts go with the work.
    await job.updateData({ done });
    return done;
  } catch (error) {
    if (error instanceof StepWaits || error instanceof Interrupted) {
      await within(
        SAVE_TIMEOUT_MS,
        'saving',
        save(job, codec.seal({ batch, journal: journal.entries })),
      ).catch(() => undefined);
      throw error;
    }
    if (error instanceof StepFailed) throw new UnrecoverableError(error.message);
    own.error({ error }, 'a batch failed for no known cause and is tried again');
    throw new Error(error instanceof Error ? error.name : 'unknown');
  }
}

/** A job that cannot be opened waits for a worker that has its key; the queue says why. */
function opened(job: Job<StoredData>, { codec, logger }: Pick<Run, 'codec' | 'logger'>): JobData {
  try {
    return codec.open(job.data);
  } catch (error) {
    logger.error({ batch: job.id, error }, 'a batch cannot be read and is tried again');
    throw error;
  }
}

/** What it has done, and that batches which never waited go first. Lost, it is only done again. */
async function save(job: Job<StoredData>, data: StoredData) {
  await job.updateData(data);
  await job.changePriority({ priority: 1 });
}

function pauseAfter(error: Error | undefined, attempts: number): number {
  if (error instanceof Interrupted) return 0;
  return error instanceof StepWaits ? pauseMs(STEP_POLICY[error.step], attempts) : OTHER_PAUSE_MS;
}
