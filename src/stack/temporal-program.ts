/**
 * Where Temporal's program comes from: the PATH; what was fetched or built before for this user; the SDK's own
 * pinned download, for a few seconds; else a build of the module pinned in docker/temporal/go.mod.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeArguments } from './node-command.ts';
import { StackError } from './part.ts';
import { findProgram } from './programs.ts';

const MODULE_FOLDER = fileURLToPath(new URL('../../docker/temporal/', import.meta.url));
const PACKAGE = 'github.com/temporalio/cli/cmd/temporal';
const DOWNLOAD_TIMEOUT_MS = 8_000;
const BUILD_TIMEOUT_MS = 20 * 60_000;
const PROGRESS_MS = 15_000;

/** Kept for the user, not for the clone. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'parley');
}

/** The version that docker/temporal/go.mod pins. */
export function pinnedVersion(): string {
  const module = readFileSync(join(MODULE_FOLDER, 'go.mod'), 'utf8');
  return /github\.com\/temporalio\/cli (v[\d.]+)/.exec(module)![1]!;
}

export async function findTemporal({ report }: { report(line: string): void }): Promise<string> {
  const onPath = findProgram('temporal');
  if (onPath !== undefined) return onPath;
  const version = pinnedVersion();
  const cached = join(cacheFolder(), `temporal-${version}-${process.platform}-${process.arch}`);
  if (existsSync(cached)) return cached;
  mkdirSync(cacheFolder(), { recursive: true });
  report(`Temporal ${version} is not here yet: trying its download for ${DOWNLOAD_TIMEOUT_MS / 1_000} s …`);
  if (await download(version, cached)) return cached;
  if (findProgram('go') === undefined) {
    throw new StackError(
      'Temporal could not be downloaded and there is no Go to build it: install the temporal CLI (https://temporal.io/setup) or Go 1.26, or give TEMPORAL_ADDRESS.',
    );
  }
  report(
    `The download does not answer: building Temporal ${version} with Go, about three minutes the first time …`,
  );
  await build(cached, report);
  return cached;
}

/** The SDK's own download, in a process that can be ended: it answers with the program's path. */
async function download(version: string, target: string): Promise<boolean> {
  const args = nodeArguments(
    new URL('./temporal-download.ts', import.meta.url),
    version,
    cacheFolder(),
    target,
  );
  const child = spawn(process.execPath, args, {
    stdio: 'ignore',
    timeout: DOWNLOAD_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  await once(child, 'exit');
  return existsSync(target);
}

/** Builds beside the target and renames, so that two builds at once do not meet. */
async function build(target: string, report: (line: string) => void) {
  const made = `${target}.${process.pid}`;
  const child = spawn('go', ['build', '-o', made, PACKAGE], {
    cwd: MODULE_FOLDER,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, GOTOOLCHAIN: 'auto', GOFLAGS: '-mod=mod -buildvcs=false' },
    timeout: BUILD_TIMEOUT_MS,
  });
  let said = '';
  child.stderr.on('data', chunk => {
    said = (said + String(chunk)).slice(-2_000);
  });
  const since = Date.now();
  const progress = setInterval(
    () => report(`… still building Temporal (${Math.round((Date.now() - since) / 1_000)} s)`),
    PROGRESS_MS,
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  clearInterval(progress);
  if (code !== 0) throw new StackError(`Temporal could not be built: ${said.trim().split('\n').at(-1)}`);
  renameSync(made, target);
}
