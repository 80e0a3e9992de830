/**
 * What a running `npm start` leaves in its data folder, for other commands and the next start to find. A start that
 * was killed leaves it too; then it names what may be left of that run.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Environment } from '../config.ts';
import { StackError } from './part.ts';
import { endProcess, type Identity, isRunning, processInfo } from './processes.ts';

export type Running = Identity & {
  /** How to reach the parts. */
  env: Record<string, string>;
  pageUrl?: string;
  guardian?: Identity;
  /** Everything that has to end with it, oldest first. */
  processes?: Identity[];
};

/** A guardian gives each process its grace; then whoever comes next does the rest. */
const GUARDIAN_WAIT_MS = 60_000;
const GRACE_MS = 10_000;
const POLL_MS = 100;

const fileIn = (dataDir: string) => join(dataDir, 'running.json');

/** What the newest start noted, whether it still runs or was killed. */
export function readLastRun(dataDir: string): Running | undefined {
  try {
    return JSON.parse(readFileSync(fileIn(dataDir), 'utf8')) as Running;
  } catch {
    return undefined;
  }
}

/** The start that runs on this folder, if one does. */
export function readRunning(dataDir: string): Running | undefined {
  const running = readLastRun(dataDir);
  return running !== undefined && isRunning(running) ? running : undefined;
}

/**
 * Takes the folder for this process, after ending what a killed run left. Throws StackError where another start
 * runs on it.
 */
export async function claimRunning(dataDir: string, report: (line: string) => void): Promise<void> {
  const mine = `${fileIn(dataDir)}.${process.pid}`;
  write(mine, { ...identity(process.pid), env: {} });
  try {
    // A link appears whole or not at all: of two that start at once, one gets it.
    while (!tryLink(mine, fileIn(dataDir))) {
      const other = readRunning(dataDir);
      if (other) {
        throw new StackError(
          `npm start runs on ${dataDir} already (pid ${other.pid}): stop it, or set DATA_DIR to another folder.`,
        );
      }
      await endLeftovers(readLastRun(dataDir), report);
      rmSync(fileIn(dataDir), { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Notes more of what runs here. It holds secrets: for the owner's eyes alone. */
export function noteRunning(dataDir: string, more: Partial<Running>): void {
  const running = readLastRun(dataDir);
  if (running?.pid !== process.pid) return;
  const next = `${fileIn(dataDir)}.${process.pid}`;
  write(next, { ...running, ...more });
  renameSync(next, fileIn(dataDir));
}

export function clearRunning(dataDir: string): void {
  rmSync(fileIn(dataDir), { force: true });
}

/** What identifies a process that lives. */
export function identity(pid: number): Identity {
  const info = processInfo(pid);
  return { pid, startedAt: info?.startedAt ?? '' };
}

/** The settings of the start that runs on DATA_DIR, under what the environment itself gives. */
export function withRunning(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv & { PAGE_URL?: string } {
  const running = readRunning(resolve((env as Environment).DATA_DIR ?? '.parley'));
  if (running === undefined) return env;
  return { ...running.env, ...(running.pageUrl === undefined ? {} : { PAGE_URL: running.pageUrl }), ...env };
}

function write(file: string, running: Running) {
  writeFileSync(file, JSON.stringify(running), { mode: 0o600 });
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function endLeftovers(last: Running | undefined, report: (line: string) => void) {
  if (last === undefined) return;
  const { guardian, processes = [] } = last;
  if (guardian && isRunning(guardian)) {
    report('the last run is still being ended: waiting for it …');
    for (const end = Date.now() + GUARDIAN_WAIT_MS; isRunning(guardian) && Date.now() < end; ) {
      await delay(POLL_MS);
    }
  }
  for (const one of processes.filter(isRunning).reverse()) {
    report(`ending process ${one.pid}, which the last run left …`);
    await endProcess(one, { signal: 'SIGTERM', graceMs: GRACE_MS });
  }
}
