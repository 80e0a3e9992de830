import assert from 'node:assert/strict';
import { once } from 'node:events';
import { generate } from 'selfsigned';
import { typeOf } from '../../src/front/fanout.ts';
import { encodeText } from '../../src/front/text-frame.ts';
import { entry, outboxes } from '../support/outbox-pair.ts';
import { until } from '../support/until.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const turn = () => new Promise(resolve => setImmediate(resolve));
const pong = (filler: number) => JSON.stringify({ type: 'pong', filler: 'x'.repeat(filler) });
const typesOf = (heard: string[]) => heard.map(typeOf);

let all: Awaited<ReturnType<typeof outboxes>>;

/** Delivers entries from `first` on until the outbox has had enough; answers the next offset. */
async function deliverUntil(done: () => boolean, deliver: (offset: number) => void, first = 1) {
  let offset = first;
  while (!done()) {
    deliver(offset);
    offset += 1;
    if (offset % 10 === 0) await turn();
  }
  return offset;
}

describe('text frames', () => {
  afterEach(async () => all.close());

  it('of every length class are what a WebSocket client reads', async () => {
    all = await outboxes();
    const { outbox, heard } = await all.pair();
    const texts = [0, 1, 125, 126, 65_535, 65_536, 200_000].map(length => 'ü'.repeat(length));
    for (const text of texts) outbox.send('x', text);
    await until('all are heard', () => heard.length === texts.length);
    assert.deepEqual(heard, texts);
  });

  it('are those that ws itself makes', async () => {
    all = await outboxes();
    const { ws, tcp } = await all.bare();
    for (const length of [5, 125, 126, 65_535, 65_536]) {
      const text = 'x'.repeat(length);
      const want = encodeText(text);
      let got = Buffer.alloc(0);
      const onData = (chunk: Buffer) => {
        got = Buffer.concat([got, chunk]);
      };
      tcp.on('data', onData);
      ws.send(text);
      await until('it has arrived', () => got.length >= want.length);
      tcp.off('data', onData);
      assert.ok(got.equals(want), `${length} bytes`);
    }
  });
});

describe('joined writes', () => {
  afterEach(async () => all.close());

  it('hold all that one turn brings, in its order', async () => {
    all = await outboxes();
    const { outbox, heard, writes } = await all.pair();
    const before = writes();
    outbox.deliver([entry('a', 1), entry('a', 2), entry('a', 3)]);
    outbox.deliver([entry('b', 1)]);
    outbox.send('pong', pong(0));
    outbox.deliver([entry('a', 4)]);
    await turn();
    assert.equal(writes() - before, 1);
    await until('all are heard', () => heard.length === 6);
    const entries = [entry('a', 1), entry('a', 2), entry('a', 3), entry('b', 1)];
    assert.deepEqual(heard, [...entries, pong(0), entry('a', 4)]);
    outbox.deliver([entry('a', 5)]);
    await turn();
    assert.equal(writes() - before, 2);
  });

  it('encode the same list of frames once for all members', async () => {
    all = await outboxes();
    const members = [await all.pair(), await all.pair(), await all.pair()];
    const frames = Array.from({ length: 4 }, (_, i) => entry('a', i + 1));
    for (const { outbox } of members) outbox.deliver(frames);
    assert.equal(all.fanout.broadcast(frames).sent, 3);
    assert.notEqual(all.fanout.broadcast([...frames]), all.fanout.broadcast(frames));
    await until('all are heard', () => members.every(({ heard }) => heard.length === frames.length));
    for (const { heard } of members) assert.deepEqual(heard, frames);
  });

  it('go out before an answer that follows them, and never after', async () => {
    all = await outboxes();
    const { outbox, heard } = await all.pair();
    const want: string[] = [];
    for (let offset = 1; offset <= 200; offset += 1) {
      const frame = entry('a', offset);
      want.push(frame);
      outbox.deliver([frame]);
      if (offset % 7 === 0) {
        const answer = JSON.stringify({ type: 'ack', offset });
        want.push(answer);
        outbox.send('ack', answer);
      }
      if (offset % 30 === 0) await turn();
    }
    await until('all are heard', () => heard.length === want.length);
    assert.deepEqual(heard, want);
  });

  it('are written before the close frame, and nothing after it', async () => {
    all = await outboxes();
    const { outbox, heard, client } = await all.pair();
    for (let offset = 1; offset <= 5; offset += 1) outbox.deliver([entry('a', offset)]);
    const closed = once(client, 'close');
    outbox.close(1001, 'draining');
    outbox.deliver([entry('a', 6)]);
    outbox.send('pong', pong(0));
    assert.equal((await closed)[0], 1001);
    assert.deepEqual(
      heard,
      Array.from({ length: 5 }, (_, i) => entry('a', i + 1)),
    );
  });

  it('that are still waiting when the peer closes or breaks off are forgotten', async () => {
    all = await outboxes();
    for (const leave of ['close', 'terminate'] as const) {
      const { outbox, client, ws, socket } = await all.pair();
      outbox.deliver([entry('a', 1)]);
      outbox.deliver([entry('a', 2)]);
      client[leave]();
      await once(ws, 'close');
      outbox.deliver([entry('a', 3)]);
      assert.ok(socket.destroyed);
      await outbox.drained();
    }
  });

  it('lie beside pings and pongs of a slow reader without breaking a frame', async () => {
    all = await outboxes();
    const { outbox, heard, client, ws } = await all.pair();
    const closed = once(client, 'close');
    let pings = 0;
    let pongs = 0;
    client.on('ping', () => {
      pings += 1;
    });
    client.on('pong', () => {
      pongs += 1;
    });
    const want: string[] = [];
    for (let offset = 1; offset <= 300; offset += 1) {
      if (offset % 40 === 0) client.pause();
      const frame = offset % 50 === 0 ? entry('a', offset, 100_000) : entry('a', offset, offset * 7);
      want.push(frame);
      outbox.deliver([frame]);
      if (offset % 10 === 0) {
        ws.ping();
        client.ping();
        await turn();
      }
      if (offset % 40 === 20) client.resume();
    }
    client.resume();
    await until('all are heard', () => heard.length === want.length && pings === 30 && pongs === 30);
    assert.deepEqual(heard, want);
    assert.equal(ws.bufferedAmount, 0);
    outbox.close(1000, '');
    assert.equal((await closed)[0], 1000);
  });

  it('keep their order over TLS, where every write is done later, to a slow reader too', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
      keySize: 2048,
    });
    all = await outboxes({ tls: { key, cert } });
    const { outbox, heard, client, ws, closes } = await all.pair();
    const want: string[] = [];
    for (let offset = 1; offset <= 300; offset += 1) {
      if (offset % 40 === 0) client.pause();
      const frame = entry('a', offset, offset % 50 === 0 ? 100_000 : offset * 7);
      want.push(frame);
      outbox.deliver([frame]);
      if (offset % 10 === 0) {
        const answer = JSON.stringify({ type: 'ack', offset });
        want.push(answer);
        outbox.send('ack', answer);
        ws.ping();
        await turn();
      }
      if (offset % 40 === 20) client.resume();
    }
    client.resume();
    await until('all are heard', () => heard.length === want.length);
    assert.deepEqual(heard, want);
    assert.deepEqual(closes, []);
  });

  it('are counted: bytes, frames, frames a write', async () => {
    all = await outboxes();
    const { outbox, client, heard, socket } = await all.pair();
    const before = socket.bytesWritten;
    for (let offset = 1; offset <= 10; offset += 1) outbox.deliver([entry('a', offset)]);
    outbox.send('pong', pong(70_000));
    await until('all are heard', () => heard.length === 11);
    const { metrics } = all;
    const total = async (metric: { get(): Promise<{ values: { value: number }[] }> }) =>
      (await metric.get()).values.reduce((sum, { value }) => sum + value, 0);
    assert.equal(await total(metrics.bytesOut), socket.bytesWritten - before);
    assert.equal(await total(metrics.framesOut), 11);
    const sum = (await metrics.framesPerWrite.get()).values.find(({ metricName }) =>
      metricName?.endsWith('_sum'),
    );
    assert.equal(sum?.value, 11);
    assert.equal(outbox.count.frames, 11);
    client.close();
  });
});

describe('a slow connection', () => {
  afterEach(async () => all.close());

  it('gets a gap per room in place of what it can fetch, and hears the room again once it has joined', async () => {
    all = await outboxes();
    const { outbox, rooms, heard, client, socket } = await all.pair();
    rooms.set('a', {}).set('b', {});
    client.pause();
    const next = await deliverUntil(
      () => outbox.isSilent('a'),
      offset => outbox.deliver([entry('a', offset, 5_000)]),
    );
    const skipped = next - 1;
    outbox.deliver([entry('b', 7), entry('b', 8)]);
    outbox.deliver([JSON.stringify({ type: 'typing', room: 'c', user: 'ann' })]);
    outbox.deliver([entry('a', next)]);
    outbox.send('ack', JSON.stringify({ type: 'ack', ref: 1 }));
    client.resume();
    await until('the answer is heard', () => heard.at(-1)?.includes('"ref":1') ?? false);
    const want = Array.from({ length: skipped - 1 }, (_, i) => entry('a', i + 1, 5_000));
    assert.deepEqual(heard.slice(0, -3), want);
    assert.deepEqual(
      heard.slice(-3).map(frame => JSON.parse(frame) as unknown),
      [
        { type: 'gap', room: 'a', from: skipped, to: skipped },
        { type: 'gap', room: 'b', from: 7, to: 8 },
        { type: 'ack', ref: 1 },
      ],
    );
    // Silent, though there is room again.
    await until('all is gone', () => socket.writableLength === 0);
    outbox.deliver([entry('a', next + 1)]);
    outbox.deliver([entry('c', 1)]);
    outbox.hear('a');
    outbox.deliver([entry('a', next + 2)]);
    await until('the room is heard again', () => heard.at(-1) === entry('a', next + 2));
    assert.equal(heard.at(-2), entry('c', 1));
    assert.equal((await all.metrics.gaps.get()).values[0]?.value, 2);
  });

  it('is closed past 2 MiB of what cannot be fetched again, and not before; what was queued is dropped', async () => {
    all = await outboxes();
    const { outbox, closes, client, ws, socket } = await all.pair();
    client.pause();
    let sent = 0;
    while (closes.length === 0) {
      outbox.send('pong', pong(100_000));
      sent += 1;
      await turn();
    }
    assert.deepEqual(closes, [4013]);
    assert.ok(sent > 20, `only ${sent} frames of 100 kB`);
    assert.equal(ws.readyState, ws.CLOSING);
    assert.ok(socket.writableLength < 110_000, `${socket.writableLength} bytes are left`);
    client.resume();
    assert.equal((await once(client, 'close'))[0], 4013);
  });

  it('costs at most about 1 MiB while only entries of the log come, however long it does not read', async () => {
    all = await outboxes({ stalledMs: 60_000 });
    const { outbox, closes, client, rooms, ws } = await all.pair();
    rooms.set('a', {});
    client.pause();
    await deliverUntil(
      () => outbox.isSilent('a'),
      offset => outbox.deliver([entry('a', offset, 5_000)]),
    );
    for (let offset = 0; offset < 10_000; offset += 1) outbox.deliver([entry('a', 100_000 + offset, 5_000)]);
    assert.deepEqual(closes, []);
    assert.ok(outbox.unsent() > MIB && outbox.unsent() < 1.1 * MIB, `${outbox.unsent()} bytes`);
    assert.ok(ws.bufferedAmount <= 64 * KIB, 'what the socket holds is one write');
    assert.equal((await all.metrics.gaps.get()).values[0]?.value, 1);
  });

  it('that reads nothing is closed once no write was done for the time it is given', async () => {
    all = await outboxes({ stalledMs: 2_000 });
    const { outbox, closes, client, rooms } = await all.pair();
    rooms.set('a', {});
    client.pause();
    await deliverUntil(
      () => outbox.isSilent('a'),
      offset => outbox.deliver([entry('a', offset, 5_000)]),
    );
    assert.deepEqual(closes, []);
    await until('it is closed', () => closes.length > 0);
    assert.deepEqual(closes, [4013]);
    const { values } = await all.metrics.slowCloses.get();
    assert.deepEqual(
      values.map(({ value, labels }) => ({ value, ...labels })),
      [{ value: 1, cause: 'stalled' }],
    );
  });

  it('that reads slowly is kept for as long as it reads', async () => {
    all = await outboxes({ stalledMs: 3_000 });
    const { outbox, closes, tcp } = await all.bare();
    let read = 0;
    tcp.on('data', chunk => {
      read += chunk.length;
      tcp.pause();
      setTimeout(() => tcp.resume(), 1);
    });
    tcp.pause();
    for (let i = 0; i < 15; i += 1) outbox.send('pong', pong(60_000));
    const startedAt = performance.now();
    // Read to the end in small bites, over more than twice the time that one write may take.
    tcp.resume();
    while (performance.now() - startedAt < 6_500) {
      outbox.deliver([entry('a', 1, 30_000)]);
      await turn();
    }
    assert.ok(read > 15 * 60_000);
    assert.deepEqual(closes, []);
  });

  it('is drained below 256 KiB, or when it has ended', async () => {
    all = await outboxes();
    const { outbox, client, socket } = await all.pair();
    await outbox.drained();
    client.pause();
    // Past what the kernel takes, and what is drained besides.
    let drained = true;
    while (drained) {
      outbox.send('pong', pong(50_000));
      await turn();
      drained = await Promise.race([outbox.drained().then(() => true), turn().then(() => false)]);
    }
    const heldBytes = socket.writableLength;
    assert.ok(heldBytes > 0);
    const wait = outbox.drained();
    client.resume();
    await wait;
    assert.ok(socket.writableLength < 256 * KIB);
    const second = await all.pair();
    second.client.pause();
    for (let i = 0; i < 20; i += 1) second.outbox.send('pong', pong(100_000));
    const ended = Promise.all([second.outbox.drained(), second.outbox.drained()]);
    second.client.terminate();
    await ended;
  });
});

describe('the type of an encoded frame', () => {
  it('is its first field', () => {
    assert.deepEqual(typesOf(['{"type":"message.created","room":"a"}', '{"type":"pong"}']), [
      'message.created',
      'pong',
    ]);
  });
});
