/**
 * What was lost with epochs that ended by a loss: offsets that somebody saw, and that neither the store reflects nor
 * anything holds. It is an upper bound: outcomes whose batches are not done are among them until they are. What
 * nobody who still lives had seen, because every gateway that acknowledged it died before it could tell, is not known.
 */
import type { AccountStore } from '../store/account.ts';
import { type Held, placeKey } from './open-against-pipeline.ts';
import type { Pace } from './pace.ts';
import { type Loss, rangesOf } from './report.ts';

type Deps = { store: AccountStore; pace: Pace };

export function createLosses({ store, pace }: Deps) {
  return {
    /** The losses on record, in the order of rooms; `held` is asked for once, and only if there are any. */
    async *losses(held: () => Promise<Held>): AsyncGenerator<Loss> {
      let known: Held | undefined;
      for await (const { room, epoch, base, seen, noticedAt } of store.losses()) {
        known ??= await held();
        // Without its beginning: the thousand offsets below what was seen.
        const from = base === undefined ? Math.max(1, seen - 999) : base + 1;
        const { offsets, more } = await store.unsettled(room, from, seen);
        const lost = offsets.filter(offset => !known?.has(placeKey(room, offset)));
        await pace();
        if (lost.length === 0) continue;
        const gaps = [
          ...(more ? ['and others below'] : []),
          ...(base === undefined ? ['where the epoch began was not recorded'] : []),
        ];
        yield {
          room,
          epoch,
          seen,
          noticedAt,
          atMost: lost.length,
          ranges: rangesOf(lost),
          known: [`its log was lost, as noticed at ${noticedAt}`, ...gaps].join(', '),
        };
      }
    },
  };
}
