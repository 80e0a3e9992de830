import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { createPool, isTransient, sqlState } from '../../src/store/pool.ts';
import { inTransaction } from '../../src/store/transaction.ts';
import { type OpenStore, openStore } from '../support/store.ts';

async function failureOf(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof Error);
    return error;
  }
  throw new Error('it did not fail');
}

describe('store: pool', () => {
  let db: OpenStore;
  before(async () => {
    db = await openStore({ size: 2, timeoutMs: 2_000 });
  });
  after(() => db.close());

  it('reads bigints as numbers, here alone', async () => {
    const { rows } = await db.pool.query('SELECT 9007199254740991::bigint AS most, count(*) FROM rooms');
    assert.deepEqual(rows, [{ most: Number.MAX_SAFE_INTEGER, count: 0 }]);
  });

  it('ends a statement on the server after its time, and the connection lives on', async () => {
    const error = await failureOf(db.pool.query('SELECT pg_sleep(20)'));
    assert.equal(sqlState(error), '57014');
    assert.ok(isTransient(error));
    assert.equal((await db.pool.query('SELECT 1')).rowCount, 1);
  });

  it('does not wait for a connection for ever', async () => {
    const taken = [await db.pool.connect(), await db.pool.connect()];
    const error = await failureOf(db.pool.query('SELECT 1'));
    assert.ok(isTransient(error), error.message);
    for (const client of taken) client.release();
  });

  it('survives the death of a connection in the midst of a transaction, and calls it transient', async () => {
    const dying = inTransaction(db.pool, async client => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const gone = new Promise(resolve => client.once('end', resolve));
      await db.pool.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid]);
      await gone;
      await client.query('SELECT 1');
    });
    const error = await failureOf(dying);
    assert.ok(isTransient(error), error.message);
    assert.equal((await db.pool.query('SELECT 1')).rowCount, 1);
  });

  it('calls transient what a server that is away, or mute, gives', async () => {
    const mute = createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => mute.once('listening', resolve));
    const { port } = mute.address() as AddressInfo;
    const sockets = new Set<{ destroy(): void }>();
    mute.on('connection', socket => sockets.add(socket));
    const pool = createPool({
      databaseUrl: `postgres://u:p@127.0.0.1:${port}/d`,
      size: 1,
      timeoutMs: 100,
      name: 't',
    });
    const silent = await failureOf(pool.query('SELECT 1'));
    assert.ok(isTransient(silent), silent.message);
    for (const socket of sockets) socket.destroy();
    await new Promise(resolve => mute.close(resolve));
    const away = await failureOf(pool.query('SELECT 1'));
    assert.ok(isTransient(away), away.message);
    await pool.end();
  });

  it('calls transient what another transaction is to blame for: a deadlock, a lock, a conflict', async () => {
    await db.pool.query("INSERT INTO rooms VALUES ('one', 1, now()), ('two', 1, now())");
    const touch = (room: string) => ({
      text: 'UPDATE rooms SET last_id = last_id + 1 WHERE room = $1',
      values: [room],
    });
    const [a, b] = [await db.pool.connect(), await db.pool.connect()];
    try {
      for (const client of [a, b]) await client.query("BEGIN; SET LOCAL deadlock_timeout = '10ms'");
      await a.query(touch('one'));
      await b.query(touch('two'));
      const crosswise = await Promise.allSettled([a.query(touch('two')), b.query(touch('one'))]);
      const failed = crosswise
        .filter(end => end.status === 'rejected')
        .map(({ reason }) => reason as unknown);
      assert.deepEqual(failed.map(sqlState), ['40P01']);
      assert.ok(isTransient(failed[0]));
      for (const client of [a, b]) await client.query('ROLLBACK');

      await a.query('BEGIN');
      await a.query(touch('one'));
      const locked = await failureOf(b.query("SELECT FROM rooms WHERE room = 'one' FOR UPDATE NOWAIT"));
      assert.deepEqual([sqlState(locked), isTransient(locked)], ['55P03', true]);
      await a.query('ROLLBACK');

      for (const client of [a, b]) await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await b.query('SELECT FROM rooms');
      await a.query(touch('one'));
      await a.query('COMMIT');
      const late = await failureOf(b.query(touch('one')));
      assert.deepEqual([sqlState(late), isTransient(late)], ['40001', true]);
    } finally {
      for (const client of [a, b]) client.release(true);
      await db.pool.query("DELETE FROM rooms WHERE room IN ('one', 'two')");
    }
  });

  it('does not call transient what will fail again', async () => {
    const refused = ["SELECT '\\x00'::text::int", 'SELECT 1/0', 'SELECT FROM nowhere', 'SELEKT'];
    for (const sql of refused) assert.equal(isTransient(await failureOf(db.pool.query(sql))), false, sql);
    for (const other of [undefined, null, 'timeout', new Error('a timeout of ours'), new TypeError('x')])
      assert.equal(isTransient(other), false);
  });

  it('takes nothing of a transaction that throws', async () => {
    const error = await failureOf(
      inTransaction(db.pool, async client => {
        await client.query("INSERT INTO rooms VALUES ('half', 1, now())");
        throw new Error('half-way');
      }),
    );
    assert.equal(error.message, 'half-way');
    assert.equal((await db.pool.query("SELECT FROM rooms WHERE room = 'half'")).rowCount, 0);
  });
});
