import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import type { Pool } from 'pg';
import { createPage, createSecurityHeaders } from '../../src/front/page.ts';
import type { Outcome } from '../../src/message.ts';
import { freePort } from '../../src/stack/ports.ts';
import { createMessageStore, type PersistRow } from '../../src/store/messages.ts';
import { createPool } from '../../src/store/pool.ts';
import { type ErrorBody, http, startGateway } from '../support/gateway.ts';
import { openSocket, token } from '../support/socket.ts';
import type { HistoryPage } from '../support/system.ts';
import { until } from '../support/until.ts';

type Gateway = Awaited<ReturnType<typeof startGateway>>;
const ALLOWED = 'https://app.example';
const ROOM = `http-${process.pid}`;
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join(';');

/** A stored message with its outcome. */
function row(id: number, outcome: Partial<Outcome> = {}, room = ROOM): PersistRow {
  const timestamp = new Date(Date.UTC(2026, 0, 1, 0, 0, id)).toISOString();
  const submission = {
    room,
    epoch: 'e',
    id,
    offset: id,
    revision: 1,
    user: 'ann',
    clientId: `c${id}`,
    content: `secret number ${id}`,
    timestamp,
  };
  const stands: Outcome = {
    id,
    revision: 1,
    status: 'visible',
    audience: 'all',
    language: { code: 'en', confidence: 0.9 },
    sentiment: { score: 0, label: 'neutral' },
    verdict: { action: 'allow', rules: ['words:secret'], spans: [[0, 6]], policy: 'p' },
    versions: { language: 'l', moderation: 'm', sentiment: 's' },
    ...outcome,
  };
  return { submission, outcome: stands, batch: 'b', announcedAt: timestamp };
}

describe('history over HTTP', () => {
  let gateway: Gateway;
  let pool: Pool;
  before(async () => {
    gateway = await startGateway();
    pool = createPool({ databaseUrl: gateway.postgres.url, size: 2, timeoutMs: 30_000, name: 'test' });
    const rows = Array.from({ length: 120 }, (_, i) => row(i + 1));
    rows[1] = row(2, { status: 'masked' });
    rows[2] = row(3, { status: 'removed', reason: 'moderated' });
    rows[3] = row(4, { status: 'held', audience: 'author' });
    const others = ['team-a', 'team-b', 'team_c', 'zoo'].map(room => row(1, {}, room));
    await createMessageStore(pool).persist([...rows, ...others]);
  });
  after(async () => {
    await pool.end();
    await gateway.close();
  });

  const page = async (query: string, as = 'bob', room = ROOM) => {
    const { status, body } = await http(gateway.url, `/v1/rooms/${room}/messages${query}`, { as });
    assert.equal(status, 200, JSON.stringify(body));
    return body as HistoryPage;
  };
  const ids = ({ messages }: HistoryPage) => messages.map(({ id }) => id);
  const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

  it('begins with the newest fifty, and is walked both ways by exclusive cursors', async () => {
    const newest = await page('');
    assert.deepEqual(Object.keys(newest).sort(), [
      'epoch',
      'hasNewer',
      'hasOlder',
      'messages',
      'processedThrough',
      'room',
    ]);
    assert.deepEqual(ids(newest), range(71, 120));
    assert.deepEqual([newest.room, newest.hasOlder, newest.hasNewer], [ROOM, true, false]);
    assert.deepEqual(ids(await page('?limit=7')), range(114, 120));
    assert.deepEqual(ids(await page('?before=8&limit=7')), range(1, 7));
    assert.deepEqual(ids(await page('?after=8&limit=7')), range(9, 15));
    const around = ids(await page('?around=60&limit=9'));
    assert.ok(around.includes(60) && around.length === 9);
    const beyond = await page('?after=120');
    assert.deepEqual([ids(beyond), beyond.hasOlder, beyond.hasNewer], [[], true, false]);
  });

  it('shows each viewer what is theirs to see, from the store and from the cache alike', async () => {
    for (const query of ['?before=5', '?after=0&limit=4']) {
      const [first, masked, removed, held] = (await page(query)).messages;
      assert.deepEqual(first, {
        id: 1,
        revision: 1,
        room: ROOM,
        user: 'ann',
        content: 'secret number 1',
        timestamp: '2026-01-01T00:00:01.000Z',
        clientId: 'c1',
        status: 'visible',
        language: { code: 'en', confidence: 0.9 },
        sentiment: { score: 0, label: 'neutral' },
      });
      assert.equal('content' in masked! && masked.content, '****** number 2');
      const timestamp = '2026-01-01T00:00:03.000Z';
      assert.deepEqual(removed, { id: 3, status: 'removed', reason: 'moderated', timestamp });
      assert.deepEqual(held, {
        id: 4,
        status: 'removed',
        reason: 'held',
        timestamp: '2026-01-01T00:00:04.000Z',
      });
    }
    const own = (await page('?before=5', 'ann')).messages[3]!;
    assert.deepEqual([own.status, 'content' in own && own.content], ['held', 'secret number 4']);
    const text = JSON.stringify([
      await page('?before=5'),
      await page('?limit=100'),
      await page('?limit=100'),
    ]);
    assert.ok(!/secret number 2"|words:secret|announcedAt|verdict|epoch":"e"/.test(text));
  });

  it('gives one message by its id, and what may not be seen as a tombstone', async () => {
    const one = (id: number) => http(gateway.url, `/v1/rooms/${ROOM}/messages/${id}`, { as: 'bob' });
    assert.deepEqual((await one(1)).body, (await page('?before=2')).messages[0]);
    assert.deepEqual((await one(4)).body, (await page('?before=5')).messages[3]);
    assert.equal((await one(121)).status, 404);
  });

  it('lists rooms by name, as far as the token reaches', async () => {
    const list = async (rooms: string[] | undefined, query = '') => {
      const authorization = `Bearer ${await token('bob', rooms === undefined ? {} : { rooms })}`;
      const { body } = await http(gateway.url, `/v1/rooms${query}`, { headers: { authorization } });
      return body as { rooms: { room: string; lastMessageAt: string; lastId: number }[]; hasMore: boolean };
    };
    const names = async (...args: Parameters<typeof list>) =>
      (await list(...args)).rooms.map(({ room }) => room);
    const all = await list(undefined, '?limit=1');
    assert.deepEqual(all, {
      rooms: [{ room: ROOM, lastMessageAt: '2026-01-01T00:02:00.000Z', lastId: 120 }],
      hasMore: true,
    });
    assert.deepEqual(await names(undefined, `?after=${ROOM}&limit=2`), ['team-a', 'team-b']);
    assert.deepEqual(await names(['team-*', 'zoo']), ['team-a', 'team-b', 'zoo']);
    assert.deepEqual(await names(['*']), [ROOM, 'team-a', 'team-b', 'team_c', 'zoo']);
    assert.deepEqual(await list([]), { rooms: [], hasMore: false });
  });

  it('takes a message with 201 and the ack, and a repeat with 200 and the same ack', async () => {
    const room = `${ROOM}-post`;
    const listener = await openSocket(gateway.url, 'bob');
    await listener.ask({ type: 'join', room });
    const post = () =>
      http(gateway.url, `/v1/rooms/${room}/messages`, {
        as: 'ann',
        method: 'POST',
        body: { clientId: 'p1', content: 'by http' },
      });
    const first = await post();
    const { timestamp } = first.body as { timestamp: string };
    const ack = { room, id: 1, offset: 1, revision: 1, clientId: 'p1', timestamp, duplicate: false };
    assert.deepEqual([first.status, first.body], [201, ack]);
    const second = await post();
    assert.deepEqual([second.status, second.body], [200, { ...ack, duplicate: true }]);
    await until('it is live', () => listener.liveOffsets(room).length > 0);
    await listener.ask({ type: 'ping' });
    assert.deepEqual(listener.liveOffsets(room), [1]);
    await listener.close();
  });
});

describe('the public port', () => {
  let gateway: Gateway;
  let adminPort: number;
  before(async () => {
    adminPort = await freePort();
    gateway = await startGateway({ ADMIN_PORT: String(adminPort), ALLOWED_ORIGINS: ALLOWED });
  });
  after(() => gateway.close());

  it('answers pages of the allow-list across origins, each by name, and others not', async () => {
    const ask = (origin: string, method = 'GET') =>
      http(gateway.url, '/v1/rooms', {
        as: 'ann',
        method,
        headers: { origin, 'access-control-request-method': 'POST' },
      });
    const allowed = await ask(ALLOWED);
    assert.equal(allowed.status, 200);
    assert.equal(allowed.headers.get('access-control-allow-origin'), ALLOWED);
    assert.match(allowed.headers.get('vary')!, /Origin/);
    const preflight = await ask(ALLOWED, 'OPTIONS');
    assert.equal(preflight.status, 204);
    assert.match(preflight.headers.get('access-control-allow-headers')!, /Authorization/);
    assert.match(preflight.headers.get('access-control-allow-methods')!, /DELETE/);
    const denied = await ask('https://evil.example');
    assert.equal(denied.status, 403);
    assert.equal(denied.headers.get('access-control-allow-origin'), null);
    const deniedPreflight = await ask('https://evil.example', 'OPTIONS');
    assert.equal(deniedPreflight.headers.get('access-control-allow-origin'), null);
  });

  it('sends its security headers with every answer, and names no maker', async () => {
    for (const path of ['/healthz', '/v1/rooms', '/nothing', '/']) {
      const response = await fetch(`${gateway.url}${path}`);
      await response.arrayBuffer();
      const { headers } = response;
      assert.equal(headers.get('content-security-policy'), CSP, path);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('x-powered-by'), null);
      assert.equal(headers.get('strict-transport-security'), null, 'not over http');
    }
  });

  it('shows health, and metrics on the admin port alone', async () => {
    const admin = `http://127.0.0.1:${adminPort}`;
    assert.equal((await http(gateway.url, '/metrics')).status, 404);
    for (const url of [gateway.url, admin]) {
      assert.deepEqual((await http(url, '/healthz')).body, { status: 'ok' });
      assert.equal((await http(url, '/readyz')).status, 200);
    }
    const socket = await openSocket(gateway.url, 'ann');
    await socket.ask({ type: 'ping' });
    await http(gateway.url, '/v1/rooms');
    const metrics = await (await fetch(`${admin}/metrics`)).text();
    assert.match(metrics, /^parley_connections 1$/m);
    assert.match(metrics, /^parley_frames_in_total\{type="ping"\} 1$/m);
    assert.match(metrics, /^parley_frames_out_total\{type="welcome"\} 1$/m);
    assert.match(metrics, /^parley_refusals_total\{code="unauthenticated",via="http"\} \d+$/m);
    assert.match(metrics, /^parley_http_seconds_count\{route="\/v1\/rooms",status="401"\} \d+$/m);
    await socket.close();
  });

  it('survives what is no HTTP at all', async () => {
    for (const nonsense of [
      '\x16\x03\x01\x02\x00',
      'GET / HTTP/1.1\r\nHost',
      `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`,
    ]) {
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.end(nonsense);
      await new Promise(resolve => socket.resume().once('close', resolve));
    }
    const answer = await http(gateway.url, '/nothing');
    assert.equal((answer.body as ErrorBody).error.code, 'not_found');
  });
});

describe('the page', () => {
  let server: Server;
  let dir: string;
  let url: string;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'parley-page-'));
    mkdirSync(join(dir, 'assets'));
    writeFileSync(join(dir, 'index.html'), '<!doctype html>');
    writeFileSync(join(dir, 'assets', 'app-1a2b.js'), 'export {}');
    const app = express().use(createSecurityHeaders({ https: false }), createPage(dir));
    server = createServer(app).listen(0, '127.0.0.1');
    await new Promise(resolve => server.once('listening', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
    rmSync(dir, { recursive: true });
  });

  it('is served at / under its policy, asked for anew each time; files with a hash are kept', async () => {
    const page = await fetch(url);
    assert.equal(await page.text(), '<!doctype html>');
    assert.equal(page.headers.get('cache-control'), 'no-cache');
    assert.equal(page.headers.get('content-security-policy'), CSP);
    const script = await fetch(`${url}/assets/app-1a2b.js`);
    assert.match(script.headers.get('content-type')!, /javascript/);
    assert.match(script.headers.get('cache-control')!, /immutable/);
    assert.equal((await fetch(`${url}/assets/..%2f..%2fetc/passwd`)).status, 404);
  });
});
