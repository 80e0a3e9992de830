import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { Redis } from 'ioredis';
import { decodeJwt } from 'jose';
import { closing, codeOf, type ErrorBody, http, startGateway, upgrade } from '../support/gateway.ts';
import { openSocket, token } from '../support/socket.ts';
import { stack } from '../support/stack.ts';
import { until } from '../support/until.ts';

type Gateway = Awaited<ReturnType<typeof startGateway>>;
const ALLOWED = 'https://app.example';
const OTHER = 'https://other.example';

const codeOfCall = async (call: ReturnType<typeof http>) => {
  const { status, body } = await call;
  return status < 400 ? status : (body as ErrorBody).error.code;
};

describe('signing in to a socket', () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await startGateway({
      ALLOWED_ORIGINS: `${ALLOWED}, ${OTHER}`,
      SEND_PER_SECOND: '5',
      SEND_BURST: '7',
      HEARTBEAT_MS: '25000',
    });
  });
  after(() => gateway.close());

  const open = (headers: Record<string, string>, path = '/v1/ws') =>
    codeOf(upgrade(gateway.url, path, headers));
  const bearer = async (claims: Record<string, unknown> = {}, expires?: string) => ({
    authorization: `Bearer ${await token('ann', claims, expires)}`,
  });
  const cookie = async (expires?: string) => ({
    cookie: `a=b; parley_session=${await token('ann', {}, expires)}`,
  });

  it('takes a bearer or the session cookie, and tells apart why not', async () => {
    assert.equal(await open({}), 'unauthenticated');
    assert.equal(await open({ cookie: 'other=1; parley_session=' }), 'unauthenticated');
    assert.equal(await open(await bearer()), '101');
    assert.equal(await open(await bearer({}, '-1s')), 'token_expired');
    assert.equal(await open({ authorization: 'Bearer nonsense' }), 'token_invalid');
    assert.equal(await open({ authorization: 'Basic YTpi' }), 'token_invalid');
    assert.equal(await open(await cookie()), '101');
    assert.equal(await open(await cookie('-1s')), 'token_expired');
    assert.equal(await open({ cookie: 'parley_session=nonsense' }), 'token_invalid');
    assert.equal(await open(await bearer(), '/v1/ws?access_token=x'), 'token_in_query');
    assert.equal(await open({}, `/v1/ws?t=${await token('ann')}`), 'token_in_query');
  });

  it('does not fall back on another credential when the first one is wrong', async () => {
    const both = { ...(await cookie()), authorization: 'Bearer nonsense' };
    assert.equal(await open(both), 'token_invalid');
    assert.equal(await open(await cookie(), '/v1/ws?ticket=nonsense'), 'token_invalid');
  });

  it('by cookie too is only for pages of the own origin and the allow-list', async () => {
    assert.equal(await open({ ...(await cookie()), origin: 'http://evil.example' }), 'origin_denied');
    assert.equal(await open({ ...(await cookie()), origin: ALLOWED }), '101');
    assert.equal(await open({ ...(await cookie()), origin: gateway.url }), '101');
  });

  it('greets with who the token says it is', async () => {
    const socket = await openSocket(gateway.url, 'ann');
    const { connection, ...welcome } = socket.frames[0]!;
    assert.match(String(connection), /^[\w-]{36}$/);
    assert.deepEqual(welcome, {
      type: 'welcome',
      protocol: 1,
      user: 'ann',
      heartbeatMs: 25_000,
      limits: { frameBytes: 65_536, contentLength: 4_000, rooms: 128, sendPerSecond: 5, sendBurst: 7 },
    });
    await socket.close();
  });
});

describe('a ticket', () => {
  let gateway: Gateway;
  let redis: Redis;
  before(async () => {
    gateway = await startGateway({ ALLOWED_ORIGINS: `${ALLOWED}, ${OTHER}` });
    redis = new Redis((await stack()).redisUrl);
  });
  after(async () => {
    redis.disconnect();
    await gateway.close();
  });

  async function ticketOf(
    headers: Record<string, string> = {},
    claims: Record<string, unknown> = {},
    expires?: string,
  ) {
    const authorization = `Bearer ${await token('ann', claims, expires)}`;
    const answer = await http(gateway.url, '/v1/tickets', {
      method: 'POST',
      headers: { authorization, ...headers },
    });
    assert.equal(answer.status, 200);
    return answer.body as { ticket: string; expiresAt: string };
  }
  const use = (ticket: string, headers: Record<string, string> = {}) =>
    codeOf(upgrade(gateway.url, `/v1/ws?ticket=${ticket}`, headers));

  it('opens one socket, whoever comes at the same time', async () => {
    const askedAt = Date.now();
    const { ticket, expiresAt } = await ticketOf();
    const givenAt = Date.parse(expiresAt) - 30_000;
    assert.ok(givenAt >= askedAt && givenAt <= Date.now(), expiresAt);
    const codes = await Promise.all(Array.from({ length: 20 }, () => use(ticket)));
    assert.deepEqual(codes.sort(), ['101', ...Array(19).fill('ticket_used')].sort());
    assert.equal(await use(ticket), 'ticket_used');
  });

  it('that is unknown, malformed, expired or given twice is token_invalid', async () => {
    const askedAt = Date.now();
    const { ticket } = await ticketOf();
    assert.equal(await use('A'.repeat(43)), 'token_invalid');
    assert.equal(await use('short'), 'token_invalid');
    assert.equal(await use(`${ticket}&ticket=${ticket}`), 'token_invalid');
    const key = `parley:ticket:${createHash('sha256').update(ticket).digest('base64url')}`;
    const ttl = await redis.pttl(key);
    assert.ok(ttl >= 29_900 - (Date.now() - askedAt) && ttl <= 30_000, `${ttl} ms`);
    await redis.pexpire(key, 0);
    assert.equal(await use(ticket), 'token_invalid');
  });

  it('is remembered as used for a minute, and lies in Redis as a hash alone', async () => {
    const { ticket } = await ticketOf();
    const keys = await redis.keys('parley:ticket:*');
    assert.ok(keys.length > 0 && keys.every(key => !key.includes(ticket)));
    const usedAt = Date.now();
    assert.equal(await use(ticket), '101');
    const ttl = await redis.pttl(`parley:ticket:${createHash('sha256').update(ticket).digest('base64url')}`);
    assert.ok(ttl >= 59_900 - (Date.now() - usedAt) && ttl <= 60_000, `${ttl} ms`);
  });

  it('is good for the origin that asked for it alone, and is used up by the attempt of another', async () => {
    const { ticket } = await ticketOf({ origin: ALLOWED });
    assert.equal(await use(ticket, { origin: OTHER }), 'origin_denied');
    assert.equal(await use(ticket, { origin: ALLOWED }), 'ticket_used');
    const again = await ticketOf({ origin: ALLOWED });
    assert.equal(await use(again.ticket), 'origin_denied');
    const right = await ticketOf({ origin: ALLOWED });
    assert.equal(await use(right.ticket, { origin: ALLOWED }), '101');
    const byServer = await ticketOf();
    assert.equal(await use(byServer.ticket, { origin: OTHER }), '101');
  });

  it('hands on the claims and the end of the token', async () => {
    const { ticket } = await ticketOf({}, { rooms: ['team-*'] }, '6s');
    const opened = await upgrade(gateway.url, `/v1/ws?ticket=${ticket}`);
    assert.ok('socket' in opened);
    const { socket, frames } = opened;
    const closed = closing(socket);
    socket.send(JSON.stringify({ type: 'join', room: 'secret', ref: 1 }));
    await until('the answer', () => frames.some(({ ref }) => ref === 1));
    assert.equal(frames.find(({ ref }) => ref === 1)?.code, 'forbidden');
    const { expiresAt } = frames.find(({ type }) => type === 'token.expiring')!;
    assert.deepEqual(await closed, [4001, 'token_expired']);
    assert.ok(Date.now() >= Date.parse(String(expiresAt)));
  });

  it('is not to be had without signing in', async () => {
    assert.equal(await codeOfCall(http(gateway.url, '/v1/tickets', { method: 'POST' })), 'unauthenticated');
  });
});

describe('a session', () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await startGateway({ ALLOWED_ORIGINS: ALLOWED });
  });
  after(() => gateway.close());

  async function cookieOf(user: string): Promise<string> {
    const { headers } = await http(gateway.url, '/v1/session', { as: user, method: 'POST' });
    return headers.getSetCookie()[0]!.split(';')[0]!;
  }
  const post = (headers: Record<string, string>) =>
    codeOfCall(http(gateway.url, '/v1/tickets', { method: 'POST', headers }));

  it('begins with a bearer, as a cookie that scripts cannot read and other sites cannot send', async () => {
    const askedAt = Date.now();
    const answer = await http(gateway.url, '/v1/session', { as: 'ann', method: 'POST' });
    const { user, expiresAt } = answer.body as { user: string; expiresAt: string };
    assert.equal(user, 'ann');
    const [cookie, ...more] = answer.headers.getSetCookie();
    assert.equal(more.length, 0);
    assert.match(cookie!, /^parley_session=[^;]+; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax$/);
    const maxAge = Number(/Max-Age=(\d+)/.exec(cookie!)![1]);
    const leftSince = (from: number) => (Date.parse(expiresAt) - from) / 1_000;
    assert.ok(maxAge <= leftSince(askedAt) + 1 && maxAge >= leftSince(Date.now()) - 1, `${maxAge} s`);
  });

  it('is Secure where the browser came over https', async () => {
    const { headers } = await http(gateway.url, '/v1/session', {
      as: 'ann',
      method: 'POST',
      headers: { origin: ALLOWED },
    });
    assert.match(headers.getSetCookie()[0]!, /; Secure/);
  });

  it('reads without an Origin, and changes something only with a matching one', async () => {
    const cookie = await cookieOf('ann');
    const read = (headers: Record<string, string>) => codeOfCall(http(gateway.url, '/v1/rooms', { headers }));
    assert.equal(await read({ cookie }), 200);
    assert.equal(await read({ cookie, origin: 'http://evil.example' }), 'origin_denied');
    assert.equal(await post({ cookie }), 'origin_denied');
    assert.equal(await post({ cookie, origin: 'http://evil.example' }), 'origin_denied');
    assert.equal(await post({ cookie, origin: 'null' }), 'origin_denied');
    assert.equal(await post({ cookie, origin: gateway.url }), 200);
    assert.equal(await post({ cookie, origin: ALLOWED }), 200);
    assert.equal(await post({ cookie, authorization: `Bearer ${await token('ann')}` }), 200);
  });

  it('is not made of a cookie, nor of a token that no cookie can hold', async () => {
    const cookie = await cookieOf('ann');
    const start = (headers: Record<string, string>) =>
      codeOfCall(http(gateway.url, '/v1/session', { method: 'POST', headers }));
    assert.equal(await start({ cookie, origin: gateway.url }), 'unauthenticated');
    const long = await token('ann', { rooms: Array.from({ length: 60 }, (_, i) => `${'r'.repeat(50)}${i}`) });
    assert.equal(await start({ authorization: `Bearer ${long}` }), 'payload_too_large');
  });

  it('ends with DELETE, even when its token has ended before, but not at the word of another site', async () => {
    const end = (headers: Record<string, string>) =>
      http(gateway.url, '/v1/session', { method: 'DELETE', headers });
    const stale = { cookie: `parley_session=${await token('ann', {}, '-1s')}` };
    assert.equal((await end(stale)).status, 403);
    assert.equal((await end({ ...stale, origin: 'http://evil.example' })).status, 403);
    const ended = await end({ ...stale, origin: gateway.url });
    assert.equal(ended.status, 204);
    assert.match(ended.headers.getSetCookie()[0]!, /^parley_session=; Max-Age=0; Path=\/; HttpOnly/);
  });
});

describe('a development token', () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await startGateway({ AUTH_MODE: 'dev', ALLOWED_ORIGINS: ALLOWED });
  });
  after(() => gateway.close());

  const ask = (body: unknown, headers: Record<string, string> = {}) =>
    http(gateway.url, '/v1/dev/token', { method: 'POST', body, headers });

  it('is given to anyone who asks, with the claims that were asked for', async () => {
    const body = { user: 'ann', name: 'Ann', roles: ['moderator'], rooms: ['a*'], ttlSeconds: 60 };
    const { token: given } = (await ask(body)).body as { token: string };
    const { iat, exp, ...claims } = decodeJwt(given);
    assert.deepEqual(claims, { sub: 'ann', name: 'Ann', roles: ['moderator'], rooms: ['a*'] });
    assert.equal(exp! - iat!, 60);
    const headers = { authorization: `Bearer ${given}` };
    assert.equal(await codeOf(upgrade(gateway.url, '/v1/ws', headers)), '101');
  });

  it('is checked like any call', async () => {
    const wrong: [object, string][] = [
      [{}, 'user'],
      [{ user: 'a b' }, 'user'],
      [{ user: 'a', name: '' }, 'name'],
      [{ user: 'a', roles: ['king'] }, 'roles'],
      [{ user: 'a', rooms: 'a' }, 'rooms'],
      [{ user: 'a', ttlSeconds: 0 }, 'ttlSeconds'],
      [{ user: 'a', exp: 1 }, 'exp'],
    ];
    for (const [body, path] of wrong) {
      const { error } = (await ask(body)).body as ErrorBody;
      assert.deepEqual([error.code, error.path], ['invalid_field', path]);
    }
  });

  it('is not for other sites: neither by their pages nor by a name of theirs that leads here', async () => {
    const body = { user: 'ann' };
    assert.equal(await codeOfCall(ask(body, { origin: 'http://evil.example' })), 'origin_denied');
    assert.equal(await codeOfCall(ask(JSON.stringify(body), { 'content-type': 'text/plain' })), 'bad_json');
    const { port } = new URL(gateway.url);
    const rebound = await rawStatus(port, `evil.example:${port}`);
    assert.equal(rebound, 403);
    assert.equal(await rawStatus(port, `localhost:${port}`), 200);
  });
});

/** The status of a development token asked for under a name; fetch sends no Host of one's own. */
async function rawStatus(port: string, host: string): Promise<number> {
  const headers = { host, 'content-type': 'application/json' };
  const asked = request({ host: '127.0.0.1', port, path: '/v1/dev/token', method: 'POST', headers });
  asked.end('{"user":"ann"}');
  const [response] = await once(asked, 'response');
  response.resume();
  return response.statusCode;
}
