/** Where Redis comes from: the PATH, else the system's packages where they can be had without a question. */
import type { Environment } from '../config.ts';
import type { Guardian } from './guardian.ts';
import { StackError } from './part.ts';
import { findPrograms, outputOf, runProgram } from './programs.ts';

type Options = {
  install: 'auto' | 'never';
  env: Environment;
  report(line: string): void;
  guardian: Guardian | undefined;
  stopping: AbortSignal | undefined;
};

type Manager = { program: string; command: string; anyone?: boolean };

const INSTALL_TIMEOUT_MS = 300_000;
const VERSION_TIMEOUT_MS = 5_000;
/** Sharded pub/sub came with 7. */
const MIN_MAJOR = 7;

const MANAGERS: Manager[] = [
  {
    program: 'apt-get',
    command: 'apt-get update -qq && apt-get install -y -qq --no-install-recommends redis-server',
  },
  { program: 'dnf', command: 'dnf install -y -q valkey' },
  { program: 'apk', command: 'apk add --quiet redis' },
  { program: 'pacman', command: 'pacman -S --noconfirm valkey' },
  { program: 'zypper', command: 'zypper --non-interactive install redis' },
  { program: 'brew', command: 'brew install --quiet redis', anyone: true },
];

/** The path of a Redis or Valkey that is new enough. Throws StackError where none can be had. */
export async function findRedis(options: Options): Promise<string> {
  const { env, install, report } = options;
  const found = await newEnough(env);
  if (found.program) return found.program;
  const manager = MANAGERS.find(({ program }) => findPrograms(env, program).length > 0);
  if (install === 'auto' && manager && !found.old) {
    const installed = await installWith(manager, options);
    if (installed) return installed;
  }
  const hint = manager ? hintOf(manager) : 'install redis-server or valkey-server';
  const why = found.old
    ? `Redis ${MIN_MAJOR} or later is needed, ${found.old} is older`
    : 'There is no redis-server and no valkey-server on the PATH';
  if (found.old) report(`${why}.`);
  throw new StackError(`${why}: ${hint}, or set REDIS_URL to one that runs.`);
}

async function newEnough(env: Environment): Promise<{ program?: string; old?: string }> {
  let old: string | undefined;
  for (const program of findPrograms(env, 'redis-server', 'valkey-server')) {
    const version = /v=(\d+)\.[\d.]+/.exec(
      (await outputOf(program, ['--version'], VERSION_TIMEOUT_MS)) ?? '',
    );
    if (Number(version?.[1]) >= MIN_MAJOR) return { program };
    old ??= `${program} (${version?.[0].slice(2) ?? 'of no known version'})`;
  }
  return old === undefined ? {} : { old };
}

function hintOf({ command, anyone }: Manager): string {
  return `install it (${anyone || process.getuid?.() === 0 ? command : `sudo sh -c '${command}'`})`;
}

async function installWith(manager: Manager, options: Options): Promise<string | undefined> {
  const { env, report, guardian, stopping } = options;
  const run = (command: string, args: string[], timeoutMs: number) =>
    runProgram(command, args, {
      env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
      timeoutMs,
      guardian,
      stopping,
    });
  const root = manager.anyone || process.getuid?.() === 0;
  const sudo = !root && findPrograms(env, 'sudo').length > 0;
  if (!root && !(sudo && (await run('sudo', ['-n', 'true'], VERSION_TIMEOUT_MS)).ok)) return undefined;
  report(`Redis is not installed: running ${manager.command} (PARLEY_INSTALL=never refuses this) …`);
  const since = Date.now();
  const [command, ...args] = [...(root ? [] : ['sudo', '-n']), '/bin/sh', '-c', manager.command];
  const { ok, said } = await run(command!, args, INSTALL_TIMEOUT_MS);
  if (!ok) report(`that did not work:\n${said.slice(-500)}`);
  else report(`Redis is installed (${Math.round((Date.now() - since) / 1_000)} s)`);
  return (await newEnough(env)).program;
}
