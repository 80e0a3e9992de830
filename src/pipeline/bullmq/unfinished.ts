import type { JobType, Queue } from 'bullmq';
import type { Unfinished } from '../engine.ts';
import { within } from './connection.ts';
import type { JobCodec, StoredData } from './job.ts';

const PAGE = 20;
const TIMEOUT_MS = 5_000;
/** Where a job is until it ends; it may move on while they are read, so those at work are read again. */
const STATES: JobType[] = ['active', 'waiting', 'prioritized', 'delayed', 'active'];

/**
 * The jobs that have not ended, with the places of their messages; some come twice. Throws where Redis does not
 * answer, and where a batch is encrypted with a key that is not known here.
 */
export async function* unfinishedJobs(queue: Queue<StoredData>, codec: JobCodec): AsyncGenerator<Unfinished> {
  for (const state of STATES) {
    for (let from = 0; ; from += PAGE) {
      const jobs = await within(
        TIMEOUT_MS,
        'a page of jobs',
        queue.getJobs([state], from, from + PAGE - 1, true),
      );
      for (const job of jobs) {
        // One that ended since it was listed has no batch any more, or is gone.
        const data = job?.data && codec.open(job.data);
        if (data === undefined || !('batch' in data)) continue;
        const { id, submissions } = data.batch;
        yield { id, places: submissions.map(({ room, id, offset }) => ({ room, id, offset })) };
      }
      if (jobs.length < PAGE) break;
    }
  }
}
