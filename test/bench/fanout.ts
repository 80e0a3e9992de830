/**
 * `tsx test/bench/fanout.ts [seconds]`: what one delivery costs a gateway's process in the way out alone (no Redis,
 * no log): one room, a broadcast to every socket. The same load runs three ways, in turns:
 * - *ws*: `ws.send` for each member, the plain way;
 * - *direct*: the outbox, nothing joined;
 * - *joined*: the outbox behind the windows of busy rooms, as gateways run it.
 * The server is a process of its own, and its CPU is that process's; the receivers read in this one and count every
 * frame. The machine may be shared: the ratios of one run are what counts. Latency is from before the broadcast to
 * the receiver's read.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type WebSocket, WebSocketServer } from 'ws';
import { createFanout } from '../../src/front/fanout.ts';
import { createOutbox } from '../../src/front/outbox.ts';
import { createGatewayMetrics } from '../../src/metrics.ts';
import { createWindows } from '../../src/rooms/windows.ts';

const WAYS = ['ws', 'direct', 'joined'] as const;
type Way = (typeof WAYS)[number];
type Load = { members: number; perSecond: number };
type Figures = { way: Way; sent: number; received: number; cpuS: number; p50: number; p99: number };

const LOADS: Load[] = [
  { members: 200, perSecond: 500 },
  { members: 1_000, perSecond: 50 },
  { members: 200, perSecond: 1 },
];
/** The ways take turns, so that what else the machine does falls on each of them. */
const ROUNDS = 3;
const CONTENT = 'A sentence of about the length that people write in a chat, no more.';
const say = (line = '') => process.stdout.write(`${line}\n`);
const clock = () => performance.timeOrigin + performance.now();

const frameOf = (offset: number) =>
  JSON.stringify({
    type: 'message.created',
    // Where the receivers look for it: the same place in every frame.
    at: clock().toFixed(3),
    room: 'bench',
    offset,
    message: {
      id: offset,
      revision: 1,
      room: 'bench',
      user: 'ann',
      content: CONTENT,
      clientId: 'c',
      status: 'pending',
    },
  });
const AT = '{"type":"message.created","at":"'.length;
const AT_LENGTH = clock().toFixed(3).length;

/** The process that sends: waits for its members, then for the word to begin, and tells what it used. */
async function serve(way: Way, load: Load, seconds: number) {
  const metrics = createGatewayMetrics();
  const fanout = createFanout({ metrics });
  const deliver: ((frames: readonly string[]) => void)[] = [];
  const windows = createWindows(way === 'joined' ? {} : { windowMs: 0 });
  const room = windows.open<string>(frames => {
    for (const one of deliver) one(frames);
  });
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('connection', (ws: WebSocket, { socket }) => {
    const rooms = new Map([['bench', {}]]);
    const outbox = createOutbox({ ws, socket, metrics, fanout, rooms, close: code => ws.close(code) });
    deliver.push(way === 'ws' ? plain(ws, metrics) : outbox.deliver);
  });
  await once(server, 'listening');
  process.send?.({ port: (server.address() as AddressInfo).port });
  await once(process, 'message');

  const before = process.cpuUsage();
  const total = Math.round(load.perSecond * seconds);
  const startedAt = performance.now();
  let sent = 0;
  await new Promise<void>(resolve => {
    const ticking = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - startedAt) * load.perSecond) / 1_000));
      while (sent < due) {
        sent += 1;
        const frame = frameOf(sent);
        room.add(frame, { bytes: frame.length, members: deliver.length, patient: false });
      }
      if (sent < total) return;
      clearInterval(ticking);
      resolve();
    }, 1);
  });
  // What waits to be joined goes out within the window.
  await new Promise(resolve => setTimeout(resolve, 100));
  const used = process.cpuUsage(before);
  process.send?.({ sent: sent * deliver.length, cpuS: (used.user + used.system) / 1e6 });
}

/** What the outbox did before it joined writes: the bound, the count and ws's own send. */
function plain(ws: WebSocket, metrics: ReturnType<typeof createGatewayMetrics>) {
  return ([frame]: readonly string[]) => {
    ws.send(frame!);
    metrics.framesOut.inc({ type: 'message.created' });
    if (ws.bufferedAmount > 2 * 1024 * 1024) ws.close(4013);
  };
}

/** Reads unmasked frames, as few bytes of each as it takes to count and time it. */
function receive(socket: Socket, onFrame: (sentAt: number) => void) {
  let rest: Buffer = Buffer.alloc(0);
  let greeted = false;
  socket.on('data', chunk => {
    let bytes: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (!greeted) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return;
      greeted = true;
      bytes = bytes.subarray(end + 4);
      socket.emit('upgraded');
    }
    let at = 0;
    while (bytes.length >= at + 4) {
      const length = bytes.readUInt16BE(at + 2);
      if (bytes.length < at + 4 + length) break;
      const from = at + 4 + AT;
      onFrame(Number(bytes.toString('latin1', from, from + AT_LENGTH)));
      at += 4 + length;
    }
    rest = bytes.subarray(at);
  });
}

async function measure(way: Way, load: Load, seconds: number): Promise<Figures> {
  const given = [way, String(load.members), String(load.perSecond), String(seconds)];
  const child = fork(fileURLToPath(import.meta.url), ['serve', ...given]);
  const exited = once(child, 'exit');
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const latencies: number[] = [];
  const sockets: Socket[] = [];
  for (let i = 0; i < load.members; i += 1) {
    const socket = connect(port, '127.0.0.1');
    const upgraded = once(socket, 'upgraded');
    receive(socket, sentAt => latencies.push(clock() - sentAt));
    socket.write(
      'GET / HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    await upgraded;
    sockets.push(socket);
  }
  child.send('begin');
  const [{ sent, cpuS }] = (await once(child, 'message')) as [{ sent: number; cpuS: number }];
  for (let waited = 0; latencies.length < sent && waited < 5_000; waited += 20) {
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  for (const socket of sockets) socket.destroy();
  child.kill();
  await exited;
  latencies.sort((a, b) => a - b);
  const quantile = (q: number) => latencies[Math.floor((latencies.length - 1) * q)] ?? Number.NaN;
  return { way, sent, received: latencies.length, cpuS, p50: quantile(0.5), p99: quantile(0.99) };
}

/** What the rounds of one way come to: sums, and for the latencies the round in the middle. */
function sumUp(rounds: Figures[]): Figures {
  const sum = (of: (round: Figures) => number) => rounds.reduce((total, round) => total + of(round), 0);
  const middle = (of: (round: Figures) => number) =>
    rounds.map(of).sort((a, b) => a - b)[Math.floor(rounds.length / 2)]!;
  return {
    way: rounds[0]!.way,
    sent: sum(({ sent }) => sent),
    received: sum(({ received }) => received),
    cpuS: sum(({ cpuS }) => cpuS),
    p50: middle(({ p50 }) => p50),
    p99: middle(({ p99 }) => p99),
  };
}

async function main(seconds: number) {
  for (const load of LOADS) {
    say(`${load.members} members, ${load.perSecond} messages/s, ${ROUNDS} rounds of ${seconds} s each way`);
    const rounds: Figures[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const way of WAYS) rounds.push(await measure(way, load, seconds));
    }
    let base: number | undefined;
    for (const one of WAYS) {
      const { way, sent, received, cpuS, p50, p99 } = sumUp(rounds.filter(({ way }) => way === one));
      const rate = received / cpuS;
      base ??= rate;
      const share = ((100 * received) / sent).toFixed(2);
      const cost = `${Math.round(rate).toLocaleString('en')} a CPU-second (${(rate / base).toFixed(1)} x)`;
      const times = `p50 ${p50.toFixed(1)} ms  p99 ${p99.toFixed(1)} ms`;
      say(`  ${way.padEnd(7)} ${share} % delivered  ${cost.padEnd(33)} ${times}`);
    }
  }
}

const [first, ...given] = process.argv.slice(2);
if (first === 'serve') {
  const [way, members, perSecond, seconds] = given as [Way, string, string, string];
  await serve(way, { members: Number(members), perSecond: Number(perSecond) }, Number(seconds));
} else await main(Number(first ?? 4));
