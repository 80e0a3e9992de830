import assert from 'node:assert/strict';
import { Redis } from 'ioredis';
import { WebSocket } from 'ws';
import type { Client, ClientOptions, SocketLike } from '../../src/client/index.ts';
import { createNodeClient } from '../../src/client/node.ts';
import { freePort } from '../../src/stack/ports.ts';
import { startProcess } from '../support/processes.ts';
import { PATIENT, SECRET, token } from '../support/socket.ts';
import { freeDatabase, stack } from '../support/stack.ts';
import { call, emptied, type HistoryPage } from '../support/system.ts';
import { until } from '../support/until.ts';

type Frame = { type: string; offset?: number };

const idsOf = (messages: readonly { id: number }[]) => messages.map(({ id }) => id);

/** A real socket whose line can be cut, and which can lose a frame on its way to the client. */
function frailLine() {
  let current: WebSocket | undefined;
  let sockets = 0;
  const line = {
    /** True for a frame that is to be lost. */
    loses: (_frame: Frame): boolean => false,
    cut: () => current?.terminate(),
    opened: () => sockets,
    webSocket(url: string): SocketLike {
      sockets += 1;
      const socket = new WebSocket(url);
      current = socket;
      return new Proxy(socket, {
        get(target, name) {
          if (name !== 'addEventListener') {
            const value: unknown = Reflect.get(target, name);
            return typeof value === 'function' ? value.bind(target) : value;
          }
          return (type: 'message', listener: (event: { data: unknown }) => void) =>
            target.addEventListener(type, event => {
              const isLost = type === 'message' && line.loses(JSON.parse(String(event.data)) as Frame);
              if (!isLost) listener(event);
            });
        },
      }) as SocketLike;
    },
  };
  return line;
}

/** A token that is given only while the gate is open: so long the client stays away. */
function gatedToken(user: string) {
  let open = true;
  let release = () => {};
  let opened = Promise.resolve();
  return {
    shut() {
      open = false;
      opened = new Promise(resolve => {
        release = resolve;
      });
    },
    open() {
      open = true;
      release();
    },
    async token() {
      if (!open) await opened;
      return await token(user);
    },
  };
}

describe('the client on a bad line', () => {
  let env: Record<string, string>;
  let gateway: Awaited<ReturnType<typeof startProcess>>;
  let worker: Awaited<ReturnType<typeof startProcess>>;
  let url: string;
  let rooms = 0;
  const clients: Client[] = [];

  before(async function () {
    this.timeout(240_000);
    const services = await stack();
    const port = String(await freePort());
    env = {
      DATABASE_URL: await freeDatabase(),
      REDIS_URL: services.redisUrl,
      TEMPORAL_ADDRESS: services.temporalAddress,
      TEMPORAL_TASK_QUEUE: `client-${process.pid}-${Date.now()}`,
      AUTH_SECRET: SECRET,
      PORT: port,
      ADMIN_PORT: '0',
      WORKER_ADMIN_PORT: '0',
      LOG_LEVEL: 'warn',
      HEARTBEAT_MS: '500',
      ROOM_LOG_ENTRIES: '20',
      SEND_PER_SECOND: '10000',
      SEND_BURST: '10000',
    };
    await emptied(services.redisUrl);
    gateway = await startGateway();
    worker = await startProcess('worker', env);
    url = gateway.address;
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  after(async () => {
    for (const process of [worker, gateway]) {
      process?.kill('SIGTERM');
      await process?.exited;
    }
  });

  const startGateway = () => startProcess('gateway', { ...PATIENT, ...env });
  function clientFor(user: string, options: Partial<ClientOptions> = {}): Client {
    const client = createNodeClient({ url, token: () => token(user), ...options });
    clients.push(client);
    return client;
  }
  function newRoom() {
    rooms += 1;
    return `losses-${process.pid}-${rooms}`;
  }

  it('resumes where it was after its socket is cut: nothing is missing, nothing comes twice', async () => {
    const name = newRoom();
    const line = frailLine();
    const gate = gatedToken('ben');
    const reader = clientFor('ben', { webSocket: line.webSocket, token: gate.token }).room(name);
    const writer = clientFor('ann').room(name);
    await Promise.all([reader.join(), writer.join()]);
    const heard: number[] = [];
    let resets = 0;
    reader.on('message', ({ id }) => heard.push(id));
    reader.on('reset', () => {
      resets += 1;
    });
    const acks = [await writer.send('before the cut')];
    await until('the first is heard', () => heard.length === 1);
    gate.shut();
    line.cut();
    await until('the reader is away', () => reader.phase() === 'idle');
    for (const text of ['while away', 'and another']) acks.push(await writer.send(text));
    assert.equal(reader.messages().length, 1);
    gate.open();
    await until('the reader is back', () => reader.phase() === 'live');
    acks.push(await writer.send('after the cut'));
    await until('all is heard', () => heard.length === 4);
    assert.deepEqual(heard, idsOf(acks));
    assert.deepEqual([resets, line.opened()], [0, 2]);
  });

  it('stores a message once whose acknowledgement was lost with the line', async () => {
    const name = newRoom();
    const line = frailLine();
    const room = clientFor('ann', { webSocket: line.webSocket }).room(name);
    await room.join();
    line.loses = frame => {
      if (frame.type !== 'ack') return false;
      line.loses = () => false;
      line.cut();
      return true;
    };
    const ack = await room.send('only once');
    assert.equal(ack.duplicate, true);
    assert.equal(line.opened(), 2);
    const other = clientFor('ben').room(name);
    await other.join();
    assert.deepEqual(idsOf(other.messages()), [ack.id]);
    assert.deepEqual(idsOf(room.messages()), [ack.id]);
    assert.equal(room.pending().length, 0);
  });

  it('sends what was written while it was away, in order, once it is back', async () => {
    const name = newRoom();
    const line = frailLine();
    const gate = gatedToken('ann');
    const room = clientFor('ann', { webSocket: line.webSocket, token: gate.token }).room(name);
    await room.join();
    gate.shut();
    line.cut();
    await until('it is away', () => room.phase() === 'idle');
    const sent = ['one', 'two', 'three'].map(text => room.send(text));
    assert.equal(room.pending().length, 3);
    gate.open();
    const acks = await Promise.all(sent);
    assert.deepEqual(
      idsOf(acks),
      idsOf(acks).sort((a, b) => a - b),
    );
    assert.deepEqual(
      room.messages().map(({ content }) => content),
      ['one', 'two', 'three'],
    );
  });

  it('notices a frame that never came, and fetches it', async () => {
    const name = newRoom();
    const line = frailLine();
    const reader = clientFor('ben', { webSocket: line.webSocket }).room(name);
    const writer = clientFor('ann').room(name);
    await Promise.all([reader.join(), writer.join()]);
    const gaps: { from: number; to: number }[] = [];
    reader.on('gap', gap => gaps.push(gap));
    line.loses = frame => {
      if (frame.type !== 'message.created') return false;
      line.loses = () => false;
      return true;
    };
    const acks = [await writer.send('lost'), await writer.send('shows the loss')];
    await until('both are there', () => reader.messages().length === 2);
    assert.deepEqual(idsOf(reader.messages()), idsOf(acks));
    assert.deepEqual([gaps[0]?.from, line.opened()], [acks[0]!.offset, 1]);
  });

  it('reloads from history what the log no longer has, and joins it to live without hole or double', async function () {
    this.timeout(120_000);
    const name = newRoom();
    const line = frailLine();
    const gate = gatedToken('ben');
    const reader = clientFor('ben', { webSocket: line.webSocket, token: gate.token }).room(name);
    const writer = clientFor('ann').room(name);
    await Promise.all([reader.join(), writer.join()]);
    let resets = 0;
    reader.on('reset', () => {
      resets += 1;
    });
    gate.shut();
    line.cut();
    await until('the reader is away', () => reader.phase() === 'idle');
    const acks = [];
    for (let i = 0; i < 150; i += 1) acks.push(await writer.send(`line ${i}`));
    await until(
      'all is decided',
      () => writer.messages().every(({ status }) => status !== 'pending'),
      60_000,
    );
    // The log is cut as entries come in: these come once the earlier ones are stored, and push them out.
    await until(
      'the log is short',
      async () => {
        acks.push(await writer.send('one more'));
        const probe = clientFor('eve', { recent: 100 });
        const room = probe.room(name);
        await room.join();
        probe.close();
        return room.messages().length < 60;
      },
      60_000,
    );
    gate.open();
    await until('the reader is back', () => reader.phase() === 'live');
    acks.push(await writer.send('after the reload'));
    await until('it is heard', () => reader.messages().at(-1)?.content === 'after the reload');
    assert.equal(resets, 1);
    await until('the beginning is read', async () => !(await reader.loadOlder(40)), 60_000);
    await until('the room is live', () => reader.phase() === 'live');
    assert.deepEqual(idsOf(reader.messages()), idsOf(acks));
  });

  it('finds in the log what history does not reflect yet', async () => {
    const name = newRoom();
    const writer = clientFor('ann').room(name);
    await writer.join();
    worker.kill('SIGSTOP');
    try {
      const acks = [];
      for (let i = 0; i < 10; i += 1) acks.push(await writer.send(`line ${i}`));
      const reader = clientFor('ben', { recent: 3 }).room(name);
      await reader.join();
      assert.deepEqual(idsOf(reader.messages()), idsOf(acks.slice(-3)));
      await reader.loadOlder(5);
      await until('the rest came from the log', () => reader.messages().length === 10);
      assert.deepEqual(idsOf(reader.messages()), idsOf(acks));
      worker.kill('SIGCONT');
      await until(
        'all is decided',
        () => reader.messages().every(({ status }) => status !== 'pending'),
        60_000,
      );
    } finally {
      worker.kill('SIGCONT');
    }
  });

  it('follows a room into a new epoch: what is stored comes back from history, and live goes on', async () => {
    const name = newRoom();
    const [reader, writer] = [clientFor('ben').room(name), clientFor('ann').room(name)];
    await Promise.all([reader.join(), writer.join()]);
    let resets = 0;
    reader.on('reset', () => {
      resets += 1;
    });
    const before = [await writer.send('one'), await writer.send('two')];
    // In the log's account too: it must not be settled after the log is gone.
    await until('all is stored', async () => {
      const { body } = await call(url, `/v1/rooms/${name}/messages`, 'eve');
      return ((body as HistoryPage).processedThrough ?? 0) >= before[1]!.id;
    });
    const redis = new Redis((await stack()).redisUrl, { commandTimeout: 30_000 });
    const lost = await redis.keys(`*:room:${name}:*`);
    assert.ok(lost.length > 0);
    await redis.del(lost);
    redis.disconnect();
    const after = [await writer.send('three'), await writer.send('four')];
    await until('the new ones are heard', () => reader.messages().at(-1)?.id === after[1]!.id);
    assert.ok(after[0]!.id > 1_000_000, 'the new epoch begins above all that was given');
    assert.deepEqual(idsOf(reader.messages()), idsOf([...before, ...after]));
    assert.equal(resets, 1);
  });

  it('notices a gateway that is frozen, though the socket stays open', async function () {
    this.timeout(120_000);
    const client = clientFor('ann', { timeoutMs: 2_000 });
    const room = client.room(newRoom());
    await room.join();
    gateway.kill('SIGSTOP');
    try {
      await until('the client gives the socket up', () => client.state().state !== 'open', 60_000);
    } finally {
      gateway.kill('SIGCONT');
    }
    await until('it is back', () => room.phase() === 'live', 60_000);
    await room.send('thawed');
  });

  it('waits as long as a gateway asks that goes away in order', async function () {
    this.timeout(120_000);
    const client = clientFor('ann');
    const room = client.room(newRoom());
    await room.join();
    gateway.kill('SIGTERM');
    await gateway.exited;
    await until('the client waits', () => client.state().state === 'waiting');
    gateway = await startGateway();
    await until('it is back', () => room.phase() === 'live', 60_000);
    await room.send('after the deploy');
  });

  it('comes back to a gateway that was killed and started again, with all that was sent meanwhile', async function () {
    this.timeout(120_000);
    const name = newRoom();
    const states: string[] = [];
    const client = clientFor('ann');
    client.on('state', ({ state }) => states.push(state));
    const room = client.room(name);
    await room.join();
    const before = await room.send('before the kill');
    gateway.kill('SIGKILL');
    await gateway.exited;
    const during = room.send('while it was dead');
    await until('the client waits', () => client.state().state === 'waiting');
    gateway = await startGateway();
    client.retry();
    const ack = await during;
    assert.deepEqual(idsOf(room.messages()), [before.id, ack.id]);
    assert.deepEqual(states.slice(0, 3), ['connecting', 'open', 'waiting']);
    assert.equal(states.at(-1), 'open');
  });
});
