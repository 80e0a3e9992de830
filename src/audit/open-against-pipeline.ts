/**
 * Entries that the store does not reflect yet against what holds them: the intake, or a batch that the engine has not
 * finished. They go one way, from the log to the intake to the engine to the store, and are read in that order, so
 * that none slips through; an engine may list a batch late, so a suspicion needs a second look some seconds later.
 */
import type { Engine } from '../pipeline/engine.ts';
import type { AccountLog, OpenEntry } from '../rooms/account.ts';
import type { AccountStore } from '../store/account.ts';
import type { Pace } from './pace.ts';
import type { Finding } from './report.ts';

type Deps = {
  log: AccountLog;
  store: AccountStore;
  engine: Pick<Engine, 'unfinished'>;
  pace: Pace;
};
/** Where entries are that no row reflects: names of `placeKey`. */
export type Held = ReadonlySet<string>;

export const placeKey = (room: string, offset: number) => `${room} ${offset}`;
const messageKey = (room: string, id: number) => `${room} #${id}`;

export function createOpenAgainstPipeline({ log, store, engine, pace }: Deps) {
  /** Open entries of a partition that were written before `before` (ms), and that its intake does not hold. */
  async function outside(partition: number, before: number): Promise<Map<string, OpenEntry>> {
    const entries = new Map<string, OpenEntry>();
    for await (const rooms of log.rooms(partition)) {
      for (const room of rooms) {
        for await (const entry of log.open(room))
          if (entry.at < before) entries.set(placeKey(room, entry.offset), entry);
      }
      await pace();
    }
    if (entries.size === 0) return entries;
    for await (const { room, offset } of log.intake(partition)) entries.delete(placeKey(room, offset));
    return entries;
  }

  /** What unfinished batches hold, by place and by message: an older message is told anew at another place. */
  async function inBatches(): Promise<Set<string>> {
    const held = new Set<string>();
    for await (const { places } of engine.unfinished()) {
      for (const { room, id, offset } of places) held.add(placeKey(room, offset)).add(messageKey(room, id));
      await pace();
    }
    return held;
  }

  return {
    /** Everything that the intakes and unfinished batches hold. Bounded by what may be unstored at all. */
    async held(): Promise<Held> {
      const waiting = new Set<string>();
      for (let partition = 0; partition < log.partitions; partition += 1) {
        for await (const { room, offset } of log.intake(partition)) waiting.add(placeKey(room, offset));
      }
      return new Set([...waiting, ...(await inBatches())]);
    },

    /** Suspicions: entries from before `before` (ms) that nothing holds. */
    async suspect(before: number): Promise<Finding[]> {
      const found: OpenEntry[] = [];
      for (let partition = 0; partition < log.partitions; partition += 1) {
        found.push(...(await outside(partition, before)).values());
      }
      if (found.length === 0) return [];
      const held = await inBatches();
      const left = found.filter(
        ({ room, offset, ids }) =>
          !held.has(placeKey(room, offset)) && !ids.some(id => held.has(messageKey(room, id))),
      );
      const dropped: Finding[] = [];
      for (const { room, epoch, offset, ids } of left) {
        // Set aside by a dispatcher that could not read it.
        if ((await store.letters(room, [...ids, offset])).size > 0) continue;
        const known = 'acknowledged, not stored, and neither the intake nor an unfinished batch has it';
        dropped.push({
          kind: 'dropped_entry',
          room,
          epoch,
          ...(ids[0] === undefined ? {} : { id: ids[0] }),
          offset,
          known,
        });
      }
      return dropped;
    },
  };
}
