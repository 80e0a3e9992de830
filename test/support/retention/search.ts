/** Looks for a text in everything that Parley leaves anywhere: tables, keys, files, histories, logs. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { Redis } from 'ioredis';
import type pg from 'pg';
import { appendOnlyFolder } from '../intake.ts';

/** Where it was found: the place as an erasure's `remains` calls it, and where exactly. */
export type Sighting = { where: string; at: string };

/** Tables of the database, row by row as text. */
export async function searchTables(db: pg.Pool, text: string): Promise<Sighting[]> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT format('%I', table_name) AS name FROM information_schema.tables
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  );
  const found: Sighting[] = [];
  for (const { name } of rows) {
    const sql = `SELECT count(*)::integer AS found FROM ${name} AS one WHERE position($1 IN one::text) > 0`;
    const count = (await db.query<{ found: number }>(sql, [text])).rows[0]!.found;
    if (count > 0) found.push({ where: 'tables', at: `${name}: ${count} rows` });
  }
  return found;
}

/** Files of the database and the write-ahead log, as they lie on disk. */
export async function searchPostgresFiles(db: pg.Pool, text: string): Promise<Sighting[]> {
  await db.query('CHECKPOINT');
  const { rows } = await db.query<{ dir: string; oid: string }>(
    `SELECT current_setting('data_directory') AS dir, oid::text FROM pg_database WHERE datname = current_database()`,
  );
  const { dir, oid } = rows[0]!;
  return [
    ...inFiles(join(dir, 'base', oid), text, 'postgres-files'),
    ...inFiles(join(dir, 'pg_wal'), text, 'postgres-wal'),
  ];
}

/** All keys of a Redis, of any type, and their names. */
export async function searchKeys(url: string, text: string, where: string): Promise<Sighting[]> {
  const redis = new Redis(url, { commandTimeout: 30_000, protocol: 2 });
  const found: Sighting[] = [];
  try {
    let cursor = '0';
    do {
      const [next, keys] = await redis.scan(cursor, 'COUNT', 500);
      for (const key of keys) {
        const held = JSON.stringify([key, await contentOf(redis, key)]);
        if (held.includes(text)) found.push({ where, at: key });
      }
      cursor = next;
    } while (cursor !== '0');
    return found;
  } finally {
    redis.disconnect();
  }
}

async function contentOf(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  switch (type) {
    case 'string':
      return await redis.get(key);
    case 'hash':
      return await redis.hgetall(key);
    case 'stream':
      return await redis.xrange(key, '-', '+');
    case 'zset':
      return await redis.zrange(key, '0', '-1');
    case 'set':
      return await redis.smembers(key);
    case 'list':
      return await redis.lrange(key, 0, -1);
    case 'none':
      return null;
    default:
      throw new Error(`the key ${key} is of the unknown type ${type}`);
  }
}

/** The append-only file of a Redis, which must not compress what is to be found. */
export async function searchAppendOnly(url: string, text: string, where: string): Promise<Sighting[]> {
  return inFiles(await appendOnlyFolder(url), text, where);
}

/** What the parts of the run have logged into files. */
export async function searchLogs(redisUrl: string, text: string): Promise<Sighting[]> {
  const dataDir = dirname(dirname(await appendOnlyFolder(redisUrl)));
  return inFiles(join(dataDir, 'logs'), text, 'logs');
}

/** Histories of a task queue: every payload of every event. */
export async function searchHistories(address: string, queue: string, text: string): Promise<Sighting[]> {
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection });
    const found: Sighting[] = [];
    for await (const { workflowId } of client.workflow.list({ query: `TaskQueue = '${queue}'` })) {
      const history = await client.workflow.getHandle(workflowId).fetchHistory();
      if (holds(history, text)) found.push({ where: 'temporal', at: workflowId });
    }
    return found;
  } finally {
    await connection.close();
  }
}

function holds(value: unknown, text: string): boolean {
  if (typeof value === 'string') return value.includes(text);
  if (value instanceof Uint8Array) return Buffer.from(value).includes(text);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(part => holds(part, text));
}

function inFiles(folder: string, text: string, where: string): Sighting[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap(name => {
    const file = join(folder, name);
    if (!statSync(file).isFile() || !readFileSync(file).includes(text)) return [];
    return [{ where, at: name }];
  });
}
