import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { closing, codeOf, startGateway, upgrade } from '../support/gateway.ts';
import { openSocket, token } from '../support/socket.ts';
import { until } from '../support/until.ts';

const someone = () => `user-${randomUUID().slice(0, 8)}`;
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;

describe('refresh', () => {
  let gateway: Awaited<ReturnType<typeof startGateway>>;

  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());

  /** A socket under a token with these claims. */
  const open = async (user: string, claims: Record<string, unknown> = {}, expires = '1h') =>
    openSocket(gateway.url, user, {
      headers: { authorization: `Bearer ${await token(user, claims, expires)}` },
    });

  it('moves the end of the socket: it is warned, goes on past the first end, and ends at the second', async () => {
    const user = someone();
    const firstEnd = inSeconds(6);
    const socket = await open(user, {}, '6s');
    const closed = closing(socket.socket);
    await until('it is warned', () => socket.frames.some(({ type }) => type === 'token.expiring'));
    const answer = await socket.ask({ type: 'refresh', token: await token(user, {}, '12s') });
    const secondEnd = Date.parse(String(answer.expiresAt));
    assert.equal(answer.type, 'refreshed');
    assert.ok(secondEnd > firstEnd * 1_000 && secondEnd % 1_000 === 0);
    await until('the first end is past', () => Date.now() > firstEnd * 1_000 + 200);
    assert.equal((await socket.ask({ type: 'ping' })).type, 'pong');
    const warnings = socket.frames.filter(({ type }) => type === 'token.expiring');
    assert.equal(warnings.at(-1)!.expiresAt, answer.expiresAt);
    assert.deepEqual(await closed, [4001, 'token_expired']);
    assert.ok(Date.now() >= secondEnd);
  });

  it('brings the new claims: rooms, roles and name', async () => {
    const [user, room, other] = [someone(), `a-${randomUUID()}`, `b-${randomUUID()}`];
    const author = await open(someone());
    await author.ask({ type: 'join', room: other });
    const { id } = await author.ask({ type: 'send', room: other, clientId: 'x', content: 'to be removed' });
    const socket = await open(user, { rooms: ['a-*'], name: 'Old' });
    await socket.ask({ type: 'join', room });
    assert.equal((await socket.ask({ type: 'join', room: other })).code, 'forbidden');
    const claims = { rooms: ['a-*', 'b-*'], roles: ['moderator'], name: 'New' };
    assert.equal((await socket.ask({ type: 'refresh', token: await token(user, claims) })).type, 'refreshed');
    assert.equal((await socket.ask({ type: 'join', room: other })).type, 'joined');
    assert.equal((await socket.ask({ type: 'delete', room: other, id })).type, 'ack');
    await socket.ask({ type: 'send', room, clientId: 'y', content: 'hello' });
    await until('the message is live', () => socket.frames.some(({ type }) => type === 'message.created'));
    const created = socket.frames.find(frame => frame.type === 'message.created' && frame.room === room)!;
    assert.equal((created.message as { name?: string }).name, 'New');
    await socket.close();
    await author.close();
  });

  it('leaves the rooms that the new token does not cover, and says so', async () => {
    const [user, kept, lost] = [someone(), `a-${randomUUID()}`, `b-${randomUUID()}`];
    const other = await open(someone());
    await other.ask({ type: 'join', room: lost });
    const socket = await open(user);
    for (const room of [kept, lost]) await socket.ask({ type: 'join', room });
    const answer = await socket.ask({ type: 'refresh', token: await token(user, { rooms: ['a-*'] }) });
    assert.equal(answer.type, 'refreshed');
    await until('it is told', () => socket.frames.some(({ type }) => type === 'left'));
    const told = socket.frames.filter(frame => frame.room === lost && ['error', 'left'].includes(frame.type));
    assert.deepEqual(
      told.map(({ type, code }) => [type, code]),
      [
        ['error', 'forbidden'],
        ['left', undefined],
      ],
    );
    await other.ask({ type: 'send', room: lost, clientId: 'x', content: 'not for all' });
    assert.equal(
      (await socket.ask({ type: 'send', room: lost, clientId: 'y', content: 'no' })).code,
      'not_joined',
    );
    assert.equal((await socket.ask({ type: 'send', room: kept, clientId: 'z', content: 'yes' })).type, 'ack');
    assert.deepEqual(socket.liveOffsets(lost), []);
    await until('the others are told that it left', () =>
      other.frames.some(
        ({ type, left }) => type === 'presence' && Array.isArray(left) && left.includes(user),
      ),
    );
    await socket.close();
    await other.close();
  });

  it('does not let a join that is under way into a room that is no longer covered', async () => {
    const [user, room] = [someone(), `b-${randomUUID()}`];
    const socket = await open(user);
    const narrow = await token(user, { rooms: ['a-*'] });
    await Promise.all([socket.ask({ type: 'join', room }), socket.ask({ type: 'refresh', token: narrow })]);
    await socket.ask({ type: 'leave', room: `c-${randomUUID()}` });
    assert.equal((await socket.ask({ type: 'send', room, clientId: 'y', content: 'no' })).code, 'not_joined');
    await socket.close();
  });

  it('answers a join, at whatever point of it the new token comes', async () => {
    const user = someone();
    const socket = await open(user);
    const narrow = await token(user, { rooms: ['a-*'] });
    const wide = await token(user);
    const answers = new Set<string>();
    for (let i = 0; i < 60; i += 1) {
      const room = `b-${randomUUID()}`;
      const joining = socket.ask({ type: 'join', room });
      await new Promise(resolve => setTimeout(resolve, i % 15));
      const [joined] = await Promise.all([joining, socket.ask({ type: 'refresh', token: narrow })]);
      answers.add(`${joined.type} ${joined.code ?? ''}`.trim());
      const said = await socket.ask({ type: 'send', room, clientId: 'y', content: 'no' });
      assert.equal(said.code, 'not_joined');
      await socket.ask({ type: 'refresh', token: wide });
    }
    for (const answer of answers) assert.ok(['joined', 'error forbidden'].includes(answer), answer);
    await socket.close();
  });

  it('changes nothing where the token is refused, and the socket stays', async () => {
    const user = someone();
    const socket = await open(user);
    const refused: [string | undefined, string][] = [
      [await token(someone()), 'forbidden'],
      [await token(user, {}, '-1m'), 'token_expired'],
      ['no token', 'token_invalid'],
      ['', 'token_invalid'],
      [undefined, 'invalid_field'],
    ];
    for (const [given, code] of refused) {
      const answer = await socket.ask({ type: 'refresh', ...(given === undefined ? {} : { token: given }) });
      assert.deepEqual([answer.type, answer.code], ['error', code]);
    }
    assert.equal((await socket.ask({ type: 'join', room: `a-${randomUUID()}` })).type, 'joined');
    await socket.close();
  });
});

describe('a key set that changes', () => {
  it('brings new keys at once and takes old ones away, for upgrades and for refresh', async () => {
    const keys = await Promise.all(
      ['one', 'two'].map(async kid => {
        const { privateKey, publicKey } = await generateKeyPair('ES256');
        return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' } };
      }),
    );
    const [one, two] = keys as [(typeof keys)[0], (typeof keys)[0]];
    let published = [one.jwk];
    let fetched = 0;
    let firstAt = 0;
    const server = createServer((_request, response) => {
      fetched += 1;
      firstAt ||= performance.now();
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ keys: published }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const gateway = await startGateway({
      AUTH_SECRET: '',
      AUTH_JWKS_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
      AUTH_JWKS_COOLDOWN_MS: '50',
      AUTH_JWKS_MAX_AGE_MS: '1000',
    });
    try {
      const user = someone();
      const sign = ({ kid, privateKey }: (typeof keys)[0]) =>
        new SignJWT({})
          .setProtectedHeader({ alg: 'ES256', kid })
          .setSubject(user)
          .setExpirationTime('1h')
          .sign(privateKey);
      const bearer = async (key: (typeof keys)[0]) => ({ authorization: `Bearer ${await sign(key)}` });
      const ask = async (key: (typeof keys)[0]) => codeOf(upgrade(gateway.url, '/v1/ws', await bearer(key)));

      assert.equal(await ask(one), '101');
      const socket = await openSocket(gateway.url, user, { headers: await bearer(one) });
      const outdated = Math.floor((performance.now() - firstAt) / 1_000);
      assert.ok(fetched <= 1 + outdated, 'a key that is known is not fetched again');
      assert.equal(await ask(two), 'token_invalid');
      published = [one.jwk, two.jwk];
      await until('the new key is taken', async () => (await ask(two)) === '101');
      assert.equal((await socket.ask({ type: 'refresh', token: await sign(two) })).type, 'refreshed');
      assert.equal(await ask(one), '101', 'both are good while both are published');
      published = [two.jwk];
      await until('the old key is gone', async () => (await ask(one)) === 'token_invalid');
      assert.equal(await ask(two), '101');
      await socket.close();
    } finally {
      await gateway.close();
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    }
  });
});
