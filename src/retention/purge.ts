/**
 * Purging: what is older than its room keeps becomes a tombstone, `removed` because `expired`. In batches, each one
 * short transaction, after which the room is told in one entry; then a rest, so that live work keeps its pace. What
 * is done is no longer found, so a run that was killed is gone on with by the next one.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { RetentionStore } from '../store/retention.ts';
import type { UntoldStore } from '../store/untold.ts';
import type { Tell } from './tell.ts';

export type PurgeOptions = {
  /** Who has it done, for the trail. */
  by: string;
  /** Messages a second at most. */
  perSecond?: number;
  signal?: AbortSignal;
};
/** `busy`: another process purges, and nothing was done here. */
export type PurgeReport = { run: string; rooms: number; messages: number; letters: number; busy: boolean };

type Deps = {
  store: Pick<RetentionStore, 'due' | 'expire' | 'expireLetters'>;
  untold: Pick<UntoldStore, 'alone'>;
  tell: Tell;
  onPurged?(count: number): void;
};

const PER_SECOND = 2_000;
const MAX_REST_MS = 10_000;

export type Purge = ReturnType<typeof createPurge>;

export function createPurge({ store, untold, tell, onPurged }: Deps) {
  /** Purges all rooms. Throws what a part throws, and once `signal` is aborted; what was done until then is done. */
  return async function purgeExpired({
    by,
    perSecond = PER_SECOND,
    signal = new AbortController().signal,
  }: PurgeOptions): Promise<PurgeReport> {
    const report = { run: randomUUID(), rooms: 0, messages: 0, letters: 0, busy: false };
    const run = { run: report.run, by };

    /** Batches until there is none left; answers how many messages. */
    async function all(batch: () => Promise<number>): Promise<number> {
      let sum = 0;
      for (;;) {
        signal.throwIfAborted();
        const count = await batch();
        if (count === 0) return sum;
        sum += count;
        onPurged?.(count);
        await tell();
        await delay(Math.min(MAX_REST_MS, (count / perSecond) * 1_000), undefined, { signal });
      }
    }

    const done = await untold.alone('purge', async () => {
      await tell();
      for (let page = await store.due(''); page.last !== undefined; page = await store.due(page.last)) {
        for (const due of page.rooms) {
          report.messages += await all(() => store.expire(run, due));
          report.rooms += 1;
        }
      }
      report.letters = await all(() => store.expireLetters(run));
      return true;
    });
    return { ...report, busy: done === undefined };
  };
}
