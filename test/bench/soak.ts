/**
 * `npm run soak [-- --minutes=15 --rate=500 --engine=temporal]`: the whole system under a steady load while the
 * worker is killed without warning every minute and another one takes its place. In the end every acknowledged
 * message must be stored once, with an outcome, and nothing else; memory is shown minute by minute.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Pool } from 'pg';
import { runCommand } from '../support/audit.ts';
import { openSocket, SECRET } from '../support/socket.ts';
import { mochaGlobalTeardown, stack } from '../support/stack.ts';
import { startSystem } from '../support/system.ts';
import { until } from '../support/until.ts';
import { createMeter } from './delivery/usage.ts';
import { textOf } from './pipeline/design.ts';

const SOCKETS = 20;
const ROOMS = 10;
const MINUTE_MS = 60_000;
const TICK_MS = 10;
const SETTLE_MS = 300_000;
const QUEUE = `soak-${process.pid}`;
const LIFTED = {
  SEND_PER_SECOND: '100000',
  SEND_BURST: '100000',
  MAX_UNSTORED: '200000',
  TEMPORAL_TASK_QUEUE: QUEUE,
};
const say = (line: string) => process.stdout.write(`${line}\n`);
const mib = (bytes: number) => String(Math.round(bytes / 1024 / 1024));

type System = Awaited<ReturnType<typeof startSystem>>;
type Sockets = Awaited<ReturnType<typeof openSocket>>[];
type Account = { sent: number; acked: Map<string, Set<number>>; refused: Map<string, number> };

const roomOf = (i: number) => `soak-${i % ROOMS}`;

/** Sends at a steady rate until `stop` resolves, then waits for the answers; a refused one is sent again. */
async function sendSteadily(sockets: Sockets, account: Account, perSecond: number, stop: Promise<void>) {
  const under = new Set<Promise<void>>();
  let stopped = false;
  void stop.then(() => {
    stopped = true;
  });
  const one = async (n: number) => {
    const room = roomOf(n % SOCKETS);
    for (;;) {
      const frame = { type: 'send', room, clientId: `c${n}`, content: textOf(n) };
      const answer = await sockets[n % SOCKETS]!.ask(frame);
      if (answer.type === 'ack') {
        account.acked.get(room)!.add(answer.id as number);
        return;
      }
      const code = String(answer.code);
      account.refused.set(code, (account.refused.get(code) ?? 0) + 1);
      if (answer.retryable !== true) throw new Error(`refused for good: ${code}`);
      await new Promise(resolve => setTimeout(resolve, Number(answer.retryAfterMs ?? 500)));
    }
  };
  const since = performance.now();
  while (!stopped) {
    const due = Math.floor(((performance.now() - since) / 1_000) * perSecond);
    for (; account.sent < due; account.sent += 1) {
      const sending = one(account.sent);
      under.add(sending);
      void sending.finally(() => under.delete(sending)).catch(() => undefined);
    }
    await new Promise(resolve => setTimeout(resolve, TICK_MS));
    // What the members hear is held elsewhere; here it would fill the memory.
    for (const socket of sockets) socket.frames.length = 0;
  }
  await Promise.all(under);
}

const ACCEPTED_TO_STORED = `
  SELECT count(*) AS rows, percentile_cont(ARRAY[.5, .95, .99]) WITHIN GROUP
    (ORDER BY 1000 * extract(epoch FROM stored_at - created_at)::float8) AS ms
  FROM messages WHERE created_at >= $1`;

async function minuteLine(minute: number, system: System, account: Account, pool: Pool, since: Date) {
  const { rows } = await pool.query<{ rows: string; ms: number[] | null }>(ACCEPTED_TO_STORED, [since]);
  const meter = createMeter();
  const part = (name: string) => system.services.parts.find(one => one.name === name)?.pid;
  const resident = (pid: number | undefined) =>
    pid === undefined ? '-' : mib(meter.of([pid]).residentBytes);
  const acked = [...account.acked.values()].reduce((sum, ids) => sum + ids.size, 0);
  const pids = [system.fronts[0]!.pid, system.worker().pid, part('Temporal'), part('Redis')];
  const ms = (rows[0]!.ms ?? []).map(value => Math.round(value));
  say(
    [minute, account.sent, acked, rows[0]!.rows, ...ms, ...pids.map(resident)]
      .map(value => String(value).padStart(9))
      .join(''),
  );
}

/** What of the acknowledged is not stored once, and what is stored that nobody was told of. */
async function settle(pool: Pool, account: Account) {
  const missing: string[] = [];
  const unasked: string[] = [];
  for (const [room, acked] of account.acked) {
    const idsOf = async () =>
      (await pool.query<{ id: number }>('SELECT id FROM messages WHERE room = $1', [room])).rows.map(row =>
        Number(row.id),
      );
    await until(`${room} is stored`, async () => (await idsOf()).length >= acked.size, SETTLE_MS).catch(
      () => undefined,
    );
    const stored = new Set(await idsOf());
    missing.push(...[...acked].filter(id => !stored.has(id)).map(id => `${room} ${id}`));
    unasked.push(...[...stored].filter(id => !acked.has(id)).map(id => `${room} ${id}`));
  }
  const letters = await pool.query('SELECT 1 FROM dead_letters');
  return { missing, unasked, deadLetters: letters.rowCount ?? 0 };
}

async function main() {
  const { values } = parseArgs({
    options: { minutes: { type: 'string' }, rate: { type: 'string' }, engine: { type: 'string' } },
  });
  const minutes = Number(values.minutes ?? 15);
  const rate = Number(values.rate ?? 500);
  const engine = values.engine ?? 'temporal';
  await stack();
  const system = await startSystem({ env: { ...LIFTED, PIPELINE_ENGINE: engine } });
  const pool = new Pool({ connectionString: system.databaseUrl, max: 2 });
  const sockets = await Promise.all(
    Array.from({ length: SOCKETS }, (_, i) => openSocket(system.urls[0]!, `user${i}`)),
  );
  await Promise.all(sockets.map((socket, i) => socket.ask({ type: 'join', room: roomOf(i), recent: 0 })));
  const acked = new Map(Array.from({ length: ROOMS }, (_, i) => [roomOf(i), new Set<number>()]));
  const account: Account = { sent: 0, acked, refused: new Map() };
  say(
    `${engine}, ${rate} messages/s for ${minutes} minutes, the worker killed every minute; load ${readFileSync('/proc/loadavg', 'utf8').slice(0, 14)}`,
  );
  say('                                  accepted to stored, ms        resident MiB of');
  say('   minute     sent    acked   stored      p50      p95      p99  gateway   worker Temporal    Redis');
  let stop = () => {};
  const stopped = new Promise<void>(resolve => {
    stop = resolve;
  });
  const sending = sendSteadily(sockets, account, rate, stopped);
  for (let minute = 1; minute <= minutes; minute += 1) {
    const since = new Date();
    await Promise.race([sending, new Promise(resolve => setTimeout(resolve, MINUTE_MS))]);
    await minuteLine(minute, system, account, pool, since);
    if (minute < minutes) await system.replaceWorker();
  }
  stop();
  await sending;
  const { missing, unasked, deadLetters } = await settle(pool, account);
  const total = [...account.acked.values()].reduce((sum, ids) => sum + ids.size, 0);
  say(
    `sent ${account.sent}, acknowledged ${total}, refused and sent again ${JSON.stringify([...account.refused])}`,
  );
  say(`not stored ${missing.length}, stored unasked ${unasked.length}, dead letters ${deadLetters}`);
  for (const one of [...missing, ...unasked].slice(0, 20)) say(`  ${one}`);
  const { redisUrl, temporalAddress } = system.services;
  const services = {
    DATABASE_URL: system.databaseUrl,
    REDIS_URL: redisUrl,
    TEMPORAL_ADDRESS: temporalAddress,
  };
  const env = { ...services, TEMPORAL_TASK_QUEUE: QUEUE, PIPELINE_ENGINE: engine, AUTH_SECRET: SECRET };
  const audit = await runCommand('audit', env);
  say(audit.out + audit.err);
  await Promise.all(sockets.map(socket => socket.close()));
  await pool.end();
  await system.close();
  await mochaGlobalTeardown();
  if (missing.length + unasked.length + deadLetters > 0 || audit.code !== 0) process.exitCode = 1;
}

await main();
