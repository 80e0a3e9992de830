import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closing, http, startGateway, upgrade } from '../support/gateway.ts';
import { openSocket, token } from '../support/socket.ts';
import { until } from '../support/until.ts';

type Gateway = Awaited<ReturnType<typeof startGateway>>;
let rooms = 0;
const newRoom = () => {
  rooms += 1;
  return `conn-${process.pid}-${rooms}`;
};

describe('a connection', () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());

  it('gets what others send, and its own, in order, by the token’s name', async () => {
    const room = newRoom();
    const authorization = `Bearer ${await token('ann', { name: 'Ann B.' })}`;
    const ann = await openSocket(gateway.url, 'ann', { headers: { authorization } });
    const bob = await openSocket(gateway.url, 'bob');
    await ann.ask({ type: 'join', room });
    const { users, members, readThrough } = await bob.ask({ type: 'join', room });
    assert.deepEqual([users, members, readThrough], [['ann', 'bob'], 2, 0]);
    const ack = await ann.ask({ type: 'send', room, clientId: 'c1', content: 'hello "you"' });
    await bob.ask({ type: 'send', room, clientId: 'c1', content: 'hi', replyTo: ack.id });
    for (const { frames } of [ann, bob]) {
      await until(
        'both messages',
        () => frames.filter(({ type }) => type === 'message.created').length === 2,
      );
      const [first, second] = frames.filter(({ type }) => type === 'message.created');
      const message = first!.message as Record<string, unknown>;
      assert.deepEqual(
        [first!.offset, message.user, message.name, message.content, message.timestamp],
        [1, 'ann', 'Ann B.', 'hello "you"', ack.timestamp],
      );
      const reply = second!.message as Record<string, unknown>;
      assert.deepEqual([second!.offset, reply.user, reply.name, reply.replyTo], [2, 'bob', undefined, 1]);
    }
    await ann.close();
    await bob.close();
  });

  it('may send right behind its join, without waiting for the answer', async () => {
    const room = newRoom();
    const ann = await openSocket(gateway.url, 'ann');
    const answers = await Promise.all([
      ann.ask({ type: 'join', room }),
      ann.ask({ type: 'send', room, clientId: 'c1', content: 'one' }),
      ann.ask({ type: 'send', room, clientId: 'c2', content: 'two' }),
      ann.ask({ type: 'leave', room }),
      ann.ask({ type: 'send', room, clientId: 'c3', content: 'three' }),
    ]);
    assert.deepEqual(
      answers.map(({ type, id, code }) => id ?? code ?? type),
      ['joined', 1, 2, 'left', 'not_joined'],
    );
    await ann.close();
  });

  it('may send far more at once than is taken at once: all are answered, in order', async () => {
    const room = newRoom();
    const ann = await openSocket(gateway.url, 'ann');
    await ann.ask({ type: 'join', room });
    const acks = await Promise.all(
      Array.from({ length: 500 }, (_, i) =>
        ann.ask({ type: 'send', room, clientId: `c${i}`, content: 'x'.repeat(200) }),
      ),
    );
    assert.deepEqual(
      acks.map(({ id }) => id),
      Array.from({ length: 500 }, (_, i) => i + 1),
    );
    await until('all were delivered', () => ann.liveOffsets(room).length === 500);
    await ann.close();
  });

  it('resumes where it was, and is told when it cannot', async () => {
    const room = newRoom();
    const ann = await openSocket(gateway.url, 'ann');
    const { epoch } = await ann.ask({ type: 'join', room });
    for (const clientId of ['a', 'b', 'c'])
      await ann.ask({ type: 'send', room, clientId, content: clientId });
    const again = await ann.ask({ type: 'join', room, since: { epoch, offset: 1 } });
    assert.deepEqual([again.recovered, again.more, again.offset], [true, false, 3]);
    const offsets = (again.events as { offset: number }[]).map(({ offset }) => offset);
    assert.deepEqual(offsets, [2, 3]);
    const lost = await ann.ask({ type: 'join', room, since: { epoch: 'another', offset: 1 } });
    assert.deepEqual([lost.recovered, lost.events], [false, []]);
    await ann.close();
  });

  it('that ends is present no more, however it ends', async () => {
    const room = newRoom();
    const bob = await openSocket(gateway.url, 'bob');
    const present = async () => (await bob.ask({ type: 'join', room })).users;
    for (const end of ['close', 'terminate'] as const) {
      const ann = await openSocket(gateway.url, 'ann');
      // Not waited for: the socket may end while the room is still being entered.
      ann.socket.send(JSON.stringify({ type: 'join', room }));
      if (end === 'close') await ann.ask({ type: 'join', room });
      ann.socket[end]();
      await once(ann.socket, 'close');
      await until('ann is gone', async () => String(await present()) === 'bob');
    }
    await bob.close();
  });

  it('hears nothing of a room that it left', async () => {
    const room = newRoom();
    const ann = await openSocket(gateway.url, 'ann');
    const bob = await openSocket(gateway.url, 'bob');
    await ann.ask({ type: 'join', room });
    await bob.ask({ type: 'join', room });
    assert.deepEqual(await ann.ask({ type: 'leave', room }), { type: 'left', ref: 'r2', room });
    await bob.ask({ type: 'send', room, clientId: 'c1', content: 'x' });
    await until('bob has it', () => bob.liveOffsets(room).length === 1);
    await ann.ask({ type: 'ping' });
    assert.deepEqual(ann.liveOffsets(room), []);
    await ann.close();
    await bob.close();
  });

  it('leaves one line in the log when it ends, without a token, a ticket, a cookie or a text', async () => {
    const secretText = 'the text of this message is private';
    const bearer = await token('ann');
    const { ticket } = (await http(gateway.url, '/v1/tickets', { as: 'ann', method: 'POST' })).body as {
      ticket: string;
    };
    const room = newRoom();
    const opened = await upgrade(gateway.url, `/v1/ws?ticket=${ticket}&trace=private-query`);
    assert.ok('socket' in opened);
    opened.socket.send(JSON.stringify({ type: 'join', room }));
    opened.socket.send(JSON.stringify({ type: 'send', room, clientId: 'c1', content: secretText }));
    opened.socket.send(JSON.stringify({ type: 'send', room, clientId: 'c1', content: `${secretText}!` }));
    await until('the last answer', () => opened.frames.some(({ code }) => code === 'id_conflict'));
    const { connection } = opened.frames[0]!;
    const ended = () =>
      gateway.lines.filter(line => line.includes('connection ended') && line.includes(String(connection)));
    opened.socket.close();
    await until('the line', () => ended().length > 0);
    await http(gateway.url, `/v1/rooms/${room}/messages`, {
      method: 'POST',
      headers: { cookie: `parley_session=${bearer}`, origin: gateway.url },
      body: { clientId: 'c2', content: secretText },
    });
    await until('the call is logged', () => gateway.lines.some(line => line.includes('"status":201')));
    assert.equal(ended().length, 1);
    const all = gateway.lines.join('');
    for (const secret of [bearer, ticket, secretText, 'private-query', room]) {
      assert.ok(!all.includes(secret), `logged: ${secret}`);
    }
    assert.match(all, /"route":"\/v1\/rooms\/:room\/messages"/);
  });
});

describe('a gateway that shuts down', () => {
  it('says when to come back, closes with 1001, and takes nobody new meanwhile', async () => {
    const gateway = await startGateway({ SHUTDOWN_MS: '5000' });
    const sockets = await Promise.all(['a', 'b', 'c'].map(user => openSocket(gateway.url, user)));
    // One that reads nothing any more keeps the others from nothing.
    sockets[2]!.socket.pause();
    const closed = Promise.all(sockets.slice(0, 2).map(({ socket }) => closing(socket)));
    const drained = gateway.drain();
    const refused = await upgrade(gateway.url, '/v1/ws', { authorization: `Bearer ${await token('d')}` });
    assert.ok('body' in refused);
    assert.deepEqual([refused.status, refused.body.error.code], [503, 'overloaded']);
    assert.equal(refused.headers['retry-after'], '1');
    const { status, body } = await http(gateway.url, '/readyz');
    assert.equal(status, 503);
    assert.ok('gateway' in (body as { failing: object }).failing);
    assert.equal((await http(gateway.url, '/healthz')).status, 200);
    assert.deepEqual(await closed, [
      [1001, 'draining'],
      [1001, 'draining'],
    ]);
    for (const { frames } of sockets.slice(0, 2)) {
      const { type, reconnectAfterMs } = frames.at(-1)!;
      assert.equal(type, 'draining');
      assert.ok(Number(reconnectAfterMs) >= 500 && Number(reconnectAfterMs) <= 5_000);
    }
    await drained;
    await gateway.close();
    await gateway.close();
    await assert.rejects(http(gateway.url, '/healthz'));
    sockets[2]!.socket.terminate();
  });
});
