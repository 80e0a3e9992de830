import type { Pool, PoolClient } from 'pg';
import { sqlState } from './pool.ts';

/** A connection or the pool: whatever takes one statement. */
export type Queryable = { query: PoolClient['query'] };

/**
 * Runs `work` on one connection. A connection on which something was thrown is closed, which ends its transaction
 * and gives back its locks.
 */
export async function withClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken = true;
  try {
    const answer = await work(client);
    broken = false;
    return answer;
  } finally {
    client.release(broken);
  }
}

/** Runs `work` in one transaction: all of it is stored, or it throws and nothing is. */
export function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  return withClient(pool, async client => {
    await client.query('BEGIN');
    const answer = await work(client);
    await client.query('COMMIT');
    return answer;
  });
}

/**
 * Runs one statement over all rows. If the database refuses it for its data, the rows are halved, each half behind
 * a savepoint, until those at fault are alone: they go to `refuse` with their SQLSTATE, the rest goes in. Costs one
 * savepoint where nothing is refused, and about 2 log2(n) statements for each row that is. `statement` must leave
 * nothing behind when it throws.
 */
export async function isolating<R>(
  client: PoolClient,
  rows: R[],
  { statement, refuse }: { statement: (rows: R[]) => Promise<void>; refuse: (row: R, cause: string) => void },
): Promise<void> {
  if (rows.length === 0) return;
  await client.query('SAVEPOINT part');
  try {
    await statement(rows);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await client.query('ROLLBACK TO SAVEPOINT part');
    await client.query('RELEASE SAVEPOINT part');
    if (rows.length === 1) return refuse(rows[0]!, sqlState(error)!);
    const half = Math.ceil(rows.length / 2);
    await isolating(client, rows.slice(0, half), { statement, refuse });
    return isolating(client, rows.slice(half), { statement, refuse });
  }
  await client.query('RELEASE SAVEPOINT part');
}

/** Classes 22 (data) and 23 (constraints): the row's own fault, and the same the next time. */
function isRefusal(error: unknown): boolean {
  return /^2[23]/.test(sqlState(error) ?? '');
}
