import assert from 'node:assert/strict';
import type { Pool } from 'pg';
import { migrate } from '../../src/store/migrate.ts';
import { createPool } from '../../src/store/pool.ts';
import { freeDatabase } from '../support/stack.ts';

describe('store: migrations', () => {
  let pools: Pool[] = [];
  beforeEach(async () => {
    const databaseUrl = await freeDatabase();
    pools = [1, 2, 3].map(() => createPool({ databaseUrl, size: 1, timeoutMs: 5_000, name: 'test' }));
  });
  afterEach(() => Promise.all(pools.map(pool => pool.end())));

  it('are applied in order, and not again', async () => {
    const [pool] = pools;
    const applied = await migrate(pool!);
    assert.ok(applied.length > 0);
    assert.deepEqual(applied, [...applied].sort());
    const { rows } = await pool!.query('SELECT name FROM migrations ORDER BY applied_at, name');
    assert.deepEqual(
      rows.map(({ name }) => name),
      applied,
    );
    assert.deepEqual(await migrate(pool!), []);
  });

  it('are applied once by processes that start together', async () => {
    const applied = await Promise.all(pools.map(pool => migrate(pool)));
    assert.equal(applied.filter(names => names.length > 0).length, 1);
  });

  it('leave the limits of the connection as they were', async () => {
    const [pool] = pools;
    await migrate(pool!);
    const { rows } = await pool!.query('SHOW statement_timeout');
    assert.deepEqual(rows, [{ statement_timeout: '5s' }]);
  });
});
