import { readdir, readFile } from 'node:fs/promises';
import type { Pool, PoolClient } from 'pg';
import { withClient } from './transaction.ts';

/** The advisory lock of migrations: one process at a time, whoever starts first. */
const LOCK = 7_203_001;
/** For the lock and for each migration; a pool's own limit is meant for single reads and writes. */
const TIMEOUT_MS = 60_000;
const FOLDER = new URL('./migrations/', import.meta.url);

/**
 * Applies the migrations that are missing, in the order of their numbers, each in a transaction of its own, and
 * answers their names. Several processes may call it at once. Throws with those before the failed one applied.
 */
export function migrate(pool: Pool): Promise<string[]> {
  return withClient(pool, async client => {
    await run(client, `SET statement_timeout = ${TIMEOUT_MS}`);
    try {
      await run(client, 'SELECT pg_advisory_lock($1)', [LOCK]);
      const missing = await missingOf(client);
      for (const name of missing) await apply(client, name);
      await run(client, 'SELECT pg_advisory_unlock($1)', [LOCK]);
      return missing;
    } finally {
      await run(client, 'RESET statement_timeout').catch(() => undefined);
    }
  });
}

async function missingOf(client: PoolClient): Promise<string[]> {
  await run(
    client,
    'CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
  );
  const { rows } = await client.query<{ name: string }>('SELECT name FROM migrations');
  const applied = new Set(rows.map(({ name }) => name));
  const files = (await readdir(FOLDER)).filter(name => name.endsWith('.sql')).sort();
  return files.filter(name => !applied.has(name));
}

async function apply(client: PoolClient, name: string): Promise<void> {
  const sql = await readFile(new URL(name, FOLDER), 'utf8');
  await client.query('BEGIN');
  await run(client, sql);
  await client.query('INSERT INTO migrations (name) VALUES ($1)', [name]);
  await client.query('COMMIT');
}

/** A statement under the longer limit: pg reads `query_timeout` from each query, which its types do not know. */
function run(client: PoolClient, text: string, values?: unknown[]) {
  const query = { text, query_timeout: TIMEOUT_MS + 500, ...(values === undefined ? {} : { values }) };
  return client.query(query);
}
