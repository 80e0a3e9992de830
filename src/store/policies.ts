import type { Pool } from 'pg';
import { inTransaction } from './transaction.ts';

/** The scope of the default; any other is a room's name. */
export const DEFAULT_SCOPE = '*';
/** Rooms with a policy of their own: workers keep them all in memory. */
const MAX_ROOMS = 5_000;
/** One writer at a time, beside the locks of migrations and partitions. */
const LOCK = 7_203_004;
const PAGE = 500;

/** A version as it is kept; `policy` was checked before it was stored. `createdAt` in ISO 8601. */
export type PolicyVersion = {
  version: number;
  policy: unknown;
  author: string;
  reason?: string;
  createdAt: string;
};
export type NewPolicy = { scope: string; policy: unknown; author: string; reason?: string; basedOn: number };
export type PolicyNews = { id: number; scope: string; version: number; policy: unknown };
export type Put = { stored: PolicyVersion } | { conflict: number } | { full: true };

/** Versions of policies. All calls throw what Postgres says. */
export type PolicyStore = {
  /** The version that counts; undefined where there never was one. */
  latest(scope: string): Promise<PolicyVersion | undefined>;
  /** Stores the next version if `basedOn` is the last one (0 for none), else says which is. */
  put(policy: NewPolicy): Promise<Put>;
  /** Newest first, those below `before`. */
  versions(scope: string, query: { before?: number; limit: number }): Promise<PolicyVersion[]>;
  /** What was stored after `id`, each scope's last version alone. */
  since(id: number): Promise<PolicyNews[]>;
  /** Each scope's last version among those up to `id`. */
  asOf(id: number): Promise<PolicyNews[]>;
  version(scope: string, version: number): Promise<PolicyVersion | undefined>;
  /** The id of the version that was stored last; 0 where there is none. */
  newest(): Promise<number>;
};

type Row = {
  version: number;
  policy: unknown;
  author: string;
  reason: string | null;
  created_at: Date;
};
const COLUMNS = 'version, policy, author, reason, created_at';
const LATEST = `SELECT ${COLUMNS} FROM policies WHERE scope = $1 ORDER BY version DESC LIMIT 1`;
const AS_OF = `
  SELECT DISTINCT ON (scope) id, scope, version, policy FROM policies WHERE id <= $1 ORDER BY scope, version DESC`;
const ONE = `SELECT ${COLUMNS} FROM policies WHERE scope = $1 AND version = $2`;
const NEWEST = 'SELECT coalesce(max(id), 0) AS newest FROM policies';
const VERSIONS = `
  SELECT ${COLUMNS} FROM policies WHERE scope = $1 AND ($2::integer IS NULL OR version < $2)
  ORDER BY version DESC LIMIT $3`;
const INSERT = `
  INSERT INTO policies (scope, version, policy, author, reason) VALUES ($1, $2, $3, $4, $5) RETURNING ${COLUMNS}`;
const ROOMS = `SELECT count(DISTINCT scope)::integer AS rooms FROM policies WHERE scope <> $1 AND scope <> '*'`;
const SINCE = `
  SELECT id, scope, version, policy FROM policies p
  WHERE id > $1 AND NOT EXISTS (SELECT FROM policies n WHERE n.scope = p.scope AND n.version > p.version)
  ORDER BY id LIMIT ${PAGE}`;

export function createPolicyStore(pool: Pool): PolicyStore {
  return {
    async latest(scope) {
      const { rows } = await pool.query<Row>(LATEST, [scope]);
      return rows[0] && versionOf(rows[0]);
    },

    put: ({ scope, policy, author, reason, basedOn }) =>
      inTransaction(pool, async client => {
        await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
        const last = (await client.query<Row>(LATEST, [scope])).rows[0]?.version ?? 0;
        if (last !== basedOn) return { conflict: last };
        const { rooms } = (await client.query<{ rooms: number }>(ROOMS, [scope])).rows[0]!;
        if (scope !== DEFAULT_SCOPE && rooms >= MAX_ROOMS) return { full: true };
        const values = [scope, last + 1, JSON.stringify(policy), author, reason ?? null];
        return { stored: versionOf((await client.query<Row>(INSERT, values)).rows[0]!) };
      }),

    async versions(scope, { before, limit }) {
      const { rows } = await pool.query<Row>(VERSIONS, [scope, before ?? null, limit]);
      return rows.map(versionOf);
    },

    async asOf(id) {
      return (await pool.query<PolicyNews>(AS_OF, [id])).rows;
    },
    async version(scope, version) {
      const { rows } = await pool.query<Row>(ONE, [scope, version]);
      return rows[0] && versionOf(rows[0]);
    },
    async newest() {
      return (await pool.query<{ newest: number }>(NEWEST)).rows[0]!.newest;
    },

    async since(id) {
      const news: PolicyNews[] = [];
      for (let last = id; ; last = news.at(-1)!.id) {
        const { rows } = await pool.query<PolicyNews>(SINCE, [last]);
        news.push(...rows);
        if (rows.length < PAGE) return news;
      }
    },
  };
}

function versionOf({ created_at, reason, ...row }: Row): PolicyVersion {
  return { ...row, ...(reason === null ? {} : { reason }), createdAt: created_at.toISOString() };
}
