import type { Pool, PoolClient } from 'pg';
import type { EpochStore } from '../rooms/partitions.ts';

/** Advisory locks of partitions lie beside that of the migrations. */
const LOCK_SPACE = 7_203_002;

const RECORD = `
  INSERT INTO epochs (epoch, partition, room, base, reason) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`;
/** Above every offset ever given: time in microseconds, by the clock of the database. */
const MICROSECONDS = 'SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS base';

/** The lasting record of epochs and of the number of partitions. */
export function createEpochStore(pool: Pool): EpochStore {
  return {
    async openPartition(partition, partitions, newEpoch, install) {
      const client = await pool.connect();
      let broken = true;
      try {
        await client.query('SELECT pg_advisory_lock($1, $2)', [LOCK_SPACE, partition]);
        await checkLayout(client, partitions);
        const known = await client.query('SELECT 1 FROM epochs WHERE partition = $1 LIMIT 1', [partition]);
        const lost = known.rows.length > 0;
        const base = lost ? (await client.query<{ base: number }>(MICROSECONDS)).rows[0]!.base : 0;
        const epoch = newEpoch();
        // Recorded first: a crash before Redis has it costs a jump of the offsets, never an offset used twice.
        await client.query(RECORD, [epoch, partition, null, base, lost ? 'lost' : 'first']);
        await install({ epoch, base });
        await client.query('SELECT pg_advisory_unlock($1, $2)', [LOCK_SPACE, partition]);
        broken = false;
        return { epoch, base, lost };
      } finally {
        client.release(broken);
      }
    },

    async record({ partition, epoch, base, reason, room }) {
      await pool.query(RECORD, [epoch, partition, room ?? null, base, reason]);
    },

    async lastStored(room) {
      const { rows } = await pool.query<{ last: number | null }>(
        'SELECT max(id) AS last FROM messages WHERE room = $1',
        [room],
      );
      return rows[0]?.last ?? 0;
    },
  };
}

async function checkLayout(client: PoolClient, partitions: number) {
  await client.query('INSERT INTO layout (partitions) VALUES ($1) ON CONFLICT DO NOTHING', [partitions]);
  const { rows } = await client.query<{ partitions: number }>('SELECT partitions FROM layout');
  const stored = rows[0]!.partitions;
  if (stored !== partitions) {
    throw new Error(
      `ROOM_PARTITIONS: this store was laid out with ${stored}, this process wants ${partitions}.`,
    );
  }
}
