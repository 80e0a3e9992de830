/**
 * `npm run bench:history [-- --rows=5000000 --repeats=400 --database=URL]`: fills a store with so many rows, then asks
 * for pages of 50 of a room of four fifths of them: at the newest, the middle and the oldest end, by the bare
 * statement and over HTTP from a real gateway, in turns, one at a time, each at another place; beside it from a plain
 * server, which does nothing but read and send, and by offset. CPU is of all processes that take part, this one included. A given database is filled where it is empty
 * and else measured as it is, and kept. The machine may be shared: medians and the ratios of one run are what counts.
 */
import { parseArgs } from 'node:util';
import pg from 'pg';
import { migrate } from '../../src/store/migrate.ts';
import { createPool } from '../../src/store/pool.ts';
import { startProcess } from '../support/processes.ts';
import { randomFrom, SEED } from '../support/seed.ts';
import { openSocket, SECRET } from '../support/socket.ts';
import { freeDatabase, mochaGlobalTeardown, stack } from '../support/stack.ts';
import { createMeter } from './delivery/usage.ts';
import { BIG, fill, type Sizes, sizesOf } from './history/fill.ts';
import {
  type Ask,
  bare,
  byOffset,
  http,
  LIMIT,
  type Place,
  placesIn,
  valuesOf,
  whole,
} from './history/ways.ts';

type Series = { ms: number[]; cpuS: number };
type Way = { name: 'bare' | 'whole' | 'plain' | 'http'; ask: Ask; pids: number[] };
/** `quiet` is the fastest tenth's slowest: what it takes when nothing else wants the processor. */
type Summary = { quiet: number; p50: number; p95: number; cpuMs: number };

/** Calls of one way in a row: CPU is counted in hundredths of a second. */
const ROUND = 25;
const MOST_APART = 1.5;
const MOST_OVER_BARE = 2;
const say = (line = '') => process.stdout.write(`${line}\n`);

async function main() {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: '5000000' },
      repeats: { type: 'string', default: '400' },
      database: { type: 'string' },
    },
  });
  const services = await stack();
  const databaseUrl = values.database ?? (await freeDatabase());
  const filling = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  try {
    await migrate(filling);
    const sizes = await filled(filling, Number(values.rows));
    await measured({ databaseUrl, redisUrl: services.redisUrl, sizes, repeats: Number(values.repeats) });
  } finally {
    await filling.end();
    await mochaGlobalTeardown();
  }
}

async function filled(pool: pg.Pool, rows: number): Promise<Sizes> {
  if ((await pool.query('SELECT FROM messages LIMIT 1')).rowCount === 0) {
    const startedAt = performance.now();
    await fill(pool, rows, say);
    say(`filled in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
  }
  const sizes = await sizesOf(pool);
  const count = (n: number) => n.toLocaleString('en');
  say(`${count(sizes.rows)} rows of ${sizes.rooms} rooms, ${count(sizes.big)} of them of the big one`);
  say(`the table takes ${sizes.table}, with its indexes ${sizes.all}`);
  return sizes;
}

type Measuring = { databaseUrl: string; redisUrl: string; sizes: Sizes; repeats: number };

async function measured({ databaseUrl, redisUrl, sizes, repeats }: Measuring) {
  // One connection, as the one call that is under way at the gateway uses one.
  const pool = createPool({ databaseUrl, size: 1, timeoutMs: 60_000, name: 'bench' });
  const gateway = await startProcess('gateway', {
    ...{ DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, AUTH_SECRET: SECRET },
    ...{ PORT: '0', ADMIN_PORT: '0', LOG_LEVEL: 'warn', HISTORY_TIMEOUT_MS: '5000' },
  });
  const plain = await startProcess(new URL('./history/plain-server.ts', import.meta.url), {
    DATABASE_URL: databaseUrl,
  });
  const [overHttp, overPlain] = await Promise.all([http(gateway.address), http(plain.address)]);
  const pidsOf = async (...names: string[]) =>
    (await stack()).parts.filter(({ name }) => names.includes(name)).map(({ pid }) => pid!);
  try {
    const places = placesIn(sizes.lastId);
    await plans(pool, places);
    const ways: Way[] = [
      { name: 'bare', ask: bare(pool), pids: await pidsOf('Postgres') },
      { name: 'whole', ask: whole(pool), pids: await pidsOf('Postgres') },
      { name: 'plain', ask: overPlain, pids: [plain.pid, ...(await pidsOf('Postgres'))] },
      { name: 'http', ask: overHttp, pids: [gateway.pid, ...(await pidsOf('Postgres', 'Redis'))] },
    ];
    const found = await interleaved({ ways, places, repeats });
    const cached = await newestCached(gateway.address, overHttp, repeats);
    const offsets = await offsetPaging(pool, sizes.big);
    report({ places, found, cached, offsets });
  } finally {
    overHttp.close();
    overPlain.close();
    await pool.end();
    for (const server of [gateway, plain]) server.kill('SIGTERM');
    await Promise.all([gateway.exited, plain.exited]);
  }
}

/** What the planner does at each place, and what it reads for that. */
async function plans(pool: pg.Pool, places: Place[]) {
  for (const { name, query } of places) {
    const { text, values } = valuesOf(query(0.5));
    const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN (ANALYZE, BUFFERS) ${text}`, values);
    say(`\nplan, ${name}`);
    for (const { 'QUERY PLAN': line } of rows)
      if (/Append|Limit|Scan|Buffers|Time/.test(line))
        say(`  ${line.replace(/cost=\S+ rows=\d+ width=\d+/, '')}`);
  }
}

type Interleaved = { ways: Way[]; places: Place[]; repeats: number };

/** By place and way. What is read first in a round changes from round to round. */
async function interleaved({ ways, places, repeats }: Interleaved): Promise<Map<string, Summary>> {
  const meter = createMeter();
  const random = randomFrom(SEED);
  const series = new Map<string, Series>();
  const cells = places.flatMap(place => ways.map(way => ({ place, way, key: `${place.name} ${way.name}` })));
  for (let round = -1; round < repeats / ROUND; round += 1) {
    const turned = [
      ...cells.slice(Math.max(0, round) % cells.length),
      ...cells.slice(0, Math.max(0, round) % cells.length),
    ];
    for (const { place, way, key } of turned) {
      const before = meter.of([...way.pids, process.pid]).cpuS;
      const ms: number[] = [];
      for (let i = 0; i < ROUND; i += 1) ms.push(await timed(() => way.ask(place.query(random()))));
      const cpuS = meter.of([...way.pids, process.pid]).cpuS - before;
      // The first round warms up.
      if (round < 0) continue;
      const known = series.get(key) ?? { ms: [], cpuS: 0 };
      known.ms.push(...ms);
      series.set(key, { ms: known.ms, cpuS: known.cpuS + cpuS });
    }
  }
  return new Map([...series].map(([key, one]) => [key, summaryOf(one)]));
}

/** The newest page without a cursor: from the cache in Redis, which keeps pages of rooms that have a log. */
async function newestCached(url: string, ask: Ask, repeats: number): Promise<Summary> {
  const member = await openSocket(url, 'member');
  await member.ask({ type: 'join', room: BIG });
  await member.close();
  await ask({ limit: LIMIT });
  const ms: number[] = [];
  for (let i = 0; i < repeats; i += 1) ms.push(await timed(() => ask({ limit: LIMIT })));
  return summaryOf({ ms, cpuS: Number.NaN });
}

async function offsetPaging(pool: pg.Pool, rows: number): Promise<[name: string, ms: number][]> {
  const places = { newest: 0, middle: Math.floor(rows / 2), oldest: rows - LIMIT };
  const found: [string, number][] = [];
  for (const [name, skip] of Object.entries(places)) {
    const ms: number[] = [];
    for (let i = 0; i < 5; i += 1) ms.push(await timed(() => byOffset(pool, skip)));
    found.push([name, quantile(ms, 0.5)]);
  }
  return found;
}

async function timed(call: () => Promise<number>): Promise<number> {
  const startedAt = performance.now();
  const rows = await call();
  const ms = performance.now() - startedAt;
  if (rows < LIMIT) throw new Error(`a page had ${rows} rows`);
  return ms;
}

const quantile = (ms: number[], q: number) => ms.toSorted((a, b) => a - b)[Math.floor((ms.length - 1) * q)]!;
const summaryOf = ({ ms, cpuS }: Series): Summary => ({
  quiet: quantile(ms, 0.1),
  p50: quantile(ms, 0.5),
  p95: quantile(ms, 0.95),
  cpuMs: (1_000 * cpuS) / ms.length,
});

type Report = {
  places: Place[];
  found: Map<string, Summary>;
  cached: Summary;
  offsets: [name: string, ms: number][];
};

const BESIDE = {
  whole: 'a statement of whole rows',
  plain: 'the bare statement over HTTP, from a plain server that does nothing else',
};

function report({ places, found, cached, offsets }: Report) {
  const f = (value: number) => value.toFixed(2).padStart(7);
  const of = (place: string, way: Way['name']) => found.get(`${place} ${way}`)!;
  say(
    '\nms a page              bare statement                    HTTP                              HTTP / bare',
  );
  say(
    '                    10 %     p50     p95     CPU    10 %     p50     p95     CPU    10 %     p50     CPU',
  );
  for (const { name } of places) {
    const [one, other] = [of(name, 'bare'), of(name, 'http')];
    const cells = [one, other].flatMap(({ quiet, p50, p95, cpuMs }) => [quiet, p50, p95, cpuMs]);
    const ratios = [other.quiet / one.quiet, other.p50 / one.p50, other.cpuMs / one.cpuMs];
    say(`${name.padEnd(15)} ${[...cells, ...ratios].map(f).join(' ')}`);
  }
  for (const [way, what] of Object.entries(BESIDE)) {
    say(`\n${what}`);
    for (const { name } of places) {
      const [one, other] = [of(name, way as Way['name']), of(name, 'http')];
      const cells = [one.quiet, one.p50, one.p95, one.cpuMs].map(f).join(' ');
      say(`${name.padEnd(15)} ${cells}  HTTP / this ${(other.p50 / one.p50).toFixed(2)}`);
    }
  }
  say(`newest, cached ${' '.repeat(32)} ${[cached.quiet, cached.p50, cached.p95].map(f).join(' ')}`);
  say(`by offset       ${offsets.map(([name, ms]) => `${name} ${ms.toFixed(1)} ms`).join(', ')}\n`);
  for (const way of ['bare', 'http'] as const) {
    const all = places.map(({ name }) => of(name, way).p50);
    met(`${way}: the slowest place over the fastest`, Math.max(...all) / Math.min(...all), MOST_APART);
  }
  const ratios = places.map(({ name }) => of(name, 'http').p50 / of(name, 'bare').p50);
  met('HTTP over the bare statement, the worst place', Math.max(...ratios), MOST_OVER_BARE);
  const least = places.map(({ name }) => of(name, 'plain').p50 / of(name, 'bare').p50);
  say(`        a plain server over the bare statement: ${Math.min(...least).toFixed(2)} at least`);
}

function met(what: string, ratio: number, most: number) {
  say(`${ratio <= most ? 'met    ' : 'NOT MET'} ${what}: ${ratio.toFixed(2)} (at most ${most})`);
}

await main();
