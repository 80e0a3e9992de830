import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createRevocation } from '../../src/front/revocation.ts';
import { createLogger } from '../../src/logger.ts';
import { connectRedis, whenReady } from '../../src/rooms/redis.ts';
import { freePorts } from '../../src/stack/ports.ts';
import { closing, codeOf, type ErrorBody, http, startGateway, upgrade } from '../support/gateway.ts';
import { startGatewayPair } from '../support/gateway-pair.ts';
import { openSocket, token } from '../support/socket.ts';
import { stack } from '../support/stack.ts';
import { until } from '../support/until.ts';

const someone = () => `user-${randomUUID().slice(0, 8)}`;
const bearer = (given: string) => ({ authorization: `Bearer ${given}` });
/** Seconds of now, from before this one: what was revoked in the same second counts as older. */
const ago = (seconds: number) => Math.floor(Date.now() / 1_000) - seconds;

/** The admin call, as somebody with these roles. */
async function revoke(adminUrl: string, body: unknown, roles: string[] = ['admin']) {
  const headers = bearer(await token('root', { roles, iat: ago(0) }));
  return await http(adminUrl, '/v1/admin/revoke', { method: 'POST', headers, body });
}

describe('revocation', () => {
  let pair: Awaited<ReturnType<typeof startGatewayPair>>;

  before(async () => {
    pair = await startGatewayPair();
  });
  after(() => pair.close());

  const open = async (i: number, user: string, given: string) =>
    openSocket(pair.urls[i]!, user, { headers: bearer(given) });
  const ask = (i: number, given: string) => codeOf(upgrade(pair.urls[i]!, '/v1/ws', bearer(given)));

  it('of a user closes every socket on every gateway with 4003 within two seconds, and no other one', async () => {
    const [user, other] = [someone(), someone()];
    const [dated, undated, others] = await Promise.all([
      token(user, { iat: ago(60) }),
      token(user),
      token(other, { iat: ago(60) }),
    ]);
    const sockets = [
      await open(0, user, dated),
      await open(0, user, undated),
      await open(1, user, dated),
      await open(1, user, undated),
    ];
    const kept = [await open(0, other, others), await open(1, other, others)];
    const { body } = await http(pair.urls[1]!, '/v1/tickets', { method: 'POST', headers: bearer(dated) });
    const { ticket } = body as { ticket: string };
    const closed = Promise.all(sockets.map(({ socket }) => closing(socket)));
    const startedAt = performance.now();
    const answer = await revoke(pair.adminUrls[0]!, { user });
    assert.equal(answer.status, 200);
    const { revoked, at, until: end } = answer.body as Record<string, string>;
    assert.deepEqual(revoked, { user });
    assert.equal(Date.parse(end!) - Date.parse(at!), 60 * 86_400_000, 'as long as a token may live');
    for (const how of await closed) assert.deepEqual(how, [4003, 'revoked']);
    // Two of a machine that keeps pace: gateways look twice a second.
    const ms = performance.now() - startedAt;
    assert.ok(ms < 10_000, `${Math.round(ms)} ms`);

    for (const i of [0, 1]) {
      assert.equal(await ask(i, dated), 'token_invalid');
      assert.equal(await ask(i, undated), 'token_invalid');
      const call = await http(pair.urls[i]!, '/v1/rooms', { headers: bearer(dated) });
      assert.deepEqual([call.status, (call.body as ErrorBody).error.code], [401, 'token_invalid']);
    }
    assert.equal(await codeOf(upgrade(pair.urls[1]!, `/v1/ws?ticket=${ticket}`)), 'token_invalid');
    for (const socket of kept) assert.equal((await socket.ask({ type: 'ping' })).type, 'pong');

    const fresh = await token(user, { iat: Math.floor(Date.parse(at!) / 1_000) + 1 });
    for (const i of [0, 1]) assert.equal(await ask(i, fresh), '101', 'a token that was given later is good');
    await Promise.all(kept.map(socket => socket.close()));
  });

  it('of one token closes its sockets alone, and keeps it from refresh', async () => {
    const [user, jti] = [someone(), randomUUID()];
    const [bad, good] = await Promise.all([token(user, { jti }), token(user, { jti: randomUUID() })]);
    const [lost, kept] = [await open(1, user, bad), await open(1, user, good)];
    const closed = closing(lost.socket);
    assert.equal((await revoke(pair.adminUrls[0]!, { jti })).status, 200);
    assert.deepEqual(await closed, [4003, 'revoked']);
    assert.equal(await ask(0, bad), 'token_invalid');
    const refresh = await kept.ask({ type: 'refresh', token: bad });
    assert.deepEqual([refresh.type, refresh.code], ['error', 'token_invalid']);
    assert.equal((await kept.ask({ type: 'refresh', token: good })).type, 'refreshed');
    await kept.close();
  });

  it('is for admins, by bearer, on the admin port alone, and of exactly one thing', async () => {
    const url = pair.adminUrls[0]!;
    const code = ({ status, body }: { status: number; body: unknown }) => [
      status,
      (body as ErrorBody).error.code,
    ];
    assert.deepEqual(code(await revoke(url, { user: 'x' }, ['moderator'])), [403, 'forbidden']);
    assert.deepEqual(code(await http(url, '/v1/admin/revoke', { method: 'POST', body: { user: 'x' } })), [
      401,
      'unauthenticated',
    ]);
    const cookie = `parley_session=${await token('root', { roles: ['admin'], iat: ago(0) })}`;
    const headers = { cookie, origin: url };
    assert.deepEqual(
      code(await http(url, '/v1/admin/revoke', { method: 'POST', headers, body: { user: 'x' } })),
      [401, 'unauthenticated'],
    );
    for (const body of [
      {},
      { user: 'x', jti: 'y' },
      { user: 'not a user' },
      { jti: '' },
      { user: 'x', more: 1 },
    ]) {
      assert.deepEqual(code(await revoke(url, body)), [400, 'invalid_field'], JSON.stringify(body));
    }
    assert.deepEqual(code(await revoke(url, 'no json')), [400, 'bad_json']);
    assert.deepEqual(code(await revoke(pair.urls[0]!, { user: 'x' })), [404, 'not_found']);
    assert.equal((await fetch(`${url}/metrics`)).status, 200, 'the other calls are as they were');
  });
});

describe('a revocation', () => {
  it('is known to a gateway that starts later, and to one that was cut off when it was made', async () => {
    const ports = await freePorts(2);
    const [near, far] = (await Promise.all(
      ports.map(port => startGateway({ ADMIN_PORT: String(port) })),
    )) as [Awaited<ReturnType<typeof startGateway>>, Awaited<ReturnType<typeof startGateway>>];
    const user = someone();
    const given = await token(user, { iat: ago(60) });
    const socket = await openSocket(far.url, user, { headers: bearer(given) });
    const closed = closing(socket.socket);
    far.redis.cut();
    await until('the loss is noticed', async () => (await http(far.url, '/readyz')).status === 503);
    assert.equal((await revoke(`http://127.0.0.1:${ports[0]}`, { user })).status, 200);
    const away = await revoke(`http://127.0.0.1:${ports[1]}`, { user });
    assert.equal(away.status, 503, 'what cannot be told to all is not said to be done');
    assert.equal((await socket.ask({ type: 'ping' })).type, 'pong');
    far.redis.mend();
    assert.deepEqual(await closed, [4003, 'revoked']);
    const later = await startGateway();
    try {
      for (const { url } of [near, far, later]) {
        assert.equal(await codeOf(upgrade(url, '/v1/ws', bearer(given))), 'token_invalid');
      }
    } finally {
      await Promise.all([near, far, later].map(gateway => gateway.close()));
    }
  });

  it('is written again by a gateway that knows it, where Redis came back without', async () => {
    const [port] = (await freePorts(1)) as [number];
    const gateway = await startGateway({ ADMIN_PORT: String(port) });
    const { redisUrl } = await stack();
    const logger = createLogger({ level: 'silent', part: 'test' });
    const redis = connectRedis({ url: redisUrl, timeoutMs: 30_000, name: 'test', logger });
    await whenReady(redis, 30_000);
    const [user, jti] = [someone(), randomUUID()];
    for (const body of [{ user }, { jti }]) {
      assert.equal((await revoke(`http://127.0.0.1:${port}`, body)).status, 200);
    }
    gateway.redis.cut();
    await until('the loss is noticed', async () => (await http(gateway.url, '/readyz')).status === 503);
    await redis.del('parley:revocations');
    gateway.redis.mend();
    await until('both are there again', async () => {
      const all = JSON.stringify(await redis.xrange('parley:revocations', '-', '+'));
      return all.includes(user) && all.includes(jti);
    });
    await until('they go by themselves some day', async () => (await redis.pttl('parley:revocations')) > 0);
    const later = await startGateway();
    try {
      for (const given of [await token(user), await token(someone(), { jti })]) {
        assert.equal(await codeOf(upgrade(later.url, '/v1/ws', bearer(given))), 'token_invalid');
      }
    } finally {
      redis.disconnect();
      await Promise.all([gateway, later].map(one => one.close()));
    }
  });

  it('goes when the longest token would have ended, here and in Redis', async () => {
    const { redisUrl } = await stack();
    const logger = createLogger({ level: 'silent', part: 'test' });
    const redis = connectRedis({ url: redisUrl, timeoutMs: 30_000, name: 'test', logger });
    await whenReady(redis, 30_000);
    const lifeMs = 5_000;
    const revocation = createRevocation({ redis, logger, maxTokenLifeMs: lifeMs, pollMs: 50 });
    try {
      await revocation.load();
      const [user, jti] = [someone(), randomUUID()];
      const identity = { user, roles: [], expiresAt: Date.now() + lifeMs, moderator: false };
      const single = { ...identity, user: someone(), tokenId: jti };
      const first = await revocation.revoke({ user });
      await revocation.revoke({ jti });
      assert.ok('until' in first && first.until - first.at === lifeMs);
      assert.deepEqual([identity, single].map(revocation.covers), [true, true]);
      await until('both are forgotten', () => !revocation.covers(identity) && !revocation.covers(single));
      assert.ok(Date.now() >= first.until);
      await until('Redis forgot', async () => (await redis.exists('parley:revocations')) === 0);
    } finally {
      revocation.close();
      redis.disconnect();
    }
  });
});
