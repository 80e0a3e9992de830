/** BullMQ's side of a run over history: one job a run, in a queue of their own, which comes back until it has ended. */
import { DelayedError, type Job, Queue, Worker } from 'bullmq';
import {
  REPROCESS_LOOK_MS,
  REPROCESS_RETRY,
  REPROCESS_TIMEOUT_MS,
  type ReprocessSteps,
  reprocessFlow,
} from '../../../workflows/reprocess-flow.ts';
import { BACKOFF } from '../../../workflows/steps.ts';
import type { Logger } from '../../logger.ts';
import type { RunOverHistory } from '../engine.ts';
import { askingConnection, closing, logErrors, PREFIX, within, workingConnection } from './connection.ts';

type Deps = {
  url: string;
  /** Of the queue of batches. */
  name: string;
  identity: string;
  steps: ReprocessSteps;
  shutdownMs: number;
  logger: Logger;
};
type RunJob = Job<{ run: string; details?: string }>;

/** Steps before a job makes room for another run. */
const STEPS = 50;
/** Longer rests are spent in the queue, where a run can be woken. */
const REST_HERE_MS = 250;
const CONCURRENCY = 2;
/** A killed worker's runs are taken over within about 10 s. */
const LOCK = { lockDuration: 6_000, stalledInterval: 3_000 };
const CALL_TIMEOUT_MS = 5_000;
const ATTEMPTS = 1_000_000_000;

/** The flow ends behind the step that is under way: the job waits so long, and comes back. */
class Rests extends Error {
  readonly ms: number;
  constructor(ms: number) {
    super('rests');
    this.ms = ms;
  }
}

/** The queue of runs with its worker; `wake` takes a run up, or looks after it at once. */
export async function createReprocessing({ url, name, identity, steps, shutdownMs, logger }: Deps) {
  const queue = new Queue<RunJob['data']>(`${name}-reprocess`, {
    connection: askingConnection(url),
    prefix: PREFIX,
  });
  logErrors(queue, 'reprocess queue', logger);
  await within(CALL_TIMEOUT_MS, 'the queue of runs', queue.waitUntilReady());
  const worker = new Worker<RunJob['data']>(
    queue.name,
    (job, token, signal) => runJob(job, { token, signal, steps }),
    {
      connection: workingConnection(url),
      prefix: PREFIX,
      name: identity,
      concurrency: CONCURRENCY,
      ...LOCK,
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      settings: {
        backoffStrategy: attempts =>
          Math.min(REPROCESS_RETRY.firstMs * BACKOFF ** Math.min(attempts, 10), REPROCESS_RETRY.maxMs),
      },
    },
  );
  logErrors(worker, 'reprocess worker', logger);
  await worker.waitUntilReady();

  return {
    async wake({ run }: RunOverHistory): Promise<void> {
      const options = {
        jobId: run,
        attempts: ATTEMPTS,
        backoff: { type: 'steps' },
        removeOnComplete: true,
        removeOnFail: { age: 7 * 86_400, count: 100 },
        stackTraceLimit: 1,
      };
      const job = await within(
        CALL_TIMEOUT_MS,
        'the start of a run',
        queue.add('reprocess', { run }, options),
      );
      const state = await within(CALL_TIMEOUT_MS, 'the state of a run', job.getState());
      // It may move on meanwhile: then it looks by itself.
      if (state === 'delayed')
        await within(CALL_TIMEOUT_MS, 'waking a run', job.promote()).catch(() => undefined);
      if (state === 'failed') await within(CALL_TIMEOUT_MS, 'starting a run anew', job.retry());
    },
    async close(): Promise<void> {
      worker.cancelAllJobs('shutdown');
      await within(shutdownMs / 2, 'shutdown', worker.close()).catch(() => worker.disconnect());
      await closing(queue);
    },
  };
}

type Running = { token: string | undefined; signal: AbortSignal | undefined; steps: ReprocessSteps };

async function runJob(job: RunJob, { token, signal, steps }: Running): Promise<void> {
  const { run } = job.data;
  const engine = {
    reprocess: (input: { run: string }) => within(REPROCESS_TIMEOUT_MS, 'a step', steps.reprocess(input)),
    tell(details: string) {
      void job.updateProgress({ details }).catch(() => undefined);
    },
    async rest(ms: number | undefined) {
      if (ms === undefined || ms > REST_HERE_MS) throw new Rests(ms ?? REPROCESS_LOOK_MS);
      await new Promise(resolve => setTimeout(resolve, ms));
    },
  };
  let restMs = 0;
  try {
    // One step at a time, so that a shutdown waits for one alone.
    for (let step = 0; step < STEPS && signal?.aborted !== true; step += 1)
      if (await reprocessFlow(run, engine, 1)) return;
  } catch (error) {
    if (!(error instanceof Rests)) throw new Error(error instanceof Error ? error.name : 'unknown');
    restMs = error.ms;
  }
  await job.moveToDelayed(Date.now() + restMs, token);
  throw new DelayedError();
}
