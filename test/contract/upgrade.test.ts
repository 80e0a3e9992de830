import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import WebSocket from 'ws';
import { closing, codeOf, type ErrorBody, http, startGateway, upgrade } from '../support/gateway.ts';
import { openSocket, token } from '../support/socket.ts';
import { until } from '../support/until.ts';

type Gateway = Awaited<ReturnType<typeof startGateway>>;

const HANDSHAKE = {
  Host: 'localhost',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Key': 'AAECAwQFBgcICQoLDA0ODw==',
  'Sec-WebSocket-Version': '13',
};

/** The head of a request, as bytes on the wire. */
function head(line: string, headers: Record<string, string>): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from([`${line} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
}

/** A client's frame, masked with zeros; short ones alone. */
function frame(payload: string | Buffer, { opcode = 1, fin = true, mask = true } = {}): Buffer {
  const body = Buffer.from(payload);
  assert.ok(body.length < 126);
  const first = (fin ? 0x80 : 0) | opcode;
  const masked = mask ? [0x80 | body.length, 0, 0, 0, 0] : [body.length];
  return Buffer.concat([Buffer.from([first, ...masked]), body]);
}

/** Writes bytes to the gateway's port and collects what comes back. */
function wire(url: string) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let received = '';
  socket.on('data', chunk => {
    received += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  return {
    socket,
    received: () => received,
    /** The whole answer of a connection that the gateway closes. */
    async answer() {
      await once(socket, 'close');
      const [top, body] = received.split('\r\n\r\n') as [string, string];
      return { status: Number(top.split(' ')[1]), top, body: JSON.parse(body) as ErrorBody };
    },
  };
}

describe('the upgrade to a WebSocket', () => {
  let gateway: Gateway;
  let bearer: { authorization: string };
  before(async () => {
    gateway = await startGateway();
    bearer = { authorization: `Bearer ${await token('ann')}` };
  });
  after(() => gateway.close());

  it('is answered by 401 before any 101 when nobody is signed in', async () => {
    const answer = await upgrade(gateway.url);
    assert.ok('body' in answer, 'a socket was opened');
    assert.equal(answer.status, 401);
    assert.equal(answer.body.error.code, 'unauthenticated');
    assert.equal(answer.body.error.retryable, false);
    assert.match(String(answer.headers['content-type']), /^application\/json/);
    assert.equal(answer.headers['x-request-id'], answer.body.error.requestId);
  });

  it('is not to be had at any other path', async () => {
    const paths = ['/', '/v1', '/v1/ws/', '/v1/WS', '/v1/ws/.websocket', '/v1/rooms', '/v1/ws%2f', '//v1/ws'];
    for (const path of paths) {
      assert.equal(await codeOf(upgrade(gateway.url, path, bearer)), 'not_found', path);
    }
    assert.equal(await codeOf(upgrade(gateway.url, '/v1/ws?ticket', bearer)), '101');
  });

  it('is refused to pages of other origins, however well signed in', async () => {
    const from = (origin: string) => codeOf(upgrade(gateway.url, '/v1/ws', { ...bearer, origin }));
    assert.equal(await from('http://evil.example'), 'origin_denied');
    assert.equal(await from('null'), 'origin_denied');
    assert.equal(await from(gateway.url), '101');
  });

  it('loses no frame that is sent with the handshake, or while sign-in is still under way', async () => {
    const { body } = await http(gateway.url, '/v1/tickets', { as: 'ann', method: 'POST' });
    const { ticket } = body as { ticket: string };
    const early = wire(gateway.url);
    const ping = (ref: number) => frame(JSON.stringify({ type: 'ping', ref }));
    early.socket.write(Buffer.concat([head(`GET /v1/ws?ticket=${ticket}`, HANDSHAKE), ping(1), ping(2)]));
    early.socket.write(ping(3));
    await until('all three are answered', () => early.received().includes('{"type":"pong","ref":3}'));
    const at = ['HTTP/1.1 101', '"welcome"', '"ref":1', '"ref":2', '"ref":3'].map(part =>
      early.received().indexOf(part),
    );
    assert.deepEqual(
      at,
      [...at].sort((a, b) => a - b),
    );
    assert.equal(at[0], 0);
    early.socket.destroy();
  });

  it('leaves a process that an oversize frame cannot end: 1009, and others notice nothing', async () => {
    const other = await openSocket(gateway.url, 'bob');
    const { socket } = await openSocket(gateway.url, 'ann');
    const closed = closing(socket);
    socket.send('x'.repeat(65_537));
    assert.equal((await closed)[0], 1009);
    assert.equal((await other.ask({ type: 'ping' })).type, 'pong');
    await other.close();
  });

  it('takes a frame of exactly 64 KiB', async () => {
    const { socket, frames } = await openSocket(gateway.url, 'ann');
    socket.send('x'.repeat(65_536));
    await until('it is answered', () => frames.length === 2);
    assert.equal(frames[1]?.code, 'bad_json');
    socket.terminate();
  });

  it('is 400 or 404 with the error body when the handshake is malformed', async () => {
    const cases: [string, Record<string, string>, number, string, string | undefined][] = [
      ['GET /v1/ws', { 'Sec-WebSocket-Key': 'short' }, 400, 'invalid_field', 'Sec-WebSocket-Key'],
      ['GET /v1/ws', { 'Sec-WebSocket-Version': '12' }, 400, 'invalid_field', 'Sec-WebSocket-Version'],
      ['GET /v1/ws', { Upgrade: 'h2c' }, 400, 'invalid_field', 'Upgrade'],
      ['POST /v1/ws', {}, 404, 'not_found', undefined],
      ['GET /nowhere', { 'Sec-WebSocket-Key': 'short' }, 404, 'not_found', undefined],
    ];
    for (const [line, headers, status, code, path] of cases) {
      const { socket, answer } = wire(gateway.url);
      socket.write(head(line, { ...HANDSHAKE, ...bearer, ...headers }));
      const { body, top, status: given } = await answer();
      assert.deepEqual([given, body.error.code, body.error.path], [status, code, path], line);
      assert.match(top, new RegExp(`X-Request-Id: ${body.error.requestId}`));
    }
  });

  it('keeps the request id that a client brings', async () => {
    const answer = await upgrade(gateway.url, '/v1/ws', { 'x-request-id': 'trace-1' });
    assert.ok('body' in answer);
    assert.equal(answer.body.error.requestId, 'trace-1');
  });
});

describe('a frame that breaks the WebSocket protocol', () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());

  /** Opens a socket by hand, sends raw frames and answers the code that it is closed with. */
  async function closeCodeAfter(...frames: Buffer[]): Promise<number> {
    const { socket, received } = wire(gateway.url);
    const authorization = `Bearer ${await token('ann')}`;
    socket.write(head('GET /v1/ws', { ...HANDSHAKE, authorization }));
    await until('welcome', () => received().includes('"welcome"'));
    const before = received().length;
    for (const one of frames) socket.write(one);
    const close = () => Buffer.from(received().slice(before), 'latin1');
    await until('a close frame', () => close().length >= 4);
    socket.destroy();
    assert.equal(close()[0], 0x88);
    return close().readUInt16BE(2);
  }

  it('closes with the code that names it, and the process goes on', async () => {
    assert.equal(await closeCodeAfter(frame('ab', { opcode: 2 })), 1003, 'binary');
    assert.equal(await closeCodeAfter(frame(Buffer.from([0xc3, 0x28]))), 1007, 'bad UTF-8');
    assert.equal(await closeCodeAfter(frame('{}', { mask: false })), 1002, 'unmasked');
    assert.equal(await closeCodeAfter(frame('{}', { opcode: 3 })), 1002, 'unknown opcode');
    const parts = Array.from({ length: 300 }, (_, i) => frame('x', { opcode: i === 0 ? 1 : 0, fin: false }));
    assert.equal(await closeCodeAfter(...parts), 1008, 'too many fragments');
    const alive = await openSocket(gateway.url, 'ann');
    assert.equal((await alive.ask({ type: 'ping' })).type, 'pong');
    await alive.close();
  });
});

describe('over TLS', () => {
  let gateway: Gateway;
  let ca: string;
  let dir: string;
  before(async () => {
    const pem = await generate([{ name: 'commonName', value: 'localhost' }], {
      keySize: 2048,
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    });
    dir = mkdtempSync(join(tmpdir(), 'parley-tls-'));
    ca = pem.cert;
    const files = { TLS_CERT: join(dir, 'cert.pem'), TLS_KEY: join(dir, 'key.pem') };
    writeFileSync(files.TLS_CERT, pem.cert);
    writeFileSync(files.TLS_KEY, pem.private);
    gateway = await startGateway(files);
  });
  after(async () => {
    await gateway.close();
    rmSync(dir, { recursive: true });
  });

  it('a socket is wss, its own origin is https, and the certificate counts', async () => {
    assert.match(gateway.url, /^https:/);
    const socket = await openSocket(gateway.url, 'ann', { ca, headers: { origin: gateway.url } });
    assert.equal((await socket.ask({ type: 'ping' })).type, 'pong');
    await socket.close();
    const headers = { authorization: `Bearer ${await token('ann')}` };
    await assert.rejects(upgrade(gateway.url, '/v1/ws', headers), /certificate/);
    const plain = { ...headers, origin: gateway.url.replace('https', 'http') };
    assert.equal(await codeOf(upgrade(gateway.url, '/v1/ws', plain, { ca })), 'origin_denied');
  });

  it('a plain ws socket to that port gets nothing', async () => {
    const socket = new WebSocket(`${gateway.url.replace('https', 'ws')}/v1/ws`);
    const [error] = (await once(socket, 'error')) as [Error];
    assert.match(error.message, /socket hang up|ECONNRESET|Parse Error/);
  });
});
