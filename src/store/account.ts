/**
 * What the audit reads of Postgres. Each call is one short statement by keyset: nothing is locked, and no page grows
 * with the table. Throws the errors of Postgres.
 */
import type { Pool } from 'pg';
import { BLOCK } from './tallies.ts';

/** A block of 1,024 ids of a room: what was stored once, and what is there now. */
export type AccountBlock = {
  /** The first id of the block. */
  from: number;
  rows: number;
  withdrawn: number;
  /** Stored once, no row now. */
  missing: number[];
  /** A row that nothing ever stored. */
  unknown: number[];
  /** Rows without a verdict. */
  unjudged: number[];
};
export type AccountRow = { id: number; revision: number };
export type LostEpoch = {
  room: string;
  epoch: string;
  /** Its offsets start above this; undefined where its beginning was not recorded. */
  base: number | undefined;
  seen: number;
  noticedAt: string;
};

const BLOCKS_AT_ONCE = 16;
const ROOMS_AT_ONCE = 100;
const MAX_NAMED = 1_000;

/** The next names in any of the tables, one short look-up of an index for each: however many rows a room has. */
const ROOMS = `
  WITH RECURSIVE names (room, n) AS (
    SELECT $1::text COLLATE "C", 0
    UNION ALL
    SELECT least(
      (SELECT min(room) FROM messages WHERE room > names.room),
      (SELECT min(room) FROM tallies WHERE room > names.room),
      (SELECT min(room) FROM losses WHERE room > names.room)), n + 1
    FROM names WHERE names.room IS NOT NULL AND n < $2)
  SELECT room FROM names WHERE n > 0 AND room IS NOT NULL ORDER BY room`;

const KNOWN = `
  SELECT room FROM unnest($1::text[]) AS asked (room)
  WHERE EXISTS (SELECT FROM messages m WHERE m.room = asked.room COLLATE "C")
    OR EXISTS (SELECT FROM tallies t WHERE t.room = asked.room COLLATE "C")`;

const BLOCKS = `
  SELECT t.block, m.rows, m.withdrawn, m.unjudged, t.created::text AS created,
    CASE WHEN m.ids IS DISTINCT FROM t.created THEN coalesce(m.ids, 0::bit(1024))::text END AS ids
  FROM (SELECT block, created FROM tallies WHERE room = $1 AND block > $2 ORDER BY block LIMIT $3) t,
    LATERAL (
      SELECT count(*) AS rows, count(*) FILTER (WHERE reason = 'duplicate') AS withdrawn,
        array_agg(id) FILTER (WHERE verdict IS NULL AND status <> 'removed') AS unjudged,
        bit_or(set_bit(0::bit(1024), (id & 1023)::integer, 1)) AS ids
      FROM messages WHERE room = $1 AND id >= t.block << 10 AND id < (t.block + 1) << 10) m
  ORDER BY t.block`;

/** Rows where no tally is at all. */
const STRAY = `
  SELECT id FROM messages m WHERE room = $1
    AND NOT EXISTS (SELECT FROM tallies t WHERE t.room = m.room AND t.block = m.id >> 10)
  ORDER BY id LIMIT $2`;

const ROWS = 'SELECT id, revision FROM messages WHERE room = $1 AND id = ANY($2::bigint[])';
const LETTERS = `
  SELECT message_id AS id, max(revision) AS revision FROM dead_letters
  WHERE room = $1 AND message_id = ANY($2::bigint[]) GROUP BY message_id`;

/** Creations of a stretch of offsets that are stored or set aside: whole blocks count, the two at its ends are cut. */
const ACCOUNTED = `
  SELECT coalesce((
      SELECT sum(bit_count(created & (
        ~0::bit(1024) >> greatest(0, least(1024, $2 - (block << 10)))::integer) & (
        ~0::bit(1024) << greatest(0, least(1024, ((block + 1) << 10) - $3))::integer)))
      FROM tallies WHERE room = $1 AND block BETWEEN $2 >> 10 AND $3 >> 10), 0)::bigint
    + (SELECT count(DISTINCT message_id) FROM dead_letters d
      WHERE room = $1 AND message_id >= $2 AND message_id < $3 AND (entry->>'offset')::bigint = message_id
        AND NOT EXISTS (SELECT FROM tallies t WHERE t.room = d.room AND t.block = d.message_id >> 10
          AND get_bit(t.created, (d.message_id & 1023)::integer) = 1)) AS accounted`;

const SETTLED = `
  SELECT block, settled::text AS settled FROM tallies
  WHERE room = $1 AND block BETWEEN $2 AND $3 ORDER BY block DESC`;
const LETTER_OFFSETS = `
  SELECT (entry->>'offset')::bigint AS place FROM dead_letters
  WHERE room = $1 AND message_id < $3 AND (entry->>'offset')::bigint BETWEEN $2 AND $3`;

const EPOCH_OF = `
  SELECT epoch FROM epochs WHERE base < $3 AND (room = $1 OR (room IS NULL AND partition = $2))
  ORDER BY base DESC LIMIT 1`;

const LOSSES = `
  SELECT l.room, l.epoch, l.seen, l.noticed_at, e.base FROM losses l LEFT JOIN epochs e USING (epoch)
  WHERE (l.room, l.epoch) > ($1 COLLATE "C", $2) ORDER BY l.room, l.epoch LIMIT ${ROOMS_AT_ONCE}`;

const SET_ASIDE = 'SELECT count(*) AS letters FROM dead_letters';
const SAVE = `
  INSERT INTO audits (scope, report) VALUES ($1, $2)
  ON CONFLICT (scope) DO UPDATE SET report = excluded.report, made_at = clock_timestamp()`;
const NEWEST = 'SELECT report FROM audits ORDER BY made_at DESC LIMIT 1';

export type AccountStore = ReturnType<typeof createAccountStore>;

export function createAccountStore(pool: Pool) {
  const rowsOf = async <R extends object>(sql: string, values: unknown[]) =>
    (await pool.query<R>(sql, values)).rows;

  return {
    /** The next rooms after a name that the store knows anything of, in order; none at the end. */
    async rooms(after: string): Promise<string[]> {
      return (await rowsOf<{ room: string }>(ROOMS, [after, ROOMS_AT_ONCE])).map(({ room }) => room);
    },

    /** Those of the rooms that have a row or a tally. */
    async known(rooms: string[]): Promise<Set<string>> {
      return new Set((await rowsOf<{ room: string }>(KNOWN, [rooms])).map(({ room }) => room));
    },

    /** The next blocks of a room, after the one that begins with `from` (-1: the first ones). */
    async blocks(room: string, from: number): Promise<AccountBlock[]> {
      type Found = {
        block: number;
        rows: number;
        withdrawn: number;
        unjudged: number[] | null;
        created: string;
        ids: string | null;
      };
      const found = await rowsOf<Found>(BLOCKS, [room, Math.floor(from / BLOCK), BLOCKS_AT_ONCE]);
      return found.map(({ block, rows, withdrawn, unjudged, created, ids }) => ({
        from: block * BLOCK,
        rows,
        withdrawn,
        unjudged: (unjudged ?? []).map(Number),
        missing: ids === null ? [] : differing(created, ids, block),
        unknown: ids === null ? [] : differing(ids, created, block),
      }));
    },

    /** Rows of blocks in which nothing was ever stored, the first thousand. */
    async stray(room: string): Promise<number[]> {
      return (await rowsOf<{ id: number }>(STRAY, [room, MAX_NAMED])).map(({ id }) => id);
    },

    /** The revisions of some messages as they are stored. */
    async revisions(room: string, ids: number[]): Promise<Map<number, number>> {
      const rows = await rowsOf<AccountRow>(ROWS, [room, ids]);
      return new Map(rows.map(({ id, revision }) => [id, revision]));
    },

    /** The highest revisions of some messages that were set aside. */
    async letters(room: string, ids: number[]): Promise<Map<number, number>> {
      const rows = await rowsOf<AccountRow>(LETTERS, [room, ids]);
      return new Map(rows.map(({ id, revision }) => [id, revision]));
    },

    /** How many creations at offsets from..to-1 were stored or set aside. */
    async accounted(room: string, from: number, to: number): Promise<number> {
      return (await rowsOf<{ accounted: number }>(ACCOUNTED, [room, from, to]))[0]!.accounted;
    },

    /**
     * The highest offsets of from..to that the store does not reflect, at most a thousand of them. `more` where
     * there are others below.
     */
    async unsettled(room: string, from: number, to: number): Promise<{ offsets: number[]; more: boolean }> {
      const offsets: number[] = [];
      const aside = new Set(
        (await rowsOf<{ place: number }>(LETTER_OFFSETS, [room, from, to])).map(({ place }) => place),
      );
      for (let high = Math.floor(to / BLOCK); high >= Math.floor(from / BLOCK); high -= BLOCKS_AT_ONCE) {
        const low = Math.max(high - BLOCKS_AT_ONCE + 1, Math.floor(from / BLOCK));
        const rows = await rowsOf<{ block: number; settled: string }>(SETTLED, [room, low, high]);
        const bits = new Map(rows.map(({ block, settled }) => [block, settled]));
        for (let at = Math.min(to, (high + 1) * BLOCK - 1); at >= Math.max(from, low * BLOCK); at -= 1) {
          if (aside.has(at) || bits.get(Math.floor(at / BLOCK))?.[at % BLOCK] === '1') continue;
          if (offsets.length === MAX_NAMED) return { offsets, more: true };
          offsets.push(at);
        }
      }
      return { offsets, more: false };
    },

    /** The epoch to which an offset belongs, by the record; undefined where the record has a gap. */
    async epochOf(room: string, partition: number, offset: number): Promise<string | undefined> {
      return (await rowsOf<{ epoch: string }>(EPOCH_OF, [room, partition, offset]))[0]?.epoch;
    },

    /** Epochs that were lost, in the order of rooms and names. */
    async *losses(): AsyncGenerator<LostEpoch> {
      type Found = { room: string; epoch: string; seen: number; noticed_at: Date; base: number | null };
      for (let [room, epoch] = ['', '']; ; ) {
        const page = await rowsOf<Found>(LOSSES, [room, epoch]);
        for (const { noticed_at, base, ...rest } of page) {
          yield { ...rest, base: base ?? undefined, noticedAt: noticed_at.toISOString() };
        }
        if (page.length < ROOMS_AT_ONCE) return;
        ({ room, epoch } = page.at(-1)!);
      }
    },

    async deadLetters(): Promise<number> {
      return (await rowsOf<{ letters: number }>(SET_ASIDE, []))[0]!.letters;
    },

    /** Keeps a report for whoever asks later, in place of the one before of the same scope. */
    async save(scope: 'all' | 'touched', report: object): Promise<void> {
      await pool.query(SAVE, [scope, JSON.stringify(report)]);
    },

    /** The newest report; undefined where none was made. */
    async newest(): Promise<object | undefined> {
      return (await rowsOf<{ report: object }>(NEWEST, []))[0]?.report;
    },
  };
}

/** Ids whose bit is set in the one and not in the other. */
function differing(set: string, other: string, block: number): number[] {
  const ids: number[] = [];
  for (let i = 0; i < BLOCK; i += 1) if (set[i] === '1' && other[i] === '0') ids.push(block * BLOCK + i);
  return ids;
}
