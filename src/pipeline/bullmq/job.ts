import type { JobsOptions } from 'bullmq';
import type { BatchSummary } from '../../../workflows/message-flow.ts';
import type { Batch } from '../../../workflows/steps.ts';
import type { JournalEntry } from './journal.ts';

/**
 * What a job carries: the batch with its texts, and what its steps gave before it had to wait; once it is done its
 * counts alone.
 */
export type JobData = { batch: Batch; journal?: JournalEntry[] } | { done: BatchSummary };

/** Every failure is tried again, but for one that is final by name: a batch is never given up for a count. */
const ATTEMPTS = 1_000_000_000;
/** BullMQ asks the worker's strategy for the pause where this is the type. */
export const BACKOFF_TYPE = 'steps';

/** How a batch becomes a job. Finished ones stay for operators for a while: done ones without text. */
export function jobOptions(batch: Batch): JobsOptions {
  return {
    jobId: batch.id,
    attempts: ATTEMPTS,
    backoff: { type: BACKOFF_TYPE },
    removeOnComplete: { age: 3_600, count: 1_000 },
    removeOnFail: { age: 7 * 86_400, count: 100 },
    stackTraceLimit: 1,
    keepLogs: 0,
  };
}
