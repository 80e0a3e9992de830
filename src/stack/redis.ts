/** Redis or Valkey from the system: the one on the PATH, else from the system's packages where that asks nothing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { Guardian } from './guardian.ts';
import { createPart, type Part, StackError } from './part.ts';
import { findProgram, outputOf } from './programs.ts';

type Options = {
  dataDir: string;
  port: number;
  install: 'auto' | 'never';
  report(line: string): void;
  guardian: Guardian | undefined;
};

const START_TIMEOUT_MS = 20_000;
const INSTALL_TIMEOUT_MS = 300_000;
/** Sharded pub/sub came with 7. */
const MIN_MAJOR = 7;

const MANAGERS = [
  {
    program: 'apt-get',
    args: ['install', '-y', '-qq', 'redis-server'],
    hint: 'sudo apt-get install redis-server',
    refresh: ['update', '-qq'],
  },
  { program: 'dnf', args: ['install', '-y', '-q', 'valkey'], hint: 'sudo dnf install valkey' },
  { program: 'apk', args: ['add', '--quiet', 'redis'], hint: 'sudo apk add redis' },
  { program: 'pacman', args: ['-S', '--noconfirm', 'valkey'], hint: 'sudo pacman -S valkey' },
  { program: 'brew', args: ['install', '--quiet', 'redis'], hint: 'brew install redis', anyone: true },
];

export async function embeddedRedis(options: Options): Promise<{ part: Part; redisUrl: string }> {
  const { dataDir, port, guardian } = options;
  const command = await findOrInstall(options);
  const folder = join(dataDir, 'redis');
  mkdirSync(folder, { recursive: true });
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir: folder,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  };
  const part = createPart({
    name: 'Redis',
    address: `127.0.0.1:${port}`,
    command,
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    logFile: join(dataDir, 'logs', 'redis.log'),
    stopSignal: 'SIGTERM',
    answers: () => answers(port),
    timeoutMs: START_TIMEOUT_MS,
    guardian,
  });
  await part.start();
  return { part, redisUrl: `redis://127.0.0.1:${port}` };
}

async function findOrInstall({ install, report }: Options): Promise<string> {
  const found = findProgram('redis-server', 'valkey-server');
  const manager = MANAGERS.find(({ program }) => findProgram(program) !== undefined);
  const hint = manager?.hint ?? 'install redis-server 7 or later with your package manager';
  if (found !== undefined) {
    const version = /v=(\d+)\.([\d.]+)/.exec((await outputOf(found, ['--version'], 5_000)) ?? '');
    if (version !== null && Number(version[1]) >= MIN_MAJOR) return found;
    throw new StackError(
      `${found} is version ${version?.[1] ?? 'unknown'}, Parley needs Redis ${MIN_MAJOR} or later: ${hint}, or give REDIS_URL.`,
    );
  }
  const silent = manager !== undefined && (process.getuid?.() === 0 || manager.anyone === true);
  if (install === 'never' || !silent) {
    throw new StackError(`Redis is not installed: ${hint} — or give REDIS_URL.`);
  }
  report(
    `Redis is not installed: installing it with ${manager.program} (PARLEY_INSTALL=never refuses this) …`,
  );
  if (manager.refresh) await runManager(manager.program, manager.refresh);
  await runManager(manager.program, manager.args);
  const installed = findProgram('redis-server', 'valkey-server');
  if (installed === undefined)
    throw new StackError(`Redis could not be installed: ${hint} — or give REDIS_URL.`);
  return installed;
}

async function runManager(program: string, args: string[]) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const child = spawn(program, args, { stdio: 'ignore', env, timeout: INSTALL_TIMEOUT_MS });
  await Promise.race([once(child, 'exit'), once(child, 'error')]);
}

async function answers(port: number): Promise<boolean> {
  const redis = new Redis({
    port,
    host: '127.0.0.1',
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: 1_000,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    // Loading a large append-only file answers LOADING until it is done.
    return (await redis.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}
