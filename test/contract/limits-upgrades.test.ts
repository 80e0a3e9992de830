import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket as TcpSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import type WebSocket from 'ws';
import { freePorts } from '../../src/stack/ports.ts';
import { codeOf, http, startGateway, type Upgrade, upgrade } from '../support/gateway.ts';
import { openSocket, type Socket, token } from '../support/socket.ts';
import { until } from '../support/until.ts';

type Gateway = Awaited<ReturnType<typeof startGateway>>;

/** Asks for a socket as this user, from this address as a proxy would say it. */
async function ask(gateway: Gateway, user: string, address?: string, headers: Record<string, string> = {}) {
  return await upgrade(gateway.url, '/v1/ws', {
    authorization: `Bearer ${await token(user)}`,
    ...(address === undefined ? {} : { 'x-forwarded-for': address }),
    ...headers,
  });
}

function socketOf(answer: Upgrade): WebSocket {
  assert.ok('socket' in answer, `refused: ${JSON.stringify('body' in answer && answer.body)}`);
  return answer.socket;
}

function refusalOf(answer: Upgrade) {
  assert.ok('body' in answer, 'let in');
  const { status, headers, body } = answer;
  const error: Record<string, unknown> = body.error;
  return { status, retryAfter: headers['retry-after'], error };
}

async function end(...sockets: WebSocket[]) {
  for (const socket of sockets) {
    socket.close();
    await once(socket, 'close');
  }
}

describe('sockets of one user', () => {
  it('are so many on a gateway at most, also when all ask at once; one that goes makes room', async () => {
    const gateway = await startGateway({ CONNECTIONS_PER_USER: '3' });
    try {
      const answers = await Promise.all(Array.from({ length: 8 }, () => ask(gateway, 'ann')));
      const open = answers.filter(answer => answer.status === 101).map(socketOf);
      assert.equal(open.length, 3);
      const refused = refusalOf(answers.find(answer => answer.status !== 101)!);
      assert.deepEqual(
        [refused.status, refused.error.code, refused.error.retryable],
        [429, 'rate_limited', true],
      );
      assert.equal(refused.retryAfter, '5');
      assert.equal(await codeOf(ask(gateway, 'bob')), '101', 'another user has places of their own');
      open[0]!.terminate();
      await until('its place is free', async () => (await codeOf(ask(gateway, 'ann'))) === '101');
      await end(...open.slice(1));
    } finally {
      await gateway.close();
    }
  });
});

describe('sockets of one address', () => {
  it('are so many at most, and may be asked for so often, where the proxy is believed', async () => {
    const gateway = await startGateway({
      TRUST_PROXY: '1',
      CONNECTIONS_PER_ADDRESS: '2',
      UPGRADES_PER_SECOND: '1',
      UPGRADE_BURST: '4',
    });
    try {
      const [one, two] = [
        socketOf(await ask(gateway, 'a', '198.51.100.1')),
        socketOf(await ask(gateway, 'b', '198.51.100.1')),
      ];
      const third = refusalOf(await ask(gateway, 'c', '203.0.113.7, 198.51.100.1'));
      assert.deepEqual(
        [third.status, third.error.code],
        [429, 'rate_limited'],
        'what it claims before counts for nothing',
      );
      assert.match(String(third.error.message), /connections/);
      await end(socketOf(await ask(gateway, 'd', '198.51.100.2')));
      await end(one, two);
      // The burst holds four, and gets one a second.
      const answers = await Promise.all(Array.from({ length: 20 }, () => ask(gateway, 'e', '198.51.100.1')));
      const late = answers
        .filter(answer => answer.status !== 101)
        .map(refusalOf)
        .find(({ error }) => /attempts/.test(String(error.message)));
      assert.ok(late !== undefined, 'the burst of 4 is used up');
      assert.deepEqual([late.status, late.error.code, late.retryAfter], [429, 'rate_limited', '1']);
      assert.ok(Number(late.error.retryAfterMs) > 0 && Number(late.error.retryAfterMs) <= 1_000);
      await end(...answers.filter(answer => answer.status === 101).map(socketOf));
      await end(socketOf(await ask(gateway, 'f', '2001:db8:1:2::1')), socketOf(await ask(gateway, 'f')));
    } finally {
      await gateway.close();
    }
  });

  it('are not counted on loopback, whatever it claims, where no proxy is believed', async () => {
    const gateway = await startGateway({ CONNECTIONS_PER_ADDRESS: '1', UPGRADE_BURST: '1' });
    try {
      const open: WebSocket[] = [];
      for (const user of ['a', 'b', 'c']) open.push(socketOf(await ask(gateway, user, '198.51.100.1')));
      await end(...open);
    } finally {
      await gateway.close();
    }
  });
});

describe('connections that send no request', () => {
  async function silent(gateway: Gateway): Promise<TcpSocket> {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'connect');
    return socket;
  }

  it('end after a while, whether they sent nothing or the half of one', async () => {
    const gateway = await startGateway({ HANDSHAKE_MS: '200' });
    try {
      const sockets = [await silent(gateway), await silent(gateway)];
      sockets[1]!.write('GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: webso');
      await Promise.all(sockets.map(socket => once(socket, 'close')));
      // A stall between connecting and asking ends this one too.
      const letIn = () => codeOf(ask(gateway, 'ann')).catch(() => undefined);
      await until('who asks at once is let in', async () => (await letIn()) === '101');
    } finally {
      await gateway.close();
    }
  });

  it('are so many at most: the oldest goes for the newest, and who asks at once is let in', async () => {
    const [adminPort] = (await freePorts(1)) as [number];
    const gateway = await startGateway({ MAX_HANDSHAKES: '3', ADMIN_PORT: String(adminPort) });
    try {
      const sockets: TcpSocket[] = [];
      for (let i = 0; i < 3; i += 1) sockets.push(await silent(gateway));
      const first = once(sockets[0]!, 'close');
      await end(socketOf(await ask(gateway, 'ann')));
      await first;
      assert.deepEqual(
        sockets.map(({ destroyed }) => destroyed),
        [true, false, false],
      );
      const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
      assert.match(metrics, /parley_handshakes_dropped_total 1/);
      assert.match(metrics, /parley_event_loop_delay_mean_seconds \d/);
      for (const socket of sockets) socket.destroy();
    } finally {
      await gateway.close();
    }
  });
});

describe('sockets past their handshake', () => {
  let dir: string;
  let tls: { TLS_CERT: string; TLS_KEY: string };
  let ca: string;

  before(async () => {
    const pem = await generate([{ name: 'commonName', value: 'localhost' }], {
      keySize: 2048,
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    });
    dir = mkdtempSync(join(tmpdir(), 'parley-limits-'));
    tls = { TLS_CERT: join(dir, 'cert.pem'), TLS_KEY: join(dir, 'key.pem') };
    writeFileSync(tls.TLS_CERT, pem.cert);
    writeFileSync(tls.TLS_KEY, pem.private);
    ca = pem.cert;
  });
  after(() => rmSync(dir, { recursive: true }));

  for (const over of ['ws', 'wss'] as const) {
    it(`are not counted among those in it, over ${over}`, async () => {
      const gateway = await startGateway({ MAX_HANDSHAKES: '1', ...(over === 'wss' ? tls : {}) });
      try {
        const sockets: Socket[] = [];
        for (let i = 0; i < 4; i += 1) sockets.push(await openSocket(gateway.url, 'ann', { ca }));
        for (const socket of sockets) assert.equal((await socket.ask({ type: 'ping' })).type, 'pong');
        for (const socket of sockets) await socket.close();
      } finally {
        await gateway.close();
      }
    });
  }
});

describe('a proxy that ends TLS', () => {
  const forwarded = { host: 'chat.example', 'x-forwarded-proto': 'https', origin: 'https://chat.example' };

  it('makes the own origin https where it is believed', async () => {
    const [believed, not] = await Promise.all([startGateway({ TRUST_PROXY: 'loopback' }), startGateway()]);
    try {
      assert.equal(await codeOf(ask(believed, 'ann', undefined, forwarded)), '101');
      assert.equal(
        await codeOf(ask(believed, 'ann', undefined, { ...forwarded, origin: 'http://chat.example' })),
        'origin_denied',
      );
      assert.equal(await codeOf(ask(not, 'ann', undefined, forwarded)), 'origin_denied');
      for (const [gateway, secure] of [
        [believed, true],
        [not, false],
      ] as const) {
        const headers = { 'x-forwarded-proto': 'https' };
        const answer = await http(gateway.url, '/v1/session', { as: 'ann', method: 'POST', headers });
        assert.equal(/; Secure/.test(String(answer.headers.get('set-cookie'))), secure);
      }
    } finally {
      await believed.close();
      await not.close();
    }
  });
});
