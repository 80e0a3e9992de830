import { readdir, readFile } from 'node:fs/promises';
import type { Pool } from 'pg';

/** One migration at a time, whoever starts first. */
const LOCK = 7_203_001;

/** Applies the migrations that are missing, in the order of their numbers; answers their names. */
export async function migrate(pool: Pool): Promise<string[]> {
  const folder = new URL('./migrations/', import.meta.url);
  const files = (await readdir(folder)).filter(name => name.endsWith('.sql')).sort();
  const client = await pool.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    await client.query(
      'CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    const { rows } = await client.query<{ name: string }>('SELECT name FROM migrations');
    const applied = new Set(rows.map(({ name }) => name));
    const missing = files.filter(name => !applied.has(name));
    for (const name of missing) {
      const sql = await readFile(new URL(name, folder), 'utf8');
      await client.query('BEGIN');
      await client.query(sql);
      await client.query('INSERT INTO migrations (name) VALUES ($1)', [name]);
      await client.query('COMMIT');
    }
    await client.query('SELECT pg_advisory_unlock($1)', [LOCK]);
    client.release();
    return missing;
  } catch (error) {
    // Ends the session, and with it the transaction and the lock.
    client.release(true);
    throw error;
  }
}
