import assert from 'node:assert/strict';
import type { Pool } from 'pg';
import { createPool } from '../../src/store/pool.ts';
import { type ErrorBody, http, startGateway } from '../support/gateway.ts';
import { token } from '../support/socket.ts';

type Who = 'user' | 'moderator' | 'admin' | 'elsewhere';
type Body = {
  scope: string;
  days: number | null;
  author?: string;
  reason?: string;
  setAt?: string;
  effective: number | null;
} & ErrorBody;

const CLAIMS: Record<Who, Record<string, unknown>> = {
  user: {},
  moderator: { roles: ['moderator'] },
  admin: { roles: ['admin'] },
  elsewhere: { roles: ['admin'], rooms: ['other-*'] },
};

describe('retention over HTTP', () => {
  let gateway: Awaited<ReturnType<typeof startGateway>>;
  let pool: Pool;
  let rooms = 0;
  before(async () => {
    gateway = await startGateway();
    pool = createPool({ databaseUrl: gateway.postgres.url, size: 2, timeoutMs: 30_000, name: 'test' });
  });
  after(async () => {
    await pool?.end();
    await gateway?.close();
  });
  const newRoom = () => `/v1/rooms/retention-${process.pid}-${++rooms}/retention`;

  async function call(method: 'GET' | 'PUT' | 'DELETE', path: string, who: Who, body?: unknown) {
    const headers = { authorization: `Bearer ${await token(who, CLAIMS[who])}` };
    const answer = await http(gateway.url, path, { method, headers, body });
    return { status: answer.status, body: answer.body as Body };
  }

  it('stands at nothing, for good, where nothing was set', async () => {
    const { status, body } = await call('GET', newRoom(), 'moderator');
    assert.deepEqual([status, body.days, body.setAt, body.effective], [200, null, undefined, null]);
    assert.equal((await call('GET', '/v1/retention', 'moderator')).body.scope, 'default');
  });

  it('is set by admins with author, time and reason, inherited, overridden and taken away', async () => {
    const [own, other] = [newRoom(), newRoom()];
    const set = await call('PUT', '/v1/retention', 'admin', { days: 90, reason: 'the law' });
    assert.deepEqual(
      [set.status, set.body.days, set.body.author, set.body.reason],
      [200, 90, 'admin', 'the law'],
    );
    assert.ok(Date.parse(set.body.setAt!) > Date.now() - 60_000);
    assert.equal((await call('GET', other, 'moderator')).body.effective, 90);
    const room = (await call('PUT', own, 'admin', { days: 7 })).body;
    assert.deepEqual([room.days, room.effective, room.reason], [7, 7, undefined]);
    const forGood = (await call('PUT', own, 'admin', { days: null })).body;
    assert.deepEqual([forGood.days, forGood.effective, forGood.author], [null, null, 'admin']);
    assert.equal((await call('DELETE', own, 'admin')).status, 204);
    const lifted = (await call('GET', own, 'moderator')).body;
    assert.deepEqual([lifted.days, lifted.setAt, lifted.effective], [null, undefined, 90]);
    assert.equal((await call('DELETE', '/v1/retention', 'admin')).status, 204);
    const { rows } = await pool.query('SELECT scope, days, lifted FROM retention ORDER BY id');
    assert.equal(rows.length, 5, 'every setting is kept');
  });

  it('is read by moderators of the room, and set by nobody but admins', async () => {
    const path = newRoom();
    assert.equal((await call('GET', path, 'user')).status, 403);
    assert.equal((await call('GET', path, 'elsewhere')).status, 403);
    for (const who of ['user', 'moderator', 'elsewhere'] as const) {
      assert.equal((await call('PUT', path, who, { days: 1 })).status, 403);
      assert.equal((await call('DELETE', path, who)).status, 403);
    }
  });

  it('refuses what is no number of days', async () => {
    const path = newRoom();
    for (const days of [undefined, 0, -1, 1.5, '7', 36_501, true]) {
      const { status, body } = await call('PUT', path, 'admin', { days });
      assert.deepEqual([status, body.error.code, body.error.path], [400, 'invalid_field', 'days'], `${days}`);
    }
    const long = await call('PUT', path, 'admin', { days: 1, reason: 'x'.repeat(501) });
    assert.deepEqual([long.body.error.code, long.body.error.path], ['invalid_field', 'reason']);
    const name = await call('PUT', '/v1/rooms/No/retention', 'admin', { days: 1 });
    assert.deepEqual([name.body.error.code, name.body.error.path], ['invalid_field', 'room']);
  });

  it('is unavailable while Postgres is away', async () => {
    gateway.postgres.cut();
    try {
      const { status, body } = await call('PUT', newRoom(), 'admin', { days: 1 });
      assert.deepEqual([status, body.error.code], [503, 'unavailable']);
    } finally {
      gateway.postgres.mend();
    }
  });
});
