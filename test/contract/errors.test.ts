import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { ERRORS, type ErrorCode } from '../../src/errors.ts';
import { roomKeys } from '../../src/rooms/keys.ts';
import { closing, type ErrorBody, http, startGateway, upgrade } from '../support/gateway.ts';
import { openSocket, type Socket, token } from '../support/socket.ts';
import { stack } from '../support/stack.ts';
import { until } from '../support/until.ts';

const ROOM = `errors-${process.pid}`;
const PAGES = `/v1/rooms/${ROOM}/messages`;
const SEND = { type: 'send', room: ROOM, clientId: 'c1', content: 'hello' };
type Gateway = Awaited<ReturnType<typeof startGateway>>;
type Extra = { path?: string; retryAfterMs?: number };

/** The exact `error` frame of a code, with the table's own sentence. */
const errorFrame = (code: ErrorCode, ref: unknown, extra: Extra = {}) => ({
  type: 'error',
  ...(ref === undefined ? {} : { ref }),
  code,
  message: ERRORS[code].message,
  retryable: ERRORS[code].retryable,
  ...extra,
});

/** Holds an HTTP answer against the table: status, whole body, request id in body and header, Retry-After. */
function assertError(answer: Awaited<ReturnType<typeof http>>, code: ErrorCode, extra: Extra = {}) {
  const { error } = answer.body as ErrorBody;
  const { message, retryable, status } = ERRORS[code];
  assert.deepEqual(error, { code, message, retryable, ...extra, requestId: error.requestId });
  assert.equal(answer.status, status);
  assert.equal(answer.headers.get('x-request-id'), error.requestId);
  assert.match(error.requestId, /^[\w-]{36}$/);
  const seconds = extra.retryAfterMs === undefined ? null : String(Math.ceil(extra.retryAfterMs / 1_000));
  assert.equal(answer.headers.get('retry-after'), seconds);
}

describe('an error on a socket', () => {
  let gateway: Gateway;
  let socket: Socket;
  before(async () => {
    gateway = await startGateway({ ROOMS_PER_CONNECTION: '2' });
    socket = await openSocket(gateway.url, 'ann');
    assert.equal((await socket.ask({ type: 'join', room: ROOM })).type, 'joined');
    assert.equal((await socket.ask(SEND)).type, 'ack');
    await until('the message has come back', () => socket.liveOffsets(ROOM).length === 1);
  });
  after(() => gateway.close());

  /** The answer to a raw frame; then the socket still works. */
  async function answerTo(text: string) {
    const before = socket.frames.length;
    // Who came and went may be told at any time.
    const answers = () => socket.frames.slice(before).filter(({ type }) => type !== 'presence');
    socket.socket.send(text);
    await until('an answer', () => answers().length > 0);
    const [answer] = answers();
    assert.equal((await socket.ask({ type: 'ping' })).type, 'pong');
    return answer;
  }

  const cases: [ErrorCode, string, object | string, Extra?][] = [
    ['bad_json', 'what is not JSON', '{"type":'],
    ['bad_json', 'JSON that is no object', '["ping"]'],
    ['unknown_type', 'a type that does not exist', { type: 'shout' }],
    ['unknown_type', 'a type of the server', { type: 'ack', room: ROOM }],
    ['invalid_field', 'a missing field', { type: 'join' }, { path: 'room' }],
    ['invalid_field', 'an extra field', { ...SEND, user: 'bob' }, { path: 'user' }],
    [
      'invalid_field',
      'a wrong field inside',
      { type: 'join', room: ROOM, since: { epoch: 'e' } },
      { path: 'since.offset' },
    ],
    ['content_empty', 'white space alone', { ...SEND, content: ' \n\u3000' }, { path: 'content' }],
    ['content_too_long', '4,001 code points', { ...SEND, content: '😀'.repeat(4001) }, { path: 'content' }],
    ['content_invalid', 'NUL', { ...SEND, content: 'a\0b' }, { path: 'content' }],
    ['content_invalid', 'a lone surrogate', { ...SEND, content: 'a\ud83d' }, { path: 'content' }],
    ['not_joined', 'a send before join', { ...SEND, room: 'elsewhere' }],
    [
      'not_found',
      'a reply to what does not exist',
      { ...SEND, clientId: 'c2', replyTo: 10 ** 9 },
      { path: 'replyTo' },
    ],
    ['id_conflict', 'another text under a used clientId', { ...SEND, content: 'other' }],
  ];
  for (const [code, what, frame, extra] of cases) {
    it(`${code}: ${what}`, async () => {
      const text = typeof frame === 'string' ? frame : JSON.stringify({ ...frame, ref: 'r-7' });
      const ref = typeof frame === 'string' ? undefined : 'r-7';
      assert.deepEqual(await answerTo(text), errorFrame(code, ref, extra));
    });
  }

  it('invalid_field: an unusable ref, which no answer can carry', async () => {
    const answer = await answerTo(JSON.stringify({ type: 'ping', ref: {} }));
    assert.deepEqual(answer, errorFrame('invalid_field', undefined, { path: 'ref' }));
  });

  it('a refused message is nowhere: neither in the log nor on the sockets', async () => {
    const fresh = await openSocket(gateway.url, 'bob');
    const { events, offset } = await fresh.ask({ type: 'join', room: ROOM });
    assert.equal(offset, 1);
    assert.equal((events as unknown[]).length, 1);
    assert.deepEqual(socket.liveOffsets(ROOM), [1]);
    await fresh.close();
  });

  it('room_limit: one room more than allowed, and joining a joined one anew is none', async () => {
    const second = { type: 'join', room: `${ROOM}-2` };
    assert.equal((await socket.ask(second)).type, 'joined');
    const third = { type: 'join', room: `${ROOM}-3`, ref: 3 };
    assert.deepEqual(await answerTo(JSON.stringify(third)), errorFrame('room_limit', 3));
    assert.equal((await socket.ask(second)).type, 'joined');
    await socket.ask({ type: 'leave', room: `${ROOM}-2` });
    assert.equal((await socket.ask(third)).type, 'joined');
    await socket.ask({ type: 'leave', room: `${ROOM}-3` });
  });

  it('forbidden: a room that the token does not cover', async () => {
    const authorization = `Bearer ${await token('eve', { rooms: ['team-*'] })}`;
    const eve = await openSocket(gateway.url, 'eve', { headers: { authorization } });
    eve.socket.removeAllListeners('close');
    const { ref, ...answer } = await eve.ask({ type: 'join', room: ROOM });
    assert.deepEqual(answer, errorFrame('forbidden', undefined));
    assert.equal(ref, 'r1');
    assert.equal((await eve.ask({ type: 'join', room: 'team-1' })).type, 'joined');
    await eve.close();
  });

  it('unavailable: the log is down; the socket stays, and goes on when it is back', async () => {
    gateway.redis.cut();
    const sent = { ...SEND, clientId: 'c3', ref: 'down' };
    assert.deepEqual(await answerTo(JSON.stringify(sent)), errorFrame('unavailable', 'down'));
    const join = { type: 'join', room: `${ROOM}-4`, ref: 'down' };
    assert.deepEqual(await answerTo(JSON.stringify(join)), errorFrame('unavailable', 'down'));
    gateway.redis.mend();
    await until('the log is back', async () => (await socket.ask(sent)).type === 'ack');
    assert.equal((await socket.ask({ type: 'join', room: `${ROOM}-4` })).type, 'joined');
    await socket.ask({ type: 'leave', room: `${ROOM}-4` });
  });

  it('internal: the unexpected says nothing, and is logged once', async () => {
    const redis = new Redis((await stack()).redisUrl);
    const room = `${ROOM}-broken`;
    const text = 'a text that is nobody’s business';
    const { log } = roomKeys(room, 16);
    const logged = () => gateway.lines.filter(line => line.includes('"level":50'));
    const before = logged().length;
    try {
      assert.equal((await socket.ask({ type: 'join', room })).type, 'joined');
      await redis.set(log, 'not a stream');
      const sent = { ...SEND, room, content: text, ref: 1 };
      assert.deepEqual(await answerTo(JSON.stringify(sent)), errorFrame('internal', 1));
      const body = { clientId: 'c9', content: text };
      const posted = await http(gateway.url, `/v1/rooms/${room}/messages`, {
        as: 'ann',
        method: 'POST',
        body,
      });
      assertError(posted, 'internal');
      const lines = logged().slice(before);
      assert.equal(lines.length, 2);
      assert.ok(lines[1]!.includes((posted.body as ErrorBody).error.requestId));
      for (const line of lines) {
        assert.match(line, /WRONGTYPE/);
        assert.ok(!line.includes(text), 'the text was logged');
      }
    } finally {
      await redis.del(log);
      redis.disconnect();
      await socket.ask({ type: 'leave', room });
    }
  });

  it('bad_json twenty times in ten seconds: 1008, each one answered', async () => {
    const rude = await openSocket(gateway.url, 'rude');
    const closed = closing(rude.socket);
    for (let i = 0; i < 25; i += 1) rude.socket.send('x');
    assert.deepEqual(await closed, [1008, 'bad_json']);
    assert.equal(rude.frames.filter(frame => frame.code === 'bad_json').length, 20);
    assert.equal((await socket.ask({ type: 'ping' })).type, 'pong');
  });

  it('token_expired: announced, then 4001', async () => {
    const authorization = `Bearer ${await token('brief', {}, '6s')}`;
    const brief = await openSocket(gateway.url, 'brief', { headers: { authorization } });
    const closed = closing(brief.socket);
    await until('the announcement', () => brief.frames.length === 2);
    assert.equal(brief.frames[1]?.type, 'token.expiring');
    const expiresAt = Date.parse(String(brief.frames[1]?.expiresAt));
    assert.deepEqual(await closed, [4001, 'token_expired']);
    assert.ok(Date.now() >= expiresAt);
  });
});

describe('an error over HTTP', () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());

  const call = (path: string, options: Parameters<typeof http>[2] = {}) =>
    http(gateway.url, path, { as: 'ann', ...options });
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    call(PAGES, { method: 'POST', body, headers });
  const bearer = async (claims: Record<string, unknown>, expires?: string) => ({
    headers: { authorization: `Bearer ${await token('ann', claims, expires)}` },
  });
  const DRAFT = { clientId: 'h1', content: 'hello' };

  const cases: [ErrorCode, string, () => ReturnType<typeof http>, Extra?][] = [
    ['bad_json', 'a body that is not JSON', () => post('{"clientId":')],
    ['bad_json', 'a list', () => post([DRAFT])],
    ['bad_json', 'another content type', () => post(JSON.stringify(DRAFT), { 'content-type': 'text/plain' })],
    ['bad_json', 'no body', () => call(PAGES, { method: 'POST' })],
    ['bad_json', 'a compressed body', () => post(DRAFT, { 'content-encoding': 'gzip' })],
    ['invalid_field', 'a wrong field', () => post({ ...DRAFT, clientId: 'a b' }), { path: 'clientId' }],
    ['invalid_field', 'an extra field', () => post({ ...DRAFT, ref: 1 }), { path: 'ref' }],
    ['invalid_field', 'a room that is no name', () => call('/v1/rooms/Lobby/messages'), { path: 'room' }],
    [
      'invalid_field',
      'a room that cannot be decoded',
      () => call('/v1/rooms/%E0%A4%A/messages'),
      { path: 'room' },
    ],
    ['invalid_field', 'an id that is none', () => call(`${PAGES}/one`), { path: 'id' }],
    ['invalid_field', 'an id that cannot be decoded', () => call(`${PAGES}/%ff`), { path: 'id' }],
    ['invalid_field', 'an unknown parameter', () => call(`${PAGES}?page=2`), { path: 'page' }],
    ['content_empty', 'no text', () => post({ ...DRAFT, content: '' }), { path: 'content' }],
    [
      'content_too_long',
      'too much text',
      () => post({ ...DRAFT, content: 'a'.repeat(4001) }),
      { path: 'content' },
    ],
    ['content_invalid', 'NUL', () => post({ ...DRAFT, content: '\0' }), { path: 'content' }],
    ['invalid_cursor', 'no id', () => call(`${PAGES}?before=x`), { path: 'before' }],
    ['invalid_cursor', 'two of them', () => call(`${PAGES}?before=1&after=1`), { path: 'after' }],
    ['invalid_limit', 'too many', () => call(`${PAGES}?limit=101`), { path: 'limit' }],
    ['unauthenticated', 'nobody', () => http(gateway.url, PAGES)],
    ['token_invalid', 'another scheme', () => call(PAGES, { headers: { authorization: 'Basic YTpi' } })],
    ['token_expired', 'an old token', async () => call(PAGES, await bearer({}, '-1s'))],
    ['token_in_query', 'beside a good bearer', () => call(`${PAGES}?access_token=x`)],
    ['forbidden', 'a room of others', async () => call(PAGES, await bearer({ rooms: ['team-*'] }))],
    ['origin_denied', 'a foreign page', () => call(PAGES, { headers: { origin: 'http://evil.example' } })],
    ['not_found', 'no such path', () => call('/v1/nothing')],
    ['not_found', 'no such method', () => call(PAGES, { method: 'PUT' })],
    ['not_found', 'no such message', () => call(`${PAGES}/999`)],
    ['not_found', 'a reply to nothing', () => post({ ...DRAFT, replyTo: 999 }), { path: 'replyTo' }],
    ['not_found', 'the socket’s path without an upgrade', () => call('/v1/ws')],
    [
      'not_found',
      'a development token outside of development',
      () => call('/v1/dev/token', { method: 'POST', body: { user: 'a' } }),
    ],
    ['payload_too_large', 'more than 64 KiB', () => post({ ...DRAFT, content: 'a'.repeat(66_000) })],
  ];
  for (const [code, what, make, extra] of cases) {
    it(`${code}: ${what}`, async () => assertError(await make(), code, extra));
  }

  it('id_conflict: another text under a used clientId', async () => {
    assert.equal((await post(DRAFT)).status, 201);
    assertError(await post({ ...DRAFT, content: 'other' }), 'id_conflict');
  });

  it('ticket_used: a ticket a second time', async () => {
    const { ticket } = (await call('/v1/tickets', { method: 'POST' })).body as { ticket: string };
    const first = await upgrade(gateway.url, `/v1/ws?ticket=${ticket}`);
    assert.ok('socket' in first);
    first.socket.close();
    await once(first.socket, 'close');
    const second = await upgrade(gateway.url, `/v1/ws?ticket=${ticket}`);
    assert.ok('body' in second);
    assert.deepEqual([second.status, second.body.error.code], [401, 'ticket_used']);
  });

  it('unavailable: the store is down; the log is down', async () => {
    gateway.postgres.cut();
    const startedAt = performance.now();
    const page = await call(PAGES);
    assert.ok(performance.now() - startedAt < 10_000, 'a connection that is refused is not waited for');
    assert.equal(page.status, 503);
    assert.equal((page.body as ErrorBody).error.code, 'unavailable');
    gateway.postgres.mend();
    await until('history is back', async () => (await call(PAGES)).status === 200);

    gateway.redis.cut();
    assertError(await post({ ...DRAFT, clientId: 'h2' }), 'unavailable');
    assertError(await call('/v1/tickets', { method: 'POST' }), 'unavailable');
    const blind = await call(PAGES);
    assert.equal(blind.status, 200, 'history still answers');
    const { epoch, processedThrough } = blind.body as Record<string, unknown>;
    assert.deepEqual([epoch, processedThrough], [null, null]);
    assert.equal((await call('/readyz')).status, 503);
    assert.equal((await call('/healthz')).status, 200);
    gateway.redis.mend();
    await until('the log is back', async () => (await post({ ...DRAFT, clientId: 'h2' })).status === 201);
  });

  it('401 names the scheme, and nothing of an error is kept by caches', async () => {
    const { headers } = await http(gateway.url, PAGES);
    assert.equal(headers.get('www-authenticate'), 'Bearer');
    assert.equal(headers.get('cache-control'), 'no-store');
  });
});

describe('overloaded', () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await startGateway({ MAX_UNSTORED: '1' });
  });
  after(() => gateway.close());

  it('is said with a delay when too much is not stored yet, by socket and by HTTP', async () => {
    const socket = await openSocket(gateway.url, 'ann');
    await socket.ask({ type: 'join', room: ROOM });
    // One more than the bound: the last is refused, whatever others left in the partition.
    await socket.ask({ ...SEND, clientId: 'o1' });
    const { ref: _, ...answer } = await socket.ask({ ...SEND, clientId: 'o2' });
    assert.deepEqual(answer, errorFrame('overloaded', undefined, { retryAfterMs: 1_000 }));
    assert.equal((await socket.ask({ type: 'ping' })).type, 'pong');
    const body = { clientId: 'o3', content: 'x' };
    const posted = await http(gateway.url, PAGES, { as: 'ann', method: 'POST', body });
    assertError(posted, 'overloaded', { retryAfterMs: 1_000 });
    await socket.close();
  });
});
