import { execFile, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Environment } from '../config.ts';
import type { Guardian } from './guardian.ts';

const execute = promisify(execFile);
const MAX_OUTPUT = 16 * 1_048_576;
const KEPT_OUTPUT = 2_000;

/** All programs of these names on the PATH, with their whole paths, in the order of the names. */
export function findPrograms(env: Environment, ...names: string[]): string[] {
  const folders = (env.PATH ?? '').split(delimiter).filter(folder => folder !== '');
  return names.flatMap(name => folders.map(folder => join(folder, name)).filter(isProgram));
}

/** Whether this is a file that may be run. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** What a program prints, or undefined when it fails or takes longer. */
export async function outputOf(
  program: string,
  args: string[],
  timeoutMs: number,
): Promise<string | undefined> {
  try {
    return (await execute(program, args, { timeout: timeoutMs, maxBuffer: MAX_OUTPUT })).stdout;
  } catch {
    return undefined;
  }
}

type RunOptions = {
  env: Environment;
  cwd?: string;
  uid?: number;
  gid?: number;
  timeoutMs: number;
  guardian: Guardian | undefined;
  /** Ends it early; then this throws. */
  stopping: AbortSignal | undefined;
};

/**
 * Runs a program that may take long to its end, or ends it and its children after `timeoutMs`. Answers whether it
 * succeeded and the end of what it said.
 */
export async function runProgram(program: string, args: string[], options: RunOptions) {
  const { timeoutMs, guardian, stopping, ...spawning } = options;
  stopping?.throwIfAborted();
  const child = spawn(program, args, { ...spawning, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  guardian?.watch(child.pid, 'SIGKILL');
  const kill = () => {
    // The whole group: a compiler or a package manager has children of its own.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      said = (said + String(chunk)).slice(-KEPT_OUTPUT);
    });
  }
  const timer = setTimeout(kill, timeoutMs);
  stopping?.addEventListener('abort', kill);
  const ok = await new Promise<boolean>(resolve => {
    child.once('close', code => resolve(code === 0));
    child.once('error', () => resolve(false));
  });
  clearTimeout(timer);
  stopping?.removeEventListener('abort', kill);
  guardian?.forget(child.pid);
  stopping?.throwIfAborted();
  return { ok, said: said.trim() };
}
