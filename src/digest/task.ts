/** The daily digest: counts each room's finished days, in pages of rooms. */
import type { DigestStore } from '../store/digests.ts';
import { dayOf, daysBetween, daysFrom } from './days.ts';

type Deps = { store: Pick<DigestStore, 'rooms' | 'keep' | 'lastBefore'> };

/** The last so many days are counted each time: what was late, edited or removed since is in the second count. */
const AGAIN_DAYS = 2;
/** A pause of the service is made up for over so many days. */
const MOST_DAYS = 7;

/** Counts one day, of all rooms or of one; how many had a message. Ends by throwing at the signal. */
export async function countDay(
  store: Pick<DigestStore, 'rooms' | 'keep'>,
  day: string,
  { room, signal }: { room?: string; signal?: AbortSignal } = {},
): Promise<number> {
  if (room !== undefined) return await store.keep([room], day);
  let counted = 0;
  for (let page = await store.rooms('', day); page.length > 0; page = await store.rooms(page.at(-1)!, day)) {
    signal?.throwIfAborted();
    counted += await store.keep(page, day);
  }
  return counted;
}

/** Counts the days before the scheduled one that are not counted yet, and the last ones anew. */
export function createDigestTask({ store }: Deps) {
  return async (scheduledFor: Date, signal: AbortSignal) => {
    const today = dayOf(scheduledFor);
    const last = await store.lastBefore(today);
    // The last day that has a digest may be counted in part.
    const missed = last === undefined ? 0 : daysBetween(last, today);
    const from = daysFrom(today, -Math.min(MOST_DAYS, Math.max(AGAIN_DAYS, missed)));
    let digests = 0;
    for (let day = from; day < today; day = daysFrom(day, 1)) {
      digests += await countDay(store, day, { signal });
    }
    return { from, to: daysFrom(today, -1), digests };
  };
}
