import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { within } from '../../src/front/deadline.ts';
import { createFanout } from '../../src/front/fanout.ts';
import { createFlood } from '../../src/front/flood.ts';
import { startHeartbeat } from '../../src/front/heartbeat.ts';
import { createLanes } from '../../src/front/lanes.ts';
import { createDeliveryClock } from '../../src/front/outbox.ts';
import { watchTokenEnd } from '../../src/front/token-end.ts';
import { createGatewayMetrics } from '../../src/metrics.ts';
import { until } from '../support/until.ts';

/** A server's side of a socket, with its client. */
async function pair() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [ws] = (await accepted) as [WebSocket];
  await once(client, 'open');
  return {
    ws,
    client,
    async close() {
      client.terminate();
      ws.terminate();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

describe('lanes', () => {
  /** A task that ends when told. */
  function task() {
    let end = () => {};
    const ended = new Promise<void>(resolve => {
      end = resolve;
    });
    return { run: () => ended, end };
  }

  it('run tasks of one key in order, and those of others meanwhile', async () => {
    const lanes = createLanes({ limit: 10, onFull: () => assert.fail(), onFree: () => assert.fail() });
    const order: string[] = [];
    const first = task();
    lanes.add('a', async () => {
      await first.run();
      order.push('a1');
    });
    lanes.add('a', async () => void order.push('a2'));
    lanes.add('b', async () => void order.push('b1'));
    first.end();
    await lanes.idle();
    assert.deepEqual(order, ['b1', 'a1', 'a2']);
  });

  it('ask the source to pause at the limit, and to go on when half is done', async () => {
    const told: string[] = [];
    const lanes = createLanes({ limit: 4, onFull: () => told.push('full'), onFree: () => told.push('free') });
    const tasks = Array.from({ length: 6 }, task);
    tasks.forEach(({ run }, i) => {
      lanes.add(`key${i}`, run);
    });
    assert.deepEqual(told, ['full']);
    for (const { end } of tasks.slice(0, 3)) end();
    await until('three are done', () => told.length === 1);
    tasks[3]!.end();
    await until('half is free', () => told.length === 2);
    assert.deepEqual(told, ['full', 'free']);
    for (const { end } of tasks) end();
    await lanes.idle();
  });
});

describe('a flood', () => {
  it('is twenty in ten seconds, wherever the window lies', () => {
    const flood = createFlood({ limit: 20, windowMs: 10_000 });
    for (let i = 0; i < 19; i += 1) assert.equal(flood.hit(i * 1_000), false);
    assert.equal(flood.hit(19_000), false, '20 in 19 s');
    for (let i = 0; i < 18; i += 1) assert.equal(flood.hit(29_000 + i), false);
    assert.equal(flood.hit(29_100), false, 'the 20th of the last ones came at 19 s, 10.1 s ago');
    assert.equal(flood.hit(29_101), true);
  });
});

describe('the end of a token', () => {
  it('is announced at once where less than a minute is left, and then comes', async () => {
    const told: [string, number][] = [];
    const startedAt = Date.now();
    watchTokenEnd({
      expiresAt: startedAt + 120,
      onExpiring: () => told.push(['expiring', Date.now() - startedAt]),
      onExpired: () => told.push(['expired', Date.now() - startedAt]),
    });
    assert.equal(told.length, 1);
    await until('it expires', () => told.length === 2);
    assert.equal(told[1]![0], 'expired');
    assert.ok(told[1]![1] >= 118, `after ${told[1]![1]} ms`);
  });

  it('may lie beyond the longest timer without firing early', async () => {
    const watch = watchTokenEnd({
      expiresAt: Date.now() + 2 ** 33,
      onExpiring: () => assert.fail('expiring'),
      onExpired: () => assert.fail('expired'),
    });
    await new Promise(resolve => setImmediate(resolve));
    watch.stop();
  });
});

describe('the heartbeat', () => {
  it('keeps a peer that answers, and terminates one that does not', async () => {
    const { ws, client, close } = await pair();
    const heartbeat = startHeartbeat(ws, { everyMs: 20, graceMs: 2_000 });
    let pings = 0;
    client.on('ping', () => {
      pings += 1;
    });
    await until('many pings were answered', () => pings > 8);
    assert.equal(ws.readyState, ws.OPEN);
    const closed = once(ws, 'close');
    // A peer that is there but reads nothing.
    client.pause();
    const [code] = await closed;
    assert.equal(code, 1006);
    heartbeat.stop();
    await close();
  });

  it('waits for a peer that has not read so far as the ping', async () => {
    const { ws, client, close } = await pair();
    let sending = true;
    let asked = 0;
    const isSending = () => {
      asked += 1;
      return sending;
    };
    client.pause();
    const closed = once(ws, 'close');
    const heartbeat = startHeartbeat(ws, { everyMs: 10, graceMs: 20, isSending });
    await until('the grace has passed several times', () => asked > 3);
    assert.equal(ws.readyState, ws.OPEN);
    sending = false;
    await closed;
    heartbeat.stop();
    await close();
  });

  it('does not blame the peer while reading is paused here', async () => {
    const { ws, client, close } = await pair();
    ws.pause();
    const heartbeat = startHeartbeat(ws, { everyMs: 10, graceMs: 30 });
    let pings = 0;
    client.on('ping', () => {
      pings += 1;
    });
    await until('the grace has passed several times', () => pings > 12);
    assert.equal(ws.readyState, ws.OPEN);
    ws.resume();
    heartbeat.stop();
    await close();
  });
});

describe('the delivery clock', () => {
  it('measures a delivery once, however many members there are, and is not fooled by the text', async () => {
    const metrics = createGatewayMetrics();
    const fanout = createFanout({ metrics, onFrame: createDeliveryClock(metrics) });
    const timestamp = new Date(Date.now() - 50).toISOString();
    const message = { content: '"timestamp":"2000-01-01T00:00:00.000Z"', timestamp };
    const frame = JSON.stringify({ type: 'message.created', room: 'a', offset: 1, message });
    const frames = [
      frame,
      JSON.stringify({ type: 'typing', room: 'a', timestamp: '2000-01-01T00:00:00.000Z' }),
    ];
    for (let i = 0; i < 3; i += 1) fanout.broadcast(frames);
    const { values } = await metrics.delivery.get();
    const measured = (name: string) => values.find(value => value.metricName === name)?.value;
    assert.equal(measured('parley_delivery_seconds_count'), 1);
    assert.ok(measured('parley_delivery_seconds_sum')! < 5);
  });
});

describe('a deadline', () => {
  it('gives the answer, or says that it is too late, and swallows what fails later', async () => {
    assert.equal(await within(1_000, Promise.resolve(1)), 1);
    await assert.rejects(within(1_000, Promise.reject(new Error('x'))), /x/);
    let fail = (_: Error) => {};
    const failing = new Promise<never>((_, reject) => {
      fail = reject;
    });
    assert.equal(typeof (await within(1, failing)), 'symbol');
    fail(new Error('late'));
    await new Promise(resolve => setImmediate(resolve));
  });
});
