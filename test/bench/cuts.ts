/**
 * `npm run bench:cuts [-- --only=parley --seconds=180 --seed=1]`: 500 clients of one room whose TCP connections are
 * cut every 15 s at random, while one user sends 50 messages a second. Each client's ledger says what it was given.
 */
import { parseArgs } from 'node:util';
import { nodeArguments } from '../../src/stack/node-command.ts';
import { freePort } from '../../src/stack/ports.ts';
import { mochaGlobalTeardown, stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import type { Kind } from './cuts/clients.ts';
import type { OpenOptions, Result } from './cuts/crowd-main.ts';
import { type Child, startChild } from './delivery/child.ts';
import type { Running } from './delivery/contender.ts';
import type { Sent } from './delivery/crowd.ts';
import { startDriver } from './delivery/driver.ts';
import { createParley } from './delivery/parley.ts';
import { startServer } from './delivery/server.ts';
import { createMeter } from './delivery/usage.ts';

const CLIENTS = 500;
const CROWDS = 2;
const PER_SECOND = 50;
const EVERY_MS = 15_000;
const SILENCE_MS = 10_000;
const NAMES: Record<Kind, string> = { parley: 'Parley', socketio: 'Socket.IO' };
const say = (line = '') => process.stdout.write(`${line}\n`);

type Service = Pick<Running, 'urls' | 'pids' | 'close'>;
type Run = { kind: Kind; seconds: number; seed: number };

async function startSocketIo(): Promise<Service> {
  const port = await freePort();
  const main = new URL('./cuts/socketio-main.ts', import.meta.url);
  const server = await startServer({
    program: process.execPath,
    args: nodeArguments(main, String(port)),
    port,
  });
  const pids = { servers: [server.pid], redis: [], pipeline: [] };
  return { urls: [`http://127.0.0.1:${port}`], pids, close: server.stop };
}

async function measure({ kind, seconds, seed }: Run): Promise<string> {
  const service = kind === 'parley' ? await createParley().start() : await startSocketIo();
  const sender = await startDriver();
  const main = new URL('./cuts/crowd-main.ts', import.meta.url);
  const crowds = await Promise.all(Array.from({ length: CROWDS }, () => startChild(main)));
  const messages = PER_SECOND * seconds;
  const room = 'cuts';
  try {
    const count = CLIENTS / CROWDS;
    await Promise.all(
      crowds.map((crowd, i) => {
        const options: OpenOptions = { kind, urls: service.urls, room, users: `c${i}-`, count, messages };
        return crowd.ask('open', options);
      }),
    );
    // One connection, so that the order in which it sends is the order of the room.
    await sender.open({ dialect: kind, url: service.urls[0]!, rooms: [room], users: 'sender-', count: 1 });
    const meter = createMeter();
    const used = () => {
      const { servers, redis, pipeline } = service.pids;
      const clients = [sender, ...crowds].map(({ pid }) => pid);
      return [servers, redis, pipeline, clients].map(pids => meter.of(pids).cpuS);
    };
    const before = used();
    await Promise.all(crowds.map((crowd, i) => crowd.ask('cut', { seed: seed + i, everyMs: EVERY_MS })));
    const sent = await sender.send(kind, room, { perSecond: PER_SECOND, count: messages, warming: false });
    await Promise.all(crowds.map(crowd => crowd.ask('mend')));
    await quiet(crowds, CLIENTS * messages);
    const cpu = used().map((seconds, i) => (seconds - before[i]!).toFixed(1));
    const results = (await Promise.all(crowds.map(crowd => crowd.ask('result')))) as Result[];
    await Promise.all(crowds.map(crowd => crowd.ask('close')));
    const [servers, redis, pipeline, clients] = cpu;
    const cpuLine = `servers ${servers}, Redis ${redis}, pipeline ${pipeline}, clients ${clients}`;
    return `${report(NAMES[kind], results, sent)}\n  CPU-seconds    ${cpuLine}`;
  } finally {
    await Promise.all([sender, ...crowds].map(one => one.stop()));
    await service.close();
  }
}

/** Resolves when all is there, or nothing more has come for a while. */
async function quiet(crowds: Child[], expected: number) {
  let before = -1;
  let changed = Date.now();
  const done = async () => {
    const counts = (await Promise.all(crowds.map(crowd => crowd.ask('delivered')))) as number[];
    const now = counts.reduce((sum, one) => sum + one, 0);
    if (now !== before) changed = Date.now();
    before = now;
    return now >= expected || Date.now() - changed > SILENCE_MS;
  };
  await until('deliveries end', done, 120_000);
}

function report(name: string, results: Result[], sent: Sent): string {
  const accounts = results.flatMap(result => result.accounts);
  const refused = sent.refused === 0 ? '' : `, ${sent.refused} refused (${sent.firstRefusal})`;
  const sum = (field: 'delivered' | 'doubles' | 'disordered' | 'cuts' | 'overtaken') =>
    accounts.reduce((all, account) => all + account[field], 0);
  // What was refused is delivered nowhere; what was not answered in time may be, and then to everybody.
  const given = new Set(
    results.flatMap(result => [...result.given.entries()].filter(([, was]) => was === 1).map(([n]) => n)),
  ).size;
  const expected = Math.max(sent.acked, given) * accounts.length;
  const delivered = sum('delivered');
  const unrecovered = results.reduce((all, result) => all + result.unrecovered, 0);
  return [
    `${name}: ${accounts.length} clients, ${sent.sent} messages sent, ${sent.acked} acknowledged${refused}, ${sum('cuts')} cuts`,
    ...(sent.lineLost === undefined ? [] : [`  the sender's line ended early: ${sent.lineLost}`]),
    `  delivered      ${delivered} of ${expected} (${((100 * delivered) / expected).toFixed(4)} %), missing ${expected - delivered}`,
    `  out of order   ${sum('disordered')}`,
    `  twice          ${sum('doubles')}`,
    `  not recovered  ${unrecovered} returns; ${sum('overtaken')} cuts while still catching up`,
    `  line back until caught up   ${quantiles(accounts.flatMap(({ replaysMs }) => replaysMs))}`,
    `  cut until caught up         ${quantiles(accounts.flatMap(({ absencesMs }) => absencesMs))}`,
    `  live, send until there      ${quantiles(accounts.flatMap(({ liveMs }) => liveMs))}`,
  ].join('\n');
}

function quantiles(times: number[]): string {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number) => (sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN).toFixed(0);
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`;
}

async function main() {
  const options = {
    only: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
  } as const;
  const { values } = parseArgs({ options });
  const kinds = (values.only?.split(',') ?? ['parley', 'socketio']) as Kind[];
  if (kinds.some(kind => !(kind in NAMES)))
    throw new Error(`--only: one of ${Object.keys(NAMES).join(', ')}`);
  const [seconds, seed] = [Number(values.seconds ?? 180), Number(values.seed ?? 1)];
  if (!(seconds >= 1 && seconds <= 3_600)) throw new Error('--seconds must be from 1 to 3600');
  const reports: string[] = [];
  try {
    await stack();
    for (const kind of kinds) reports.push(await measure({ kind, seconds, seed }));
  } finally {
    await mochaGlobalTeardown();
  }
  say(
    `${CLIENTS} clients, cut every ${EVERY_MS / 1_000} s on average, ${PER_SECOND} messages/s for ${seconds} s, seed ${seed}`,
  );
  say(`Parley: ${createParley().settings.join('; ')}`);
  say('Socket.IO: 4.8.4, one process, connection state recovery in memory (2 minutes)');
  for (const one of reports) say(`\n${one}`);
}

await main();
