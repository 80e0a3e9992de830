/**
 * Reads of the log that joins share. When a gateway dies, a thousand clients of a room come back at once and ask
 * for nearly the same stretch: stretches begin at round offsets and are kept for a moment, so that they cost about
 * one read together.
 *
 * A kept stretch may be older than what is true now. That is right as long as an answer claims no more than the
 * stretch reaches: whatever changed since stands at a later offset, and follows.
 */
import type { LogSlice, Lost } from './log-types.ts';
import type { RoomLog } from './room-log.ts';

export type Slices = {
  /**
   * The log after an offset, whole up to where the slice reaches. A slice that reaches its log's end is at least
   * as new as `minEnd`. `lost` where the log cannot tell without a hole. Throws Unavailable.
   */
  since(room: string, from: { epoch: string; offset: number }, minEnd: number): Promise<LogSlice | Lost>;
};

type Kept = { until: number; read: Promise<LogSlice | Lost> };

const KEEP_MS = 1_000;
/** Each holds about 160 KB at most; the oldest goes. */
const MAX_KEPT = 64;
const ROUND = 64;

export function createSlices({ since: readLog }: Pick<RoomLog, 'since'>): Slices {
  const kept = new Map<string, Kept>();

  function read(room: string, epoch: string, offset: number): Kept['read'] {
    const key = `${room} ${epoch} ${offset}`;
    const known = kept.get(key);
    if (known !== undefined && known.until > Date.now()) return known.read;
    const fresh: Kept = { until: Date.now() + KEEP_MS, read: readLog(room, { epoch, offset }) };
    kept.delete(key);
    kept.set(key, fresh);
    if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value!);
    fresh.read.catch(() => kept.get(key) === fresh && kept.delete(key));
    return fresh.read;
  }

  return {
    async since(room, { epoch, offset }, minEnd) {
      const shared = await read(room, epoch, offset - (offset % ROUND));
      const whole = !('lost' in shared) && (shared.reaches < shared.end || shared.end >= minEnd);
      // Long messages end a stretch early: what it holds must go beyond the offset, or the caller would stand still.
      if (whole && (shared.reaches > offset || (shared.reaches === offset && offset === shared.end))) {
        return { ...shared, entries: shared.entries.filter(entry => entry.offset > offset) };
      }
      // Trimmed before this offset, or not new enough: exactly this one, now.
      return await readLog(room, { epoch, offset });
    },
  };
}
