import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket as Tcp } from 'node:net';
import { WebSocket } from 'ws';
import { createNodeClient } from '../../src/client/node.ts';
import { freePorts } from '../../src/stack/ports.ts';
import { startGateway } from '../support/gateway.ts';
import { openSocket, type ServerFrame, type Socket, token } from '../support/socket.ts';
import { stack } from '../support/stack.ts';
import { until } from '../support/until.ts';

/** 16 kB: the longest text, of characters that take four bytes each. */
const CONTENT = '🦜'.repeat(4_000);
const AT_ONCE = 25;
/** More than the kernel holds for a socket that is not read, so far as any system goes. */
const MOST = 2_500;

type Gap = { type: 'gap'; room: string; from: number; to: number };

/** A way to the gateway on which the answers can be held back. */
async function holdable(target: string) {
  const open = new Set<Tcp>();
  const { hostname, port } = new URL(target);
  const far: Tcp[] = [];
  const server = createServer(near => {
    const to = connect(Number(port), hostname);
    far.push(to);
    near.pipe(to);
    to.pipe(near);
    for (const one of [near, to]) {
      open.add(one);
      one.on('error', () => one.destroy());
      one.on('close', () => {
        near.destroy();
        to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: () => far.forEach(socket => void socket.pause()),
    release: () => far.forEach(socket => void socket.resume()),
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

describe('a slow connection', function () {
  this.timeout(240_000);
  let gateway: Awaited<ReturnType<typeof startGateway>>;
  let adminPort: number;
  let rooms = 0;
  const sockets: Socket[] = [];
  before(async function () {
    this.timeout(240_000);
    [adminPort] = (await freePorts(1)) as [number];
    const { redisUrl } = await stack();
    gateway = await startGateway({
      // A database of its own: what these floods leave in the intake would keep the workers of later tests busy.
      REDIS_URL: new URL('/1', redisUrl).href,
      ADMIN_PORT: String(adminPort),
      FRAMES_PER_SECOND: '100000',
      FRAME_BURST: '100000',
      // Members and gateway share one process here.
      MAX_LOOP_DELAY_MS: '60000',
    });
  });
  afterEach(() => Promise.all(sockets.splice(0).map(socket => socket.close())));
  after(() => gateway?.close());

  function newRoom() {
    rooms += 1;
    return `slow-${process.pid}-${rooms}`;
  }
  async function open(user: string) {
    const socket = await openSocket(gateway.url, user);
    sockets.push(socket);
    return socket;
  }
  async function metric(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    const lines = text.split('\n').filter(line => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }
  /** Sends long messages until told to stop; answers how many there are. */
  async function flood(sender: Socket, room: string, done: (sent: number) => boolean | Promise<boolean>) {
    let sent = 0;
    while (!(await done(sent))) {
      assert.ok(sent < MOST, 'the connection is never slow');
      const batch = Array.from({ length: AT_ONCE }, (_, i) => `c${sent + i}`);
      const answers = await Promise.all(
        batch.map(clientId => sender.ask({ type: 'send', room, clientId, content: CONTENT })),
      );
      assert.ok(
        answers.every(({ type }) => type === 'ack'),
        JSON.stringify(answers[0]).slice(0, 200),
      );
      sent += AT_ONCE;
    }
    return sent;
  }
  /** The offsets that frames tell of, live and in answers to joins, in the order of their arrival. */
  const offsetsOf = (frames: ServerFrame[], room: string) =>
    frames
      .filter(frame => frame.room === room)
      .flatMap(frame => (frame.type === 'joined' ? (frame.events as ServerFrame[]) : [frame]))
      .filter(({ type }) => type.startsWith('message.'))
      .map(({ offset }) => offset);

  it('gets a gap in place of what it can fetch again, and costs its neighbours nothing', async () => {
    const room = newRoom();
    const [slow, neighbour, sender] = [await open('slow'), await open('near'), await open('ann')];
    for (const socket of [slow, neighbour, sender]) await socket.ask({ type: 'join', room });
    const gaps = await metric('parley_gaps_total');
    slow.socket.pause();
    const sent = await flood(sender, room, async () => (await metric('parley_gaps_total')) > gaps);
    // At once: it is closed when it takes nothing for ten seconds.
    slow.socket.resume();
    const all = Array.from({ length: sent }, (_, i) => i + 1);
    await until('the neighbour has all', () => neighbour.liveOffsets(room).length === sent);
    assert.deepEqual(neighbour.liveOffsets(room), all);

    await until('the gap is heard', () => slow.frames.some(({ type }) => type === 'gap'));
    const gap = slow.frames.find(({ type }) => type === 'gap') as unknown as Gap;
    assert.deepEqual(slow.liveOffsets(room), all.slice(0, gap.from - 1));
    assert.ok(gap.from <= gap.to && gap.to <= sent);
    const { epoch } = slow.frames.find(({ type }) => type === 'joined') as ServerFrame;
    // Silent until it joins again.
    await sender.ask({ type: 'send', room, clientId: 'unheard', content: 'unheard' });
    await slow.ask({ type: 'ping' });
    assert.equal(slow.frames.at(-1)?.type, 'pong');

    const heard = slow.frames.length;
    await slow.ask({ type: 'join', room, since: { epoch, offset: gap.from - 1 } });
    await sender.ask({ type: 'send', room, clientId: 'heard', content: 'heard' });
    await until('live goes on', () => slow.liveOffsets(room).at(-1) === sent + 2);
    assert.deepEqual(offsetsOf(slow.frames, room), [...all, sent + 1, sent + 2]);
    assert.ok(slow.frames.slice(heard).every(frame => frame.type !== 'joined' || frame.recovered));
  });

  it('is healed by the client: nothing lost, nothing twice, in order', async () => {
    const name = newRoom();
    const way = await holdable(gateway.url);
    const client = createNodeClient({ url: way.url, token: () => token('slow'), maxMessages: 5_000 });
    try {
      const room = client.room(name);
      const heard: number[] = [];
      let gaps = 0;
      room.on('message', ({ id }) => heard.push(id));
      room.on('gap', () => {
        gaps += 1;
      });
      await room.join();
      const sender = await open('ann');
      await sender.ask({ type: 'join', room: name });
      const before = await metric('parley_gaps_total');
      way.hold();
      const sent = await flood(sender, name, async () => (await metric('parley_gaps_total')) > before);
      way.release();
      await until('the client has all', () => room.messages().length === sent, 60_000);
      assert.ok(gaps > 0);
      const all = Array.from({ length: sent }, (_, i) => i + 1);
      assert.deepEqual(heard, all);
      assert.deepEqual(
        room.messages().map(({ id }) => id),
        all,
      );
      assert.ok(room.messages().every(message => 'content' in message && message.content === CONTENT));
    } finally {
      client.close();
      await way.close();
    }
  });

  it('that takes nothing for ten seconds is closed with 4013, and its client resumes where it was', async function () {
    this.timeout(120_000);
    const name = newRoom();
    const way = await holdable(gateway.url);
    const codes: number[] = [];
    const client = createNodeClient({
      url: way.url,
      token: () => token('slow'),
      maxMessages: 5_000,
      webSocket(url) {
        const socket = new WebSocket(url);
        socket.on('close', code => codes.push(code));
        return socket;
      },
    });
    try {
      const room = client.room(name);
      const heard: number[] = [];
      let resets = 0;
      room.on('message', ({ id }) => heard.push(id));
      room.on('reset', () => {
        resets += 1;
      });
      await room.join();
      const sender = await open('ann');
      await sender.ask({ type: 'join', room: name });
      const [gaps, closes] = [await metric('parley_gaps_total'), await metric('parley_slow_closes_total')];
      way.hold();
      const sent = await flood(sender, name, async () => (await metric('parley_gaps_total')) > gaps);
      await until(
        'it is closed',
        async () => (await metric('parley_slow_closes_total')) === closes + 1,
        60_000,
      );
      way.release();
      await until('the client has all', () => room.messages().length === sent, 60_000);
      assert.deepEqual(
        heard,
        Array.from({ length: sent }, (_, i) => i + 1),
      );
      assert.deepEqual([codes, resets], [[4013], 0]);
    } finally {
      client.close();
      await way.close();
    }
  });

  it('that resumes over a large gap is sent no more than it takes, and gets it all', async () => {
    const room = newRoom();
    const sender = await open('ann');
    const { epoch } = await sender.ask({ type: 'join', room });
    const sent = await flood(sender, room, count => count >= 1_000);
    const closes = await metric('parley_slow_closes_total');
    const before = await metric('parley_bytes_out_total');
    const slow = await open('slow');
    slow.socket.pause();
    const joined = slow.ask({ type: 'join', room, since: { epoch, offset: 0 } });
    // What is not read fills the kernel first; then the pages wait.
    let bytes = 0;
    let looks = 0;
    await until('nothing more is written', async () => {
      const now = (await metric('parley_bytes_out_total')) - before;
      looks = now === bytes ? looks + 1 : 0;
      bytes = now;
      return bytes > 1_000_000 && looks === 50;
    });
    assert.ok(bytes < sent * Buffer.byteLength(CONTENT), `${bytes} bytes were written`);
    slow.socket.resume();
    assert.equal((await joined).recovered, true);
    const all = Array.from({ length: sent }, (_, i) => i + 1);
    // The newest ones follow the answer as live frames.
    await until('all are heard', () => offsetsOf(slow.frames, room).length >= sent);
    assert.deepEqual(offsetsOf(slow.frames, room), all);
    assert.equal(await metric('parley_slow_closes_total'), closes);
  });

  it('that resumes many rooms at once is not closed for it', async () => {
    const names = Array.from({ length: 60 }, newRoom);
    const sender = await open('ann');
    for (const room of names) {
      await sender.ask({ type: 'join', room });
      for (let at = 0; at < 10; at += 1) {
        await sender.ask({ type: 'send', room, clientId: `c${at}`, content: CONTENT });
      }
    }
    const slow = await open('slow');
    slow.socket.pause();
    const answers = names.map(room => slow.ask({ type: 'join', room }));
    slow.socket.resume();
    assert.ok((await Promise.all(answers)).every(({ type }) => type === 'joined'));
    for (const room of names) assert.equal(offsetsOf(slow.frames, room).length, 10);
  });
});
