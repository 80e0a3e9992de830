import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Part } from '../../src/stack/part.ts';
import { accepts, freePorts } from '../../src/stack/ports.ts';
import { processInfo } from '../../src/stack/processes.ts';
import { type Stack, type StackOptions, startStack } from '../../src/stack/stack.ts';
import { guardian, stack as sharedStack } from '../support/stack.ts';
import { until } from '../support/until.ts';

/** Options for Postgres and Redis of their own; Temporal is the run's, given from outside. */
async function ownOptions(dataDir: string): Promise<StackOptions> {
  const { temporalAddress } = await sharedStack();
  const [postgres, redis] = (await freePorts(2)) as [number, number];
  return {
    dataDir,
    given: { temporalAddress },
    ports: { postgres, redis, temporal: 0, temporalUi: 0 },
    install: 'never',
    nice: 10,
    env: process.env,
    report: () => undefined,
    guardian: await guardian(),
  };
}

async function withPostgres<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 30_000 });
  client.on('error', () => undefined);
  await client.connect();
  return await use(client).finally(() => client.end());
}

async function withRedis<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { retryStrategy: () => null });
  redis.on('error', () => undefined);
  return await use(redis).finally(() => redis.disconnect());
}

describe('the embedded stack', function () {
  this.timeout(120_000);
  let dataDir: string;
  let options: StackOptions;
  let stack: Stack;
  let [postgres, redis, temporal] = [] as unknown as [Part, Part, Part];

  before(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'parley-stack-'));
    options = await ownOptions(dataDir);
    options.guardian?.removeAtEnd(dataDir);
    // What a start that was killed inside initdb leaves.
    mkdirSync(join(dataDir, 'postgres', 'cluster.new'), { recursive: true });
    writeFileSync(join(dataDir, 'postgres', 'cluster.new', 'PG_VERSION'), '18\n');
    stack = await startStack(options);
    [postgres, redis, temporal] = stack.parts as [Part, Part, Part];
  });

  after(async () => {
    await stack?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('has a part for each service, with address and process; one that was given has none', async () => {
    assert.deepEqual(
      stack.parts.map(({ name, address }) => ({ name, address })),
      [
        { name: 'Postgres', address: `127.0.0.1:${options.ports.postgres}` },
        { name: 'Redis', address: `127.0.0.1:${options.ports.redis}` },
        { name: 'Temporal', address: options.given.temporalAddress },
      ],
    );
    assert.match(processInfo(postgres.pid!)!.command, /postgres/);
    assert.match(processInfo(redis.pid!)!.command, /redis|valkey/);
    assert.equal(temporal.pid, undefined);
    await assert.rejects(temporal.stop(), /was given/);
  });

  it('has a Redis that keeps what it took, over a kill, on the same port', async () => {
    const settings = await withRedis(stack.redisUrl, async client => {
      await client.set('kept', 'value');
      const names = ['appendonly', 'appendfsync', 'maxmemory-policy', 'bind', 'save'];
      return await Promise.all(names.map(async name => (await client.config('GET', name)) as unknown));
    });
    assert.match(JSON.stringify(settings), /yes.*everysec.*noeviction.*127\.0\.0\.1/);
    const killed = redis.pid;
    await redis.stop('SIGKILL');
    assert.equal(redis.pid, undefined);
    assert.equal(await accepts(options.ports.redis), false);
    await redis.start();
    assert.notEqual(redis.pid, killed);
    assert.equal(await withRedis(stack.redisUrl, client => client.get('kept')), 'value');
  });

  it('has a Postgres 18 that keeps what it took, over a kill, on the same port', async () => {
    await withPostgres(stack.databaseUrl, async client => {
      await client.query("CREATE TABLE kept AS SELECT 'value' AS what");
    });
    await postgres.stop('SIGKILL');
    assert.equal(await accepts(options.ports.postgres), false);
    await postgres.start();
    const { rows } = await withPostgres(stack.databaseUrl, client =>
      client.query(
        "SELECT what, lower('ÄÉ') AS lowered, current_setting('server_version') AS version FROM kept",
      ),
    );
    assert.equal(rows[0].what, 'value');
    assert.equal(rows[0].lowered, 'äé');
    assert.match(rows[0].version, /^18\./);
  });

  it('starts Postgres over the note of a process that is another one now', async () => {
    await postgres.stop('SIGKILL');
    const note = join(dataDir, 'postgres', 'cluster', 'postmaster.pid');
    writeFileSync(note, `${process.pid}\n${join(dataDir, 'postgres', 'cluster')}\n`);
    await postgres.start();
    assert.equal((await withPostgres(stack.databaseUrl, client => client.query('SELECT 1'))).rowCount, 1);
  });

  it('ends by itself what still holds the data when it starts', async () => {
    const orphan = postgres.pid!;
    const [port, redisPort] = (await freePorts(2)) as [number, number];
    const ports = { ...options.ports, postgres: port, redis: redisPort };
    // The orphan is of a start that knows nothing of this one.
    const given = { ...options.given, redisUrl: stack.redisUrl };
    const other = await startStack({ ...options, given, ports });
    assert.equal(processInfo(orphan), undefined);
    await until('the first one knows', () => postgres.pid === undefined);
    await other.stop();
    await postgres.start();
  });

  it('leaves nothing running when a part cannot be had', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-stack-'));
    const [port, redisPort, nobody] = (await freePorts(3)) as [number, number, number];
    const given = { temporalAddress: `127.0.0.1:${nobody}` };
    const ports = { ...options.ports, postgres: port, redis: redisPort };
    const message = `TEMPORAL_ADDRESS names 127.0.0.1:${nobody}, where nothing answers: start it, or leave TEMPORAL_ADDRESS out to have an embedded one.`;
    await assert.rejects(startStack({ ...options, dataDir: folder, given, ports }), {
      name: 'StackError',
      message,
    });
    assert.deepEqual(await Promise.all([port, redisPort].map(one => accepts(one))), [false, false]);
    rmSync(folder, { recursive: true });
  });

  it('stops a start that is under way', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-stack-'));
    const [port, redisPort] = (await freePorts(2)) as [number, number];
    const ports = { ...options.ports, postgres: port, redis: redisPort };
    const stop = new AbortController();
    const report = () => stop.abort(new Error('the end'));
    await assert.rejects(
      startStack({ ...options, dataDir: folder, ports, report, stopping: stop.signal }),
      /the end/,
    );
    assert.deepEqual(await Promise.all([port, redisPort].map(one => accepts(one))), [false, false]);
    assert.equal(readdirSync(join(folder, 'postgres')).includes('init-password'), false);
    rmSync(folder, { recursive: true });
  });
});
