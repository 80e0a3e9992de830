import assert from 'node:assert/strict';
import type { Message } from '../../src/message.ts';
import { openSocket, type Socket } from '../support/socket.ts';
import { call, type HistoryPage, startSystem, wholeHistory } from '../support/system.ts';
import { until } from '../support/until.ts';

const SOCKETS = 20;
const ROOMS = 5;
const EACH = 100;
const LINES = [
  'good morning everyone, how was the concert last night?',
  'das klingt wirklich gut, ich bin dabei',
  'what a load of shit that was',
  'me encanta esta canción, gracias por compartir',
  'I will be ten minutes late, start without me',
];

type System = Awaited<ReturnType<typeof startSystem>>;

/**
 * The ledger: 2,000 messages from 20 sockets in 5 rooms over two gateways, senders and receivers on both, and
 * `disturb` in the middle. Afterwards every acknowledged message is stored once, history walked by pages of 7 is
 * exactly the acknowledged ids in order, and every client saw every offset once, in order.
 */
async function runLedger(system: System, name: string, disturb: (system: System) => Promise<void>) {
  const rooms = Array.from({ length: ROOMS }, (_, i) => `ledger-${name}-${process.pid}-${i}`);
  const sockets = await Promise.all(
    Array.from({ length: SOCKETS }, (_, i) => openSocket(system.urls[i % system.urls.length]!, `user${i}`)),
  );
  const roomOf = (i: number) => rooms[i % ROOMS]!;
  await Promise.all(sockets.map((socket, i) => socket.ask({ type: 'join', room: roomOf(i), recent: 0 })));
  const acked = new Map(rooms.map(room => [room, [] as number[]]));

  async function sendAll(socket: Socket, i: number, from: number, to: number) {
    for (let k = from; k < to; k += 1) {
      const content = `${LINES[(i + k) % LINES.length]} (${i}/${k})`;
      const ack = await socket.ask({ type: 'send', room: roomOf(i), clientId: `c${k}`, content });
      assert.equal(ack.type, 'ack', JSON.stringify(ack));
      acked.get(roomOf(i))!.push(ack.id as number);
    }
  }
  await Promise.all(sockets.map((socket, i) => sendAll(socket, i, 0, EACH / 2)));
  const disturbed = disturb(system);
  await Promise.all(sockets.map((socket, i) => sendAll(socket, i, EACH / 2, EACH)));
  await disturbed;

  for (const [n, room] of rooms.entries()) {
    const url = system.urls[n % system.urls.length]!;
    const ids = acked.get(room)!.sort((a, b) => a - b);
    await until(
      `all of ${room} is stored`,
      async () => {
        const page = (await call(url, `/v1/rooms/${room}/messages?limit=1`, 'watcher')).body as HistoryPage;
        return (page.processedThrough ?? 0) >= ids.at(-1)!;
      },
      60_000,
    );
    const history = (await wholeHistory(url, room, 7)) as Message[];
    assert.deepEqual(
      history.map(({ id }) => id),
      ids,
    );
    for (const message of history) {
      assert.match(message.status, /^(visible|masked|removed)$/);
      if (message.status === 'removed') continue;
      assert.ok(message.language && message.sentiment && message.content, JSON.stringify(message));
      assert.ok(!message.content.includes('shit'));
    }
  }
  for (const [i, socket] of sockets.entries()) {
    const page = (await call(system.urls[0]!, `/v1/rooms/${roomOf(i)}/messages?limit=1`, 'watcher'))
      .body as HistoryPage;
    await until(
      'the last offset arrives',
      () => socket.liveOffsets(roomOf(i)).at(-1) === page.processedThrough,
      60_000,
    );
    const offsets = socket.liveOffsets(roomOf(i));
    assert.deepEqual(
      offsets,
      Array.from({ length: offsets.length }, (_, k) => k + 1),
    );
  }
  const total = [...acked.values()].reduce((sum, { length }) => sum + length, 0);
  assert.equal(total, SOCKETS * EACH);
  await Promise.all(sockets.map(socket => socket.close()));
}

describe('the ledger over two gateways', () => {
  let system: System;
  before(async function () {
    this.timeout(240_000);
    system = await startSystem({ gateways: 2, env: { SEND_PER_SECOND: '100000', SEND_BURST: '100000' } });
  });
  after(async function () {
    this.timeout(120_000);
    await system?.close();
  });

  it('accounts for every message', async function () {
    this.timeout(240_000);
    await runLedger(system, 'calm', async () => {});
  });

  it('accounts for every message while the worker is killed three times', async function () {
    this.timeout(300_000);
    await runLedger(system, 'killed', async ({ replaceWorker }) => {
      for (let i = 0; i < 3; i += 1) await replaceWorker();
    });
  });

  it('accounts for every message while Temporal is away for 20 seconds', async function () {
    this.timeout(300_000);
    await runLedger(system, 'away', async ({ services }) => {
      const temporal = services.parts.find(({ name }) => /temporal/i.test(name));
      assert.ok(temporal, 'the run has a Temporal of its own');
      await temporal.stop('SIGKILL');
      // The time away is the case under test, not a wait for an event.
      await new Promise(resolve => setTimeout(resolve, 20_000));
      await temporal.start();
    });
  });
});
