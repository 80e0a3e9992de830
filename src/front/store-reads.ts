import { type Refusal, refuse } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { TOO_LATE, within } from './deadline.ts';

/** Reads of the store under way at once, those that are no longer waited for included; beyond: `overloaded`. */
const MAX_READS = 256;
const RETRY_AFTER_MS = 1_000;

export type StoreReads = ReturnType<typeof createStoreReads>;

/** Reads from the store under a bound of number and time. A store that fails or is late is `unavailable`. */
export function createStoreReads(logger: Logger, { most = MAX_READS } = {}) {
  let underWay = 0;
  return async <T>(timeoutMs: number, read: () => Promise<T>): Promise<T | Refusal> => {
    if (underWay >= most) return refuse('overloaded', { retryAfterMs: RETRY_AFTER_MS });
    underWay += 1;
    const reading = read().finally(() => {
      underWay -= 1;
    });
    try {
      const answer = await within(timeoutMs, reading);
      if (answer !== TOO_LATE) return answer;
      logger.warn({ timeoutMs }, 'the store did not answer in time');
    } catch (error) {
      logger.warn({ error }, 'the store could not be read');
    }
    return refuse('unavailable', { message: 'History cannot be read at the moment.' });
  };
}
