/**
 * Mutes and bans. One writer at a time, so that versions are given in the order of the commits and a reader that has
 * seen one has seen all below it.
 */
import type { Pool, PoolClient } from 'pg';
import { inTransaction } from './transaction.ts';

/** Everywhere; any other scope is a room's name. */
export const EVERYWHERE = '*';
export type SanctionKind = 'mute' | 'ban';
/** `until` in ISO 8601; absent for good. */
export type Sanction = { user: string; by: string; reason?: string; until?: string; createdAt: string };
/** `until` in milliseconds, Infinity for good; one that was lifted has ended. */
export type SanctionNews = {
  version: number;
  scope: string;
  kind: SanctionKind;
  user: string;
  byAdmin: boolean;
  until: number;
};
export type Place = { scope: string; kind: SanctionKind; user: string };
export type Setter = { by: string; byAdmin: boolean };
export type NewSanction = Place & Setter & { seconds?: number; reason?: string };

/** Standing at once, over all rooms: every gateway holds them in memory. */
const MAX_STANDING = 100_000;
/** Beside the locks of migrations, partitions and policies. */
const LOCK = 7_203_005;
const PAGE = 1_000;

const STANDS = '(until IS NULL OR until > clock_timestamp())';
const COUNT = `SELECT count(*)::integer AS standing FROM sanctions WHERE ${STANDS}`;
/** A gateway that was away for longer keeps what has ended by itself anyway. */
const FORGET = `DELETE FROM sanctions WHERE until < clock_timestamp() - interval '30 days'`;
/** What an admin set is the admins' alone to change while it stands. */
const PUT = `
  INSERT INTO sanctions AS s (scope, kind, user_id, version, by_admin, actor, reason, until)
  VALUES ($1, $2, $3, nextval('sanction_versions'), $4, $5, $6,
    clock_timestamp() + make_interval(secs => $7::double precision))
  ON CONFLICT (scope, kind, user_id) DO UPDATE SET version = excluded.version, by_admin = excluded.by_admin,
    actor = excluded.actor, reason = excluded.reason, until = excluded.until, created_at = clock_timestamp()
  WHERE excluded.by_admin OR NOT s.by_admin OR s.until <= clock_timestamp()
  RETURNING user_id, actor, reason, until, created_at`;
const FIND = `SELECT by_admin FROM sanctions WHERE scope = $1 AND kind = $2 AND user_id = $3 AND ${STANDS}`;
const LIFT = `
  UPDATE sanctions SET version = nextval('sanction_versions'), until = clock_timestamp()
  WHERE scope = $1 AND kind = $2 AND user_id = $3`;
const NOTE = `
  INSERT INTO moderation_log (scope, action, actor, subject, reason, until, at)
  VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())`;
const LIST = `
  SELECT user_id, actor, reason, until, created_at FROM sanctions
  WHERE scope = $1 AND kind = $2 AND user_id > $3 AND ${STANDS} ORDER BY user_id LIMIT $4`;
const SINCE = `
  SELECT version, scope, kind, user_id, by_admin, until FROM sanctions WHERE version > $1 ORDER BY version LIMIT ${PAGE}`;

type Row = { user_id: string; actor: string; reason: string | null; until: Date | null; created_at: Date };
type NewsRow = {
  version: number;
  scope: string;
  kind: SanctionKind;
  user_id: string;
  by_admin: boolean;
  until: Date | null;
};
export type SanctionStore = ReturnType<typeof createSanctionStore>;

/** All calls throw what Postgres says. */
export function createSanctionStore(pool: Pool) {
  const alone = <T>(work: (client: PoolClient) => Promise<T>) =>
    inTransaction(pool, async client => {
      await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
      return await work(client);
    });

  return {
    /** Sets or replaces one and notes it; `protected` where an admin's stands and no admin asks, `full` at the bound. */
    put: ({ scope, kind, user, by, byAdmin, seconds, reason }: NewSanction) =>
      alone(async (client): Promise<Sanction | 'protected' | 'full'> => {
        await client.query(FORGET);
        const { standing } = (await client.query<{ standing: number }>(COUNT)).rows[0]!;
        if (standing >= MAX_STANDING) return 'full';
        const values = [scope, kind, user, byAdmin, by, reason ?? null, seconds ?? null];
        const [row] = (await client.query<Row>(PUT, values)).rows;
        if (row === undefined) return 'protected';
        await client.query(NOTE, [scope, kind, by, user, row.reason, row.until]);
        return sanctionOf(row);
      }),

    /** Ends one and notes it; `none` where none stands. */
    lift: ({ scope, kind, user, by, byAdmin }: Place & Setter) =>
      alone(async (client): Promise<'lifted' | 'none' | 'protected'> => {
        const [found] = (await client.query<{ by_admin: boolean }>(FIND, [scope, kind, user])).rows;
        if (found === undefined) return 'none';
        if (found.by_admin && !byAdmin) return 'protected';
        await client.query(LIFT, [scope, kind, user]);
        await client.query(NOTE, [scope, `un${kind}`, by, user, null, null]);
        return 'lifted';
      }),

    /** Those that stand, by user, after the user `after`. */
    async list(scope: string, kind: SanctionKind, { after = '', limit }: { after?: string; limit: number }) {
      const { rows } = await pool.query<Row>(LIST, [scope, kind, after, limit + 1]);
      return { sanctions: rows.slice(0, limit).map(sanctionOf), hasMore: rows.length > limit };
    },

    /** What changed after a version, oldest first; at most 1,000, so ask again until there is none. */
    async since(version: number): Promise<SanctionNews[]> {
      const { rows } = await pool.query<NewsRow>(SINCE, [version]);
      return rows.map(({ user_id, by_admin, until, ...row }) => ({
        ...row,
        user: user_id,
        byAdmin: by_admin,
        until: until?.getTime() ?? Number.POSITIVE_INFINITY,
      }));
    },
  };
}

function sanctionOf({ user_id, actor, reason, until, created_at }: Row): Sanction {
  return {
    user: user_id,
    by: actor,
    ...(reason === null ? {} : { reason }),
    ...(until === null ? {} : { until: until.toISOString() }),
    createdAt: created_at.toISOString(),
  };
}
