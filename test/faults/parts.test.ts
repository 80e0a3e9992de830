import assert from 'node:assert/strict';
import { Redis } from 'ioredis';
import { openSocket, type ServerFrame, type Socket } from '../support/socket.ts';
import { call, type HistoryPage, startSystem, wholeHistory } from '../support/system.ts';
import { until } from '../support/until.ts';

type System = Awaited<ReturnType<typeof startSystem>>;

/** What happens when parts die: the table of the README, line by line. */
describe('when parts die', () => {
  let system: System;
  let rooms = 0;
  before(async function () {
    this.timeout(240_000);
    system = await startSystem({ gateways: 2, env: { HISTORY_TIMEOUT_MS: '3000' } });
  });
  after(async function () {
    this.timeout(120_000);
    await system?.close();
  });

  const newRoom = () => {
    rooms += 1;
    return `faults-${process.pid}-${rooms}`;
  };
  const partOf = (name: string) => {
    const part = system.services.parts.find(one => one.name === name);
    assert.ok(part, name);
    return part;
  };
  async function join(url: string, user: string, room: string): Promise<Socket> {
    const socket = await openSocket(url, user);
    const joined = await socket.ask({ type: 'join', room, recent: 0 });
    assert.equal(joined.type, 'joined', JSON.stringify(joined));
    return socket;
  }
  const say = (socket: Socket, room: string, clientId: string) =>
    socket.ask({ type: 'send', room, clientId, content: `this is ${clientId}` });
  async function sendUntilAcked(socket: Socket, room: string, clientId: string): Promise<ServerFrame> {
    let answer = await say(socket, room, clientId);
    await until(`${clientId} is acknowledged`, async () => {
      if (answer.type === 'error') answer = await say(socket, room, clientId);
      return answer.type === 'ack';
    });
    return answer;
  }
  async function storedIds(url: string, room: string, last: number): Promise<number[]> {
    await until(
      `${room} is stored`,
      async () => {
        const { status, body } = await call(url, `/v1/rooms/${room}/messages?limit=1`, 'watcher');
        return status === 200 && ((body as HistoryPage).processedThrough ?? 0) >= last;
      },
      40_000,
    );
    return (await wholeHistory(url, room, 50)).map(({ id }) => id);
  }

  it('Redis killed and restarted: sends answer unavailable, sockets stay, every acknowledged message is there', async function () {
    this.timeout(120_000);
    const room = newRoom();
    const [ann, bob] = [await join(system.urls[0]!, 'ann', room), await join(system.urls[1]!, 'bob', room)];
    const acked = [(await say(ann, room, 'a1')).id];
    // The append-only file is written each second: what came before this second is safe from SIGKILL in any case.
    await partOf('Redis').stop('SIGKILL');
    const refused = await say(ann, room, 'a2');
    assert.deepEqual([refused.type, refused.code, refused.retryable], ['error', 'unavailable', true]);
    const history = await call(system.urls[0]!, `/v1/rooms/${room}/messages`, 'ann');
    assert.deepEqual([history.status, (history.body as HistoryPage).epoch], [200, null]);
    await partOf('Redis').start();
    acked.push((await sendUntilAcked(ann, room, 'a2')).id);
    acked.push((await sendUntilAcked(ann, room, 'a3')).id);
    await until(
      'bob has them all',
      () => bob.frames.filter(({ type }) => type === 'message.created').length === 3,
      10_000,
    );
    assert.deepEqual(await storedIds(system.urls[0]!, room, acked.at(-1) as number), acked);
    await until(
      'bob has the outcomes',
      () => (bob.liveOffsets(room).at(-1) ?? 0) > (acked.at(-1) as number),
      10_000,
    );
    const offsets = bob.liveOffsets(room);
    assert.deepEqual(
      offsets,
      Array.from({ length: offsets.length }, (_, i) => i + 1),
    );
    for (const socket of [ann, bob]) {
      assert.equal(socket.socket.readyState, 1);
      await socket.close();
    }
  });

  it('Redis wiped: a new epoch above every id, members are told, chat goes on, history stays', async function () {
    this.timeout(120_000);
    const room = newRoom();
    const ann = await join(system.urls[0]!, 'ann', room);
    const before = (await say(ann, room, 'w1')).id as number;
    assert.deepEqual(await storedIds(system.urls[0]!, room, before), [before]);
    const admin = new Redis(system.services.redisUrl);
    await admin.flushall();
    admin.disconnect();
    const after = (await sendUntilAcked(ann, room, 'w2')).id as number;
    assert.ok(after > before + 1_000_000);
    await until(
      'ann is told',
      () => ann.frames.some(({ type, ref }) => type === 'joined' && ref === undefined),
      10_000,
    );
    const told = ann.frames.find(({ type, ref }) => type === 'joined' && ref === undefined);
    assert.deepEqual([told?.recovered, told?.events], [false, []]);
    assert.deepEqual(await storedIds(system.urls[0]!, room, after), [before, after]);
    await ann.close();
  });

  it('Postgres killed: chat and verdicts go on, history answers unavailable within a second, then all is stored', async function () {
    this.timeout(240_000);
    const room = newRoom();
    const ann = await join(system.urls[0]!, 'ann', room);
    await partOf('Postgres').stop('SIGKILL');
    const last = (await say(ann, room, 'p1')).id as number;
    await until(
      'a verdict without the database',
      () => ann.frames.some(({ type }) => type === 'message.updated'),
      20_000,
    );
    const since = Date.now();
    const { status, body } = await call(system.urls[0]!, `/v1/rooms/${room}/messages?before=5`, 'ann');
    assert.deepEqual([status, (body as { error: { code: string } }).error.code], [503, 'unavailable']);
    assert.ok(Date.now() - since < 10_000, 'it waited far beyond its limit');
    await partOf('Postgres').start();
    assert.deepEqual(await storedIds(system.urls[0]!, room, last), [last]);
    await ann.close();
  });

  it('a gateway killed: a client resumes at another one without gap or double', async function () {
    this.timeout(120_000);
    const room = newRoom();
    const ann = await join(system.urls[0]!, 'ann', room);
    const bob = await openSocket(system.urls[1]!, 'bob');
    const joined = await bob.ask({ type: 'join', room, recent: 0 });
    for (let i = 0; i < 5; i += 1) await say(ann, room, `g${i}`);
    await until(
      'bob has five',
      () => bob.frames.filter(({ type }) => type === 'message.created').length === 5,
    );
    const offset = bob.liveOffsets(room).at(-1)!;
    system.fronts[1]!.kill('SIGKILL');
    await system.fronts[1]!.exited;
    for (let i = 5; i < 10; i += 1) await say(ann, room, `g${i}`);
    const again = await openSocket(system.urls[0]!, 'bob');
    const resumed = await again.ask({ type: 'join', room, since: { epoch: joined.epoch, offset } });
    assert.equal(resumed.recovered, true);
    const seen = [...bob.frames, ...(resumed.events as ServerFrame[]), ...again.frames]
      .filter(({ type }) => type === 'message.created')
      .map(frame => (frame.message as { id: number }).id);
    const acked = ann.frames.filter(({ type }) => type === 'ack').map(({ id }) => id);
    assert.deepEqual(seen, acked);
    await Promise.all([ann.close(), again.close()]);
  });
});
