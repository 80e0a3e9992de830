import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { closing, codeOf, type ErrorBody, http, startGateway, upgrade } from '../support/gateway.ts';
import { startGatewayPair } from '../support/gateway-pair.ts';
import { openSocket, type Socket, token } from '../support/socket.ts';
import { until } from '../support/until.ts';

const room = () => `limits-${randomUUID().slice(0, 8)}`;
const someone = () => `user-${randomUUID().slice(0, 8)}`;
const send = (to: string, clientId: string) => ({ type: 'send', room: to, clientId, content: clientId });

/** What a frame was answered with: its type, or the code of its refusal. */
const told = ({ type, code }: { type: string; code?: unknown }) => (type === 'error' ? String(code) : type);

/** Asks until it is acknowledged, each time after the delay that the refusal names. */
async function patiently(socket: Socket, frame: Record<string, unknown>) {
  await until('acknowledged', async () => {
    const answer = await socket.ask(frame);
    if (answer.type === 'error') await delay(Number(answer.retryAfterMs ?? 50));
    return answer.type === 'ack';
  });
}

/** How often each answer came. */
function tally(answers: string[]) {
  const counts: Record<string, number> = {};
  for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1;
  return counts;
}

describe('the rate of a user', () => {
  let pair: Awaited<ReturnType<typeof startGatewayPair>>;

  before(async () => {
    // Slow enough that the test itself adds one or two tokens at most.
    pair = await startGatewayPair({ SEND_PER_SECOND: '1', SEND_BURST: '12' });
  });
  after(() => pair.close());

  it('is one bucket for sockets and HTTP calls on all gateways, and repeats are answered all the same', async () => {
    const [user, here] = [someone(), room()];
    const sockets = await Promise.all(pair.urls.map(url => openSocket(url, user)));
    for (const socket of sockets) await socket.ask({ type: 'join', room: here });
    const startedAt = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => sockets[i % 2]!.ask(send(here, `m${i}`))),
    );
    const posted = await Promise.all(
      pair.urls.map((url, i) =>
        http(url, `/v1/rooms/${here}/messages`, {
          as: user,
          method: 'POST',
          body: { clientId: `h${i}`, content: 'by HTTP' },
        }),
      ),
    );
    const refilled = Math.ceil((performance.now() - startedAt) / 1_000);
    const { ack = 0, rate_limited: limited = 0 } = tally(answers.map(told));
    const accepted = ack + posted.filter(({ status }) => status === 201).length;
    assert.equal(ack + limited, 30, 'nothing else was answered');
    assert.ok(accepted >= 12 && accepted <= 12 + refilled, `${accepted} accepted`);

    const refused = answers.find(frame => told(frame) === 'rate_limited')!;
    assert.equal(refused.retryable, true);
    assert.ok(Number(refused.retryAfterMs) > 0 && Number(refused.retryAfterMs) <= 1_000);
    const late = posted.find(({ status }) => status === 429);
    if (late !== undefined) {
      assert.equal((late.body as ErrorBody).error.code, 'rate_limited');
      assert.ok(Number(late.headers.get('retry-after')) >= 1);
    }

    const known = answers.find(frame => frame.type === 'ack')!;
    const again = await Promise.all(
      Array.from({ length: 5 }, () => sockets[1]!.ask(send(here, String(known.clientId)))),
    );
    for (const repeat of again) assert.deepEqual([repeat.type, repeat.duplicate], ['ack', true]);
    await until('all are delivered', () => sockets[0]!.liveOffsets(here).length >= accepted);
    assert.equal((await sockets[0]!.ask({ type: 'ping' })).type, 'pong');
    assert.equal(sockets[0]!.liveOffsets(here).length, accepted, 'a refusal delivers nothing');

    const other = await openSocket(pair.urls[0]!, someone());
    await other.ask({ type: 'join', room: here });
    assert.equal(told(await other.ask(send(here, 'mine'))), 'ack', 'others have buckets of their own');
    await patiently(sockets[0]!, send(here, 'later'));
    await Promise.all([...sockets, other].map(socket => socket.close()));
  });

  it('holds edits too', async () => {
    const [user, here] = [someone(), room()];
    const socket = await openSocket(pair.urls[0]!, user);
    await socket.ask({ type: 'join', room: here });
    const startedAt = performance.now();
    const { id } = await socket.ask(send(here, 'first'));
    const edits = await Promise.all(
      Array.from({ length: 25 }, (_, i) =>
        socket.ask({ type: 'edit', room: here, id, content: `text ${i}` }),
      ),
    );
    const { ack = 0, rate_limited: limited = 0 } = tally(edits.map(told));
    assert.equal(ack + limited, 25);
    const refilled = Math.ceil((performance.now() - startedAt) / 1_000);
    assert.ok(ack >= 11 && ack <= 11 + refilled, `${ack} accepted`);
    await socket.close();
  });
});

describe('one connection', () => {
  let gateway: Awaited<ReturnType<typeof startGateway>>;
  let socket: Socket;

  before(async () => {
    gateway = await startGateway({ FRAMES_PER_SECOND: '1', FRAME_BURST: '10' });
  });
  after(() => gateway.close());

  it('is refused what comes too fast, of any kind, and closed with 4008 when it does not listen', async () => {
    socket = await openSocket(gateway.url, someone());
    const closed = closing(socket.socket);
    const startedAt = performance.now();
    const first = await Promise.all(Array.from({ length: 40 }, () => socket.ask({ type: 'ping' })));
    const refilled = Math.ceil((performance.now() - startedAt) / 1_000);
    const counts = tally(first.map(told));
    assert.equal(first.length, 40);
    assert.ok(counts.pong! >= 10 && counts.pong! <= 10 + refilled, `${counts.pong} answered`);
    assert.equal(counts.rate_limited, 40 - counts.pong!);
    assert.ok(Number(first.at(-1)!.retryAfterMs) > 0);
    for (const [type, fields] of [
      ['join', { room: room() }],
      ['leave', { room: room() }],
      ['typing', { room: room() }],
      ['nonsense', {}],
    ] as const) {
      // More than a stall of some seconds lets through.
      const answers = await Promise.all(Array.from({ length: 8 }, () => socket.ask({ type, ...fields })));
      assert.ok(answers.map(told).includes('rate_limited'), type);
    }
    for (let i = 0; i < 100; i += 1) socket.socket.send('{"type":"ping"}');
    assert.deepEqual(await closed, [4008, 'rate_limited']);
    const refused = socket.frames.filter(frame => told(frame) === 'rate_limited');
    assert.equal(refused.length, 100, 'the hundredth closes');
  });
});

describe('while Redis is away', () => {
  it('a bucket of the gateway with half the rate holds, and the shared one when it is back', async () => {
    const gateway = await startGateway({ SEND_PER_SECOND: '1', SEND_BURST: '12' });
    try {
      const [user, here] = [someone(), room()];
      const socket = await openSocket(gateway.url, user);
      await socket.ask({ type: 'join', room: here });
      gateway.redis.cut();
      await until('the loss is noticed', async () => {
        const answer = await http(gateway.url, '/readyz');
        return answer.status === 503;
      });
      const startedAt = performance.now();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => socket.ask(send(here, `m${i}`))),
      );
      const refilled = Math.ceil((performance.now() - startedAt) / 2_000);
      const { unavailable = 0, rate_limited: limited = 0 } = tally(answers.map(told));
      assert.equal(unavailable + limited, 20, JSON.stringify(answers.slice(0, 2)));
      assert.ok(
        unavailable >= 6 && unavailable <= 6 + refilled,
        `${unavailable} of a burst of 12 / 2 went on`,
      );
      gateway.redis.mend();
      await patiently(socket, send(here, 'back'));
      await socket.close();
    } finally {
      await gateway.close();
    }
  });
});

describe('a process that is late', () => {
  it('refuses sends and sockets as overloaded, but for repeats, until it is in time again', async () => {
    const gateway = await startGateway({ MAX_LOOP_DELAY_MS: '100' });
    try {
      const [user, here] = [someone(), room()];
      const socket = await openSocket(gateway.url, user);
      await socket.ask({ type: 'join', room: here });
      await patiently(socket, send(here, 'before'));
      const bearer = { authorization: `Bearer ${await token(user)}` };
      let sent = 0;
      // All at once: a second later the process may be in time.
      await until('all are refused', async () => {
        for (const end = performance.now() + 300; performance.now() < end; );
        sent += 1;
        const [answer, upgraded, repeat] = await Promise.all([
          socket.ask(send(here, `m${sent}`)),
          upgrade(gateway.url, '/v1/ws', bearer),
          socket.ask(send(here, 'before')),
        ]);
        assert.deepEqual([repeat.type, repeat.duplicate], ['ack', true]);
        if ('socket' in upgraded) upgraded.socket.terminate();
        if (answer.type !== 'error' || !('body' in upgraded)) return false;
        assert.deepEqual([answer.code, answer.retryable, answer.retryAfterMs], ['overloaded', true, 1_000]);
        assert.deepEqual([upgraded.status, upgraded.body.error.code], [503, 'overloaded']);
        assert.equal(upgraded.headers['retry-after'], '1');
        return true;
      });
      await patiently(socket, send(here, 'after'));
      const taken = async () => (await codeOf(upgrade(gateway.url, '/v1/ws', bearer))) === '101';
      await until('sockets are taken again', taken);
      await socket.close();
    } finally {
      await gateway.close();
    }
  });
});
