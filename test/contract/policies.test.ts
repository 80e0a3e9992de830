import assert from 'node:assert/strict';
import type { Pool } from 'pg';
import { createLivePolicies } from '../../src/moderation/live.ts';
import { createPolicyStore } from '../../src/store/policies.ts';
import { createPool } from '../../src/store/pool.ts';
import { type ErrorBody, startGateway } from '../support/gateway.ts';
import { token } from '../support/socket.ts';
import { until } from '../support/until.ts';

type Gateway = Awaited<ReturnType<typeof startGateway>>;
type Who = 'user' | 'moderator' | 'admin' | 'elsewhere';
type Body = {
  version: number;
  policy: { rules: { id: string }[] };
  effective: { rules: { id: string }[] };
  scope: string;
  inherits: number;
  versions: { version: number; author: string; reason?: string; createdAt: string }[];
} & ErrorBody;

const CLAIMS: Record<Who, Record<string, unknown>> = {
  user: {},
  moderator: { roles: ['moderator'] },
  admin: { roles: ['admin'] },
  elsewhere: { roles: ['moderator'], rooms: ['other-*'] },
};
const words = (id: string, ...list: string[]) => ({ id, type: 'words', words: list, action: 'mask' });
const policyOf = (...rules: unknown[]) => ({ schema: 1, rules });

describe('policies over HTTP', () => {
  let gateway: Gateway;
  let pool: Pool;
  let rooms = 0;
  before(async () => {
    gateway = await startGateway();
    pool = createPool({ databaseUrl: gateway.postgres.url, size: 2, timeoutMs: 30_000, name: 'test' });
  });
  after(async () => {
    await pool.end();
    await gateway.close();
  });
  const newRoom = () => `policy-${process.pid}-${++rooms}`;

  async function call(path: string, who: Who, body?: unknown) {
    const response = await fetch(`${gateway.url}${path}`, {
      method: body === undefined ? 'GET' : 'PUT',
      headers: {
        authorization: `Bearer ${await token(who, CLAIMS[who])}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      signal: AbortSignal.timeout(30_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Body };
  }
  const ids = (rules: { id: string }[]) => rules.map(({ id }) => id);

  it('show the built-in default, and for a room what it inherits, where nothing was set', async () => {
    const { status, body } = await call('/v1/policies/default', 'moderator');
    assert.deepEqual([status, body.scope], [200, 'default']);
    assert.ok(ids(body.policy.rules).includes('profanity/slur'));
    const room = (await call(`/v1/rooms/${newRoom()}/policy`, 'moderator')).body;
    assert.deepEqual([room.version, room.policy.rules], [0, []]);
    assert.ok(ids(room.effective.rules).includes('profanity/slur'));
  });

  it('keep every version of a room with author, time and reason', async () => {
    const path = `/v1/rooms/${newRoom()}/policy`;
    const first = await call(path, 'moderator', {
      version: 0,
      policy: policyOf(words('own', 'a')),
      reason: 'start',
    });
    assert.deepEqual([first.status, first.body.version], [200, 1]);
    const off = { ...policyOf(words('own', 'b')), off: ['profanity/slur'] };
    assert.equal((await call(path, 'admin', { version: 1, policy: off })).body.version, 2);
    const { body } = await call(path, 'moderator');
    assert.deepEqual([body.version, body.policy], [2, off]);
    assert.ok(ids(body.effective.rules).includes('own'));
    assert.ok(!ids(body.effective.rules).includes('profanity/slur'));
    const { versions } = (await call(`${path}/versions`, 'moderator')).body;
    assert.deepEqual(
      versions.map(({ version, author, reason }) => [version, author, reason]),
      [
        [2, 'admin', undefined],
        [1, 'moderator', 'start'],
      ],
    );
    assert.ok(Math.abs(Date.parse(versions[0]!.createdAt) - Date.now()) < 60_000);
    assert.equal((await call(`${path}/versions?before=2`, 'moderator')).body.versions.length, 1);
    assert.equal((await call(`${path}/versions?before=x`, 'moderator')).body.error.code, 'invalid_cursor');
  });

  it('refuse a change of a version that is not the last one, also at the same moment', async () => {
    const path = `/v1/rooms/${newRoom()}/policy`;
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd'].map(word =>
        call(path, 'moderator', { version: 0, policy: policyOf(words('own', word)) }),
      ),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409, 409]);
    const { body } = await call(path, 'moderator', { version: 0, policy: policyOf() });
    assert.deepEqual([body.error.code, body.error.path], ['id_conflict', 'version']);
  });

  it('say what is wrong with a policy, and where', async () => {
    const path = `/v1/rooms/${newRoom()}/policy`;
    const cases: [body: unknown, path: string][] = [
      [{ version: 0 }, 'policy'],
      [{ version: -1, policy: policyOf() }, 'version'],
      [{ version: 0, policy: 'none' }, 'policy'],
      [{ version: 0, policy: policyOf({ ...words('a', 'x'), action: 'burn' }) }, 'policy.rules[0].action'],
      [{ version: 0, policy: policyOf(words('a', 'x', '')) }, 'policy.rules[0].words[1]'],
      [{ version: 0, policy: policyOf(), reason: 5 }, 'reason'],
      [{ version: 0, policy: policyOf(), more: 5 }, 'more'],
    ];
    for (const [body, expected] of cases) {
      const answer = await call(path, 'moderator', body);
      assert.equal(answer.status, 400);
      assert.deepEqual([answer.body.error.code, answer.body.error.path], ['invalid_field', expected]);
    }
    assert.equal((await call(path, 'moderator')).body.version, 0);
  });

  it('are for moderators that cover the room; the default is set by admins', async () => {
    const path = `/v1/rooms/${newRoom()}/policy`;
    const put = { version: 0, policy: policyOf(words('own', 'a')) };
    for (const who of ['user', 'elsewhere'] as const) {
      for (const answer of [call(path, who), call(path, who, put), call(`${path}/versions`, who)]) {
        assert.equal((await answer).status, 403);
      }
    }
    assert.equal((await call('/v1/policies/default', 'moderator', put)).status, 403);
    assert.equal((await call('/v1/policies/default', 'user')).status, 403);
    assert.equal((await call('/v1/rooms/A!/policy', 'moderator')).body.error.path, 'room');
  });

  it('become known to whoever judges: the default, then a room over it', async () => {
    const live = createLivePolicies({
      since: createPolicyStore(pool).since,
      logger: { warn: () => {} },
      pollMs: 50,
    });
    try {
      await live.load();
      const room = newRoom();
      assert.equal(live.of(room).version, 'builtin-1');
      const set = await call('/v1/policies', 'admin', { version: 0, policy: policyOf(words('base', 'x')) });
      assert.equal(set.status, 200);
      await until('the default is known', () => live.of(room).version === 'default@1');
      await call(`/v1/rooms/${room}/policy`, 'moderator', {
        version: 0,
        policy: policyOf(words('own', 'y')),
      });
      await until('the room is known', () => live.of(room).version === 'room@1/default@1');
      assert.deepEqual(ids(live.of(room).rules), ['base', 'own']);
      assert.equal(live.of(newRoom()).version, 'default@1');
    } finally {
      live.close();
    }
  });

  it('cannot be had while the store is away', async () => {
    gateway.postgres.cut();
    try {
      assert.equal((await call('/v1/policies/default', 'moderator')).body.error.code, 'unavailable');
    } finally {
      gateway.postgres.mend();
    }
  });
});
