import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createSanctions } from '../../src/front/sanctions.ts';
import { createLogger } from '../../src/logger.ts';
import { createSanctionStore } from '../../src/store/sanctions.ts';
import { closing, codeOf, type ErrorBody, http, startGateway, upgrade } from '../support/gateway.ts';
import { startGatewayPair } from '../support/gateway-pair.ts';
import { openSocket, type Socket, token, UNHURRIED } from '../support/socket.ts';
import { openStore } from '../support/store.ts';
import { until } from '../support/until.ts';

const someone = () => `user-${randomUUID().slice(0, 8)}`;
const ROLES: Record<string, string[]> = { mod: ['moderator'], root: ['admin'] };

async function call(url: string, as: string, method: string, path: string, body?: unknown) {
  const headers = { authorization: `Bearer ${await token(as, { roles: ROLES[as] ?? [] })}` };
  const answer = await http(url, path, { method, headers, ...(body === undefined ? {} : { body }) });
  const { error } = (answer.body ?? {}) as Partial<ErrorBody>;
  return { ...answer, code: error?.code };
}
/** Two seconds are promised; a machine that stalls takes longer. */
const soon = async (what: string, test: () => boolean | Promise<boolean>) => until(what, test, 10_000);

describe('mutes and bans', () => {
  let pair: Awaited<ReturnType<typeof startGatewayPair>>;
  let sent = 0;
  before(async () => {
    pair = await startGatewayPair(UNHURRIED);
  });
  after(() => pair.close());

  const newRoom = () => `sanctions-${randomUUID().slice(0, 8)}`;
  async function member(i: number, user: string, room: string, roles: string[] = []) {
    const headers = { authorization: `Bearer ${await token(user, { roles })}` };
    const socket = await openSocket(pair.urls[i]!, user, { headers });
    assert.equal((await socket.ask({ type: 'join', room })).type, 'joined');
    return socket;
  }
  const say = (socket: Socket, room: string, clientId = `c${sent++}`) =>
    socket.ask({ type: 'send', room, clientId, content: 'hello' });
  const leftOf = (socket: Socket, room: string) =>
    socket.frames.some(frame => frame.type === 'left' && frame.room === room);

  it('a muted user reads, and can neither send nor edit, on every gateway within two seconds', async () => {
    const [user, room, other] = [someone(), newRoom(), newRoom()];
    const sockets = [await member(0, user, room), await member(1, user, room)];
    const { id, clientId } = await say(sockets[0]!, room);
    const path = `/v1/rooms/${room}/mutes/${user}`;
    const put = await call(pair.urls[0]!, 'mod', 'PUT', path, { reason: 'shouting' });
    assert.equal(put.status, 200);
    assert.deepEqual(Object.keys(put.body as object).sort(), ['by', 'createdAt', 'reason', 'scope', 'user']);
    assert.equal((await say(sockets[0]!, room)).code, 'forbidden', 'at once where it was set');
    await soon('the other gateway knows', async () => (await say(sockets[1]!, room)).code === 'forbidden');
    const refused = await sockets[1]!.ask({ type: 'edit', room, id, content: 'bye' });
    assert.deepEqual([refused.code, refused.path], ['forbidden', undefined]);
    const overHttp = await call(pair.urls[1]!, user, 'POST', `/v1/rooms/${room}/messages`, {
      clientId: 'h1',
      content: 'hello',
    });
    assert.deepEqual([overHttp.status, overHttp.code], [403, 'forbidden']);
    const again = await say(sockets[1]!, room, clientId as string);
    assert.deepEqual([again.type, again.duplicate], ['ack', true], 'a repeat is answered still');
    assert.equal((await sockets[1]!.ask({ type: 'join', room })).type, 'joined');
    assert.equal((await sockets[1]!.ask({ type: 'delete', room, id })).type, 'ack');
    await sockets[1]!.ask({ type: 'join', room: other });
    assert.equal((await say(sockets[1]!, other)).type, 'ack', 'other rooms are not his matter');

    const list = await call(pair.urls[1]!, 'mod', 'GET', `/v1/rooms/${room}/mutes`);
    const { mutes } = list.body as { mutes: { user: string; by: string; reason: string }[] };
    assert.deepEqual(
      mutes.map(one => [one.user, one.by, one.reason]),
      [[user, 'mod', 'shouting']],
    );
    assert.equal((await call(pair.urls[1]!, 'mod', 'DELETE', path)).status, 204);
    assert.equal((await call(pair.urls[1]!, 'mod', 'DELETE', path)).status, 204, 'a repeat changes nothing');
    for (const socket of sockets) {
      await soon('he may speak again', async () => (await say(socket, room)).type === 'ack');
    }
    const log = await call(pair.urls[0]!, 'mod', 'GET', `/v1/rooms/${room}/moderation/log`);
    const { entries } = log.body as { entries: { action: string; user: string; by: string }[] };
    assert.deepEqual(
      entries.map(entry => [entry.action, entry.user, entry.by]),
      [
        ['unmute', user, 'mod'],
        ['mute', user, 'mod'],
      ],
    );
    await Promise.all(sockets.map(socket => socket.close()));
  });

  it('a mute for a time ends by itself', async () => {
    const [user, room] = [someone(), newRoom()];
    const socket = await member(0, user, room);
    const put = await call(pair.urls[0]!, 'mod', 'PUT', `/v1/rooms/${room}/mutes/${user}`, { seconds: 5 });
    assert.ok((put.body as { until: string }).until);
    assert.equal((await say(socket, room)).code, 'forbidden');
    await until('it has ended', async () => (await say(socket, room)).type === 'ack');
    const list = await call(pair.urls[0]!, 'mod', 'GET', `/v1/rooms/${room}/mutes`);
    assert.deepEqual((list.body as { mutes: [] }).mutes, []);
    await socket.close();
  });

  it('who is banned is put out of the room on every gateway, and neither joins nor reads', async () => {
    const [user, room, other] = [someone(), newRoom(), newRoom()];
    const sockets = [await member(0, user, room), await member(1, user, room)];
    await sockets[0]!.ask({ type: 'join', room: other });
    await call(pair.urls[1]!, 'mod', 'PUT', `/v1/rooms/${room}/bans/${user}`, {});
    for (const socket of sockets) {
      await soon('he is told that he left', () => leftOf(socket, room));
      assert.equal((await say(socket, room)).code, 'not_joined');
      assert.equal((await socket.ask({ type: 'join', room })).code, 'forbidden');
    }
    for (const url of pair.urls) {
      const page = await call(url, user, 'GET', `/v1/rooms/${room}/messages`);
      assert.deepEqual([page.status, page.code], [403, 'forbidden']);
    }
    assert.equal((await say(sockets[0]!, other)).type, 'ack');
    await call(pair.urls[0]!, 'mod', 'DELETE', `/v1/rooms/${room}/bans/${user}`);
    for (const socket of sockets) {
      await soon('he may join', async () => (await socket.ask({ type: 'join', room })).type === 'joined');
    }
    await Promise.all(sockets.map(socket => socket.close()));
  });

  it('who is banned everywhere is closed with 4003 and signs in nowhere', async () => {
    const [user, room] = [someone(), newRoom()];
    const sockets = [await member(0, user, room), await member(1, user, room)];
    const kept = await member(1, someone(), room);
    const closed = Promise.all(sockets.map(({ socket }) => closing(socket)));
    const startedAt = performance.now();
    assert.equal((await call(pair.urls[0]!, 'mod', 'PUT', `/v1/bans/${user}`, {})).status, 403);
    assert.equal((await call(pair.urls[0]!, 'root', 'PUT', `/v1/bans/${user}`, {})).status, 200);
    for (const how of await closed) assert.deepEqual(how, [4003, 'revoked']);
    assert.ok(performance.now() - startedAt < 10_000);
    for (const url of pair.urls) {
      const headers = { authorization: `Bearer ${await token(user)}` };
      assert.equal(await codeOf(upgrade(url, '/v1/ws', headers)), 'forbidden');
      assert.equal((await call(url, user, 'GET', '/v1/rooms')).code, 'forbidden');
    }
    assert.equal((await kept.ask({ type: 'ping' })).type, 'pong');
    assert.equal((await call(pair.urls[1]!, 'root', 'DELETE', `/v1/bans/${user}`)).status, 204);
    await soon('he may sign in', async () => {
      const headers = { authorization: `Bearer ${await token(user)}` };
      return (await codeOf(upgrade(pair.urls[0]!, '/v1/ws', headers))) === '101';
    });
    await kept.close();
  });

  it('moderators are held by admins alone, and what an admin set by nobody else is lifted', async () => {
    const [user, room] = [someone(), newRoom()];
    const socket = await member(0, user, room, ['moderator']);
    const path = `/v1/rooms/${room}/mutes/${user}`;
    await call(pair.urls[0]!, 'mod', 'PUT', path, {});
    assert.equal((await say(socket, room)).type, 'ack');
    assert.equal((await call(pair.urls[0]!, 'root', 'PUT', path, { reason: 'enough' })).status, 200);
    assert.equal((await say(socket, room)).code, 'forbidden');
    assert.equal((await call(pair.urls[0]!, 'mod', 'DELETE', path)).code, 'forbidden');
    assert.equal((await call(pair.urls[0]!, 'mod', 'PUT', path, { seconds: 1 })).code, 'forbidden');
    assert.equal((await call(pair.urls[0]!, 'root', 'DELETE', path)).status, 204);
    assert.equal((await say(socket, room)).type, 'ack');
    await socket.close();
  });

  it('are set by moderators of the room, and asked for in the right form', async () => {
    const [user, room] = [someone(), newRoom()];
    const url = pair.urls[0]!;
    const path = `/v1/rooms/${room}/mutes/${user}`;
    assert.equal((await call(url, user, 'PUT', path, {})).code, 'forbidden');
    assert.equal((await call(url, user, 'GET', `/v1/rooms/${room}/bans`)).code, 'forbidden');
    assert.equal((await call(url, 'mod', 'GET', '/v1/mutes')).code, 'forbidden');
    assert.equal((await call(url, 'mod', 'PUT', `/v1/rooms/${room}/bans/mod`, {})).code, 'forbidden');
    for (const body of [
      { seconds: 0 },
      { seconds: '9' },
      { reason: 7 },
      { reason: 'x'.repeat(501) },
      { a: 1 },
    ]) {
      assert.equal((await call(url, 'mod', 'PUT', path, body)).code, 'invalid_field', JSON.stringify(body));
    }
    assert.equal(
      (await call(url, 'mod', 'PUT', `/v1/rooms/${room}/mutes/no%20one`, {})).code,
      'invalid_field',
    );
    assert.equal((await call(url, 'mod', 'GET', `/v1/rooms/${room}/mutes?limit=0`)).code, 'invalid_limit');
    for (const name of ['a', 'b', 'c']) await call(url, 'root', 'PUT', `/v1/mutes/${user}-${name}`, {});
    const page = await call(url, 'root', 'GET', `/v1/mutes?limit=2&after=${user}`);
    const { mutes, hasMore } = page.body as { mutes: { user: string }[]; hasMore: boolean };
    assert.deepEqual([mutes.map(one => one.user), hasMore], [[`${user}-a`, `${user}-b`], true]);
  });
});

describe('mutes and bans, where the store is away', () => {
  it('stand as they were last known, and setting one is unavailable', async () => {
    const gateway = await startGateway();
    const [user, room] = [someone(), `sanctions-${randomUUID().slice(0, 8)}`];
    const socket = await openSocket(gateway.url, user);
    await socket.ask({ type: 'join', room });
    await call(gateway.url, 'mod', 'PUT', `/v1/rooms/${room}/mutes/${user}`, {});
    gateway.postgres.cut();
    const frame = { type: 'send', room, clientId: 'c1', content: 'hello' };
    assert.equal((await socket.ask(frame)).code, 'forbidden');
    const put = await call(gateway.url, 'mod', 'PUT', `/v1/rooms/${room}/bans/${user}`, {});
    assert.deepEqual([put.status, put.code], [503, 'unavailable']);
    assert.equal((await socket.ask(frame)).code, 'forbidden');
    gateway.postgres.mend();
    await socket.close();
    await gateway.close();
  });

  it('are all known to who reads them anew, in parts', async () => {
    const { pool, close } = await openStore();
    const store = createSanctionStore(pool);
    const by = { by: 'mod', byAdmin: false };
    for (let i = 0; i < 5; i += 1) await store.put({ scope: 'lobby', kind: 'mute', user: `u${i}`, ...by });
    await store.lift({ scope: 'lobby', kind: 'mute', user: 'u3', ...by });
    const since = async (version: number) => (await store.since(version)).slice(0, 2);
    const logger = createLogger({ level: 'silent', part: 'test' });
    const sanctions = createSanctions({ since, logger, pollMs: 60_000 });
    await sanctions.read();
    const muted = [0, 1, 2, 3, 4].filter(i =>
      sanctions.isMuted({ user: `u${i}`, moderator: false }, 'lobby'),
    );
    assert.deepEqual(muted, [0, 1, 2, 4]);
    sanctions.close();
    await close();
  });
});
