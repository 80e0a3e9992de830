/** What the store has wiped and the rooms' logs do not tell of yet, and work that one process at a time does. */
import type { Pool } from 'pg';
import { addTallies } from './tallies.ts';
import { inTransaction, withClient } from './transaction.ts';
import type { WipeReason } from './wipe.ts';

/** Messages of a room to be told of as gone; `pseudonym` stands for their author where he was erased. */
export type Untold = {
  id: number;
  room: string;
  reason: WipeReason;
  pseudonym: string | null;
  ids: number[];
};
/** What one process at a time does. */
export type Alone = 'tell' | 'purge' | 'erase';

const PAGE = 20;
const NEXT = `SELECT id, room, reason, pseudonym, ids FROM untold ORDER BY id LIMIT ${PAGE}`;
const TOLD = 'DELETE FROM untold WHERE id = $1';
/** Advisory locks in a space of their own, beside that of the partitions. */
const LOCK_SPACE = 7_203_008;
const PLACES: Record<Alone, number> = { tell: 1, purge: 2, erase: 3 };

export type UntoldStore = ReturnType<typeof createUntoldStore>;

/** Every call throws what Postgres says. */
export function createUntoldStore(pool: Pool) {
  return {
    /** The oldest ones. */
    next: async (): Promise<Untold[]> =>
      (await pool.query<Untold>(NEXT)).rows.map(row => ({ ...row, ids: row.ids.map(Number) })),

    /** The log has told of one, by the entry at this offset, where it took one. */
    told: ({ id, room }: Untold, offset: number | undefined): Promise<void> =>
      inTransaction(pool, async client => {
        if (offset !== undefined)
          await addTallies(client, { inserted: [], settled: [{ submission: { room, offset } }] });
        await client.query(TOLD, [id]);
      }),

    /** Notes an entry of a log that tells of what the store has wiped, or will store wiped. */
    reflected: (room: string, offset: number): Promise<void> =>
      addTallies(pool, { inserted: [], settled: [{ submission: { room, offset } }] }),

    /** Does what one process at a time may do, over all processes; undefined where another one is at it. */
    alone: <T>(what: Alone, work: () => Promise<T>): Promise<T | undefined> =>
      withClient(pool, async client => {
        const place = [LOCK_SPACE, PLACES[what]];
        const { rows } = await client.query<{ mine: boolean }>(
          'SELECT pg_try_advisory_lock($1, $2) AS mine',
          place,
        );
        if (!rows[0]!.mine) return undefined;
        const answer = await work();
        await client.query('SELECT pg_advisory_unlock($1, $2)', place);
        return answer;
      }),
  };
}
