import type { JobsOptions } from 'bullmq';
import type { BatchSummary } from '../../../workflows/message-flow.ts';
import type { Batch } from '../../../workflows/steps.ts';
import { createCipher, type PayloadKey } from '../cipher.ts';
import type { Kept } from '../engine.ts';
import type { JournalEntry } from './journal.ts';

/**
 * What a job carries: the batch with its texts, and what its steps gave before it had to wait; once it is done its
 * counts alone.
 */
export type JobData = { batch: Batch; journal?: JournalEntry[] } | { done: BatchSummary };
/** What stands in Redis: job data, sealed where there is a key, but that of what is done, which holds no text. */
export type StoredData = JobData | { sealed: string; key: string };

export type JobCodec = ReturnType<typeof createJobCodec>;

/** Between job data and Redis. Unsealed data is read as it is, whatever the keys; `open` throws Unopenable. */
export function createJobCodec(keys: readonly PayloadKey[]) {
  const cipher = createCipher(keys);
  return {
    seal(data: JobData): StoredData {
      if (cipher.seal === undefined || 'done' in data) return data;
      const { keyId, bytes } = cipher.seal(Buffer.from(JSON.stringify(data)));
      return { sealed: Buffer.from(bytes).toString('base64'), key: keyId };
    },
    open(data: StoredData): JobData {
      if (!('sealed' in data)) return data;
      const plain = cipher.open({ keyId: data.key, bytes: Buffer.from(data.sealed, 'base64') });
      return JSON.parse(plain.toString()) as JobData;
    },
  };
}

/** Every failure is tried again, but for one that is final by name: a batch is never given up for a count. */
const ATTEMPTS = 1_000_000_000;
/** BullMQ asks the worker's strategy for the pause where this is the type. */
export const BACKOFF_TYPE = 'steps';

const FAILED_S = 7 * 86_400;

/** How long texts are kept: done jobs hold none. */
export async function keptJobs(): Promise<Kept> {
  const note =
    'Jobs that failed for good hold their texts for seven days, the newest hundred; done ones hold none. A Redis that the queue has to itself holds them in its append-only file until that is written anew.';
  return { engine: 'bullmq', ms: FAILED_S * 1_000, note };
}

/** How a batch becomes a job. Finished ones stay for operators for a while: done ones without text. */
export function jobOptions(batch: Batch): JobsOptions {
  return {
    jobId: batch.id,
    attempts: ATTEMPTS,
    backoff: { type: BACKOFF_TYPE },
    removeOnComplete: { age: 3_600, count: 1_000 },
    removeOnFail: { age: FAILED_S, count: 100 },
    stackTraceLimit: 1,
    keepLogs: 0,
  };
}
