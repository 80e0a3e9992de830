/**
 * Erasing a user. From the moment it is recorded nothing that the user wrote before is stored any more (erased.ts);
 * what was is wiped here, in this order: rows, dead letters, other tables, then the rooms' logs, then the files
 * below. What is wiped is no longer found, so an erasure that was killed begins anew and does only what is left.
 *
 *   recorded   to be done by whichever worker looks first
 *   done       with counts, and what remains until when
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../logger.ts';
import type { LookedAt } from '../pipeline/engine.ts';
import type { AccountLog } from '../rooms/account.ts';
import type { Rewrite } from '../rooms/append-only.ts';
import type { Expunge } from '../rooms/expunge.ts';
import type { ErasureRecord, ErasureStore } from '../store/erasures.ts';
import type { UntoldStore } from '../store/untold.ts';
import { pseudonymOf } from '../store/wipe.ts';
import { remainsOf } from './remains.ts';
import type { Tell } from './tell.ts';

type Deps = {
  store: ErasureStore;
  untold: Pick<UntoldStore, 'alone' | 'reflected'>;
  tell: Tell;
  expunge: Expunge;
  log: Pick<AccountLog, 'partitions' | 'rooms' | 'unstored'>;
  engine: Pick<LookedAt, 'kept'>;
  rewrite(): Promise<Rewrite>;
  windows: { dedupWindowMs: number; longestWindowMs: number };
  logger: Logger;
  onErased?(count: number): void;
};

/** A rest after each batch: about 5,000 messages a second at most. */
const REST_MS = 100;

export type Erase = ReturnType<typeof createErase>;

export function createErase(deps: Deps) {
  const { store, untold, tell, expunge, log, engine, logger, onErased } = deps;

  async function eraseRows(record: ErasureRecord, signal: AbortSignal) {
    for (let page = await store.rooms(record, ''); page.all.length > 0; ) {
      for (const room of page.wrote) await repeat(() => store.eraseIn(record, room), signal);
      await store.count(record, 'receipts', await expunge.forgetReceipts(page.all, record.user));
      page = await store.rooms(record, page.all.at(-1)!);
    }
    await repeat(() => store.eraseLetters(record), signal);
    await repeat(() => store.eraseElsewhere(record), signal);
    await tell();
  }

  async function repeat(batch: () => Promise<number>, signal: AbortSignal) {
    for (;;) {
      signal.throwIfAborted();
      const count = await batch();
      if (count === 0) return;
      onErased?.(count);
      await tell();
      await delay(REST_MS, undefined, { signal });
    }
  }

  /** Messages under way too, which the store does not have yet: what is announced of them is that they are erased. */
  async function eraseLogs(record: ErasureRecord, signal: AbortSignal) {
    const author = pseudonymOf(record);
    for (let partition = 0; partition < log.partitions; partition += 1) {
      for await (const rooms of log.rooms(partition)) {
        signal.throwIfAborted();
        await store.count(record, 'receipts', await expunge.forgetReceipts(rooms, record.user));
        for (const room of rooms) await eraseLog(record, room, author);
      }
    }
  }

  async function eraseLog(record: ErasureRecord, room: string, author: string) {
    for await (const ids of expunge.writtenBy(room, record.user, record.at)) {
      const { offset, named } = await expunge.expunge({ room, reason: 'erased', author, ids });
      if (offset !== undefined) await untold.reflected(room, offset);
      await store.count(record, 'log', named);
    }
  }

  async function finish(record: ErasureRecord) {
    const failing = (what: string) => (error: unknown) => {
      logger.warn({ error, erasure: record.id }, `${what}: it is told as it is`);
      return undefined;
    };
    const vacuumed = await store.vacuum().catch(failing('dead rows could not be taken out'));
    const kept = await engine.kept().catch(failing('the engine does not say how long it keeps runs'));
    const underWay = await log.unstored();
    // Last, so that nothing of the user's is written between.
    const rewrite = await deps.rewrite();
    await store.end(
      record,
      remainsOf({ at: Date.now(), kept, underWay, rewrite, vacuumed, ...deps.windows }),
    );
  }

  /**
   * Does what is left of an erasure; again, it changes nothing. Undefined where another process is at one. Throws what a
   * part throws, and once `signal` is aborted: the next one goes on.
   */
  return async function erase(
    id: number,
    signal = new AbortController().signal,
  ): Promise<ErasureRecord | undefined> {
    return await untold.alone('erase', async () => {
      const record = await store.byId(id);
      if (record === undefined || record.state === 'done') return record;
      await eraseRows(record, signal);
      await eraseLogs(record, signal);
      await finish(record);
      const done = await store.byId(id);
      logger.info({ erasure: id, counts: done?.counts }, 'a user was erased');
      return done;
    });
  };
}
