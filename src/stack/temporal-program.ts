/**
 * Where Temporal's program comes from: the PATH; what was fetched or built before for this user; the SDK's own
 * pinned download, given up after a few silent seconds; else a build of the module pinned in docker/temporal/go.mod.
 */
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../config.ts';
import type { Guardian } from './guardian.ts';
import { StackError } from './part.ts';
import { findPrograms, isProgram, runProgram } from './programs.ts';
import { downloadTemporal } from './temporal-download.ts';

export type ObtainOptions = {
  env: Environment;
  report(line: string): void;
  guardian: Guardian | undefined;
  stopping: AbortSignal | undefined;
};

const MODULE_FOLDER = fileURLToPath(new URL('../../docker/temporal/', import.meta.url));
const PACKAGE = 'github.com/temporalio/cli/cmd/temporal';
const BUILD_TIMEOUT_MS = 30 * 60_000;
const PROGRESS_MS = 15_000;

/** Kept for the user, not for the clone. */
export function cacheFolder(env: Environment): string {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'parley');
}

/** The version that docker/temporal/go.mod pins. */
export function pinnedVersion(): string {
  const module = readFileSync(join(MODULE_FOLDER, 'go.mod'), 'utf8');
  return /github\.com\/temporalio\/cli (v[\d.]+)/.exec(module)![1]!;
}

/** The path of a Temporal that runs here. Throws StackError where none can be had. */
export async function findTemporal(options: ObtainOptions): Promise<string> {
  const { env } = options;
  const [onPath] = findPrograms(env, 'temporal');
  if (onPath !== undefined) return onPath;
  const version = pinnedVersion();
  const cached = join(cacheFolder(env), `temporal-${version}-${process.platform}-${process.arch}`);
  if (isProgram(cached)) return cached;
  // A folder for each that tries at the same time; the last one replaces an equal file by a rename.
  const workplace = `${cached}.${randomUUID()}`;
  mkdirSync(workplace, { recursive: true });
  try {
    const obtained =
      (await downloadTemporal(version, workplace, options)) ?? (await build(version, workplace, options));
    chmodSync(obtained, 0o755);
    renameSync(obtained, cached);
    return cached;
  } finally {
    rmSync(workplace, { recursive: true, force: true });
  }
}

async function build(version: string, workplace: string, options: ObtainOptions): Promise<string> {
  const { env, report, guardian, stopping } = options;
  const [go] = findPrograms(env, 'go');
  const otherwise = 'install the temporal CLI (https://docs.temporal.io/cli)';
  if (go === undefined) {
    throw new StackError(
      `Temporal could not be downloaded, and there is no Go to build it: ${otherwise} or Go 1.26, or set TEMPORAL_ADDRESS.`,
    );
  }
  report(`building Temporal ${version} with Go: about three minutes and 4 GB of Go's caches, this once …`);
  const since = Date.now();
  const seconds = () => Math.round((Date.now() - since) / 1_000);
  const progress = setInterval(() => report(`… still building Temporal (${seconds()} s)`), PROGRESS_MS);
  const result = join(workplace, 'temporal');
  // No VCS stamp: git may distrust the folder's owner.
  const args = ['build', '-buildvcs=false', '-o', result, PACKAGE];
  const running = { env, cwd: MODULE_FOLDER, timeoutMs: BUILD_TIMEOUT_MS, guardian, stopping };
  const { ok, said } = await runProgram(go, args, running).finally(() => clearInterval(progress));
  if (!ok) {
    const why = said.split('\n').at(-1);
    throw new StackError(`Temporal could not be built (${why}): ${otherwise}, or set TEMPORAL_ADDRESS.`);
  }
  report(`Temporal is built (${seconds()} s)`);
  return result;
}
