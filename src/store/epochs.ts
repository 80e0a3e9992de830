import type { Pool, PoolClient } from 'pg';
import type { EpochStore } from '../rooms/partitions.ts';
import type { LossStore } from '../rooms/seen.ts';
import { withClient } from './transaction.ts';

/** Advisory locks of partitions lie beside that of the migrations. */
const LOCK_SPACE = 7_203_002;

const RECORD = `
  INSERT INTO epochs (epoch, partition, room, base, reason) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`;

/** Any epoch on record, be it of one room, tells that the partition had a log before. */
const NEXT = `
  SELECT EXISTS (SELECT FROM epochs WHERE partition = $1) AS lost,
    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now`;

const LOST = `
  INSERT INTO losses (room, epoch, seen)
  SELECT room, epoch, max(seen) FROM unnest($1::text[], $2::text[], $3::bigint[]) AS noticed (room, epoch, seen)
  GROUP BY room, epoch ORDER BY room, epoch
  ON CONFLICT (room, epoch) DO UPDATE SET seen = excluded.seen WHERE losses.seen < excluded.seen`;

const LAST_STORED = 'SELECT max(id) AS last FROM messages WHERE room = $1';

/** The store was laid out with another number of partitions: no process may write with this one. */
export class LayoutMismatch extends Error {
  override name = 'LayoutMismatch';
}

/** The lasting record of epochs, of those that ended by a loss, and of the number of partitions. */
export function createEpochStore(pool: Pool): EpochStore & LossStore {
  return {
    /**
     * Opens an epoch of a partition that has none in Redis: from 0 the first time ever, else, for it was lost, from
     * the time in microseconds by the clock of the database. `install` runs under the partition's lock; where it
     * answers with an epoch that another process installed before, that one stands, and nothing was lost.
     * Throws LayoutMismatch, what `install` throws, and the errors of Postgres.
     */
    openPartition: (partition, partitions, newEpoch, install) =>
      withClient(pool, async client => {
        await client.query('SELECT pg_advisory_lock($1, $2)', [LOCK_SPACE, partition]);
        await checkLayout(client, partitions);
        const { lost, now } = (await client.query<{ lost: boolean; now: number }>(NEXT, [partition]))
          .rows[0]!;
        const own = { epoch: newEpoch(), base: lost ? now : 0 };
        // Recorded first: a crash before Redis has it costs a jump of the offsets, never an offset used twice.
        await client.query(RECORD, [own.epoch, partition, null, own.base, lost ? 'lost' : 'first']);
        const standing = await install(own);
        const other = standing.epoch !== own.epoch ? standing : undefined;
        if (other !== undefined) await client.query('DELETE FROM epochs WHERE epoch = $1', [own.epoch]);
        await client.query('SELECT pg_advisory_unlock($1, $2)', [LOCK_SPACE, partition]);
        return other === undefined ? { ...own, lost } : { ...other, lost: false };
      }),

    /** Records an epoch that began elsewhere, for one room or a partition; a repeat changes nothing. */
    async record({ partition, epoch, base, reason, room }) {
      await pool.query(RECORD, [epoch, partition, room ?? null, base, reason]);
    },

    /** Records how far the log of an epoch had reached that was lost; a repeat with less changes nothing. */
    async lost(losses) {
      await pool.query(LOST, [
        losses.map(({ room }) => room),
        losses.map(({ epoch }) => epoch),
        losses.map(({ seen }) => seen),
      ]);
    },

    async lastStored(room) {
      const { rows } = await pool.query<{ last: number | null }>(LAST_STORED, [room]);
      return rows[0]?.last ?? 0;
    },
  };
}

/** The first process writes the number of partitions, every other one must agree. */
async function checkLayout(client: PoolClient, partitions: number) {
  await client.query('INSERT INTO layout (partitions) VALUES ($1) ON CONFLICT DO NOTHING', [partitions]);
  const { rows } = await client.query<{ partitions: number }>('SELECT partitions FROM layout');
  const stored = rows[0]!.partitions;
  if (stored !== partitions) {
    throw new LayoutMismatch(
      `ROOM_PARTITIONS: this store was laid out with ${stored}, this process wants ${partitions}.`,
    );
  }
}
