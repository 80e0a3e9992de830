/** What the system knows of processes; on Linux from /proc, elsewhere from ps. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A process that lives: `pid` and `startedAt` together never name another one. */
export type Identity = { pid: number; startedAt: string };
export type ProcessInfo = Identity & { parent: number; session: number; command: string };

const STAT_PARENT = 1;
const STAT_SESSION = 3;
const STAT_START = 19;
const PS_TIMEOUT_MS = 5_000;
const POLL_MS = 50;
/** One that SIGKILL has not ended by then is the kernel's. */
const KILL_WAIT_MS = 5_000;

/** A process that runs; undefined for one that does not, or that is a zombie. */
export function processInfo(pid: number): ProcessInfo | undefined {
  return existsSync('/proc/self/stat') ? fromProc(pid) : fromPs(pid);
}

/** True while this very process runs, not another one that was given its number. */
export function isRunning({ pid, startedAt }: Identity): boolean {
  return processInfo(pid)?.startedAt === startedAt;
}

/**
 * Ends a process: by `signal`, and after `graceMs` by SIGKILL, which takes along the group that it leads.
 * Resolves when it is gone; does nothing to a later process with its number.
 */
export async function endProcess(
  one: Identity,
  { signal, graceMs }: { signal: NodeJS.Signals; graceMs: number },
): Promise<void> {
  send(one, signal);
  // One that was stopped (SIGSTOP) hears nothing but SIGKILL until it goes on.
  if (signal !== 'SIGKILL') send(one, 'SIGCONT');
  if (await gone(one, signal === 'SIGKILL' ? KILL_WAIT_MS : graceMs)) return;
  send(one, 'SIGKILL');
  await gone(one, KILL_WAIT_MS);
}

function send(one: Identity, signal: NodeJS.Signals) {
  if (!isRunning(one)) return;
  try {
    process.kill(one.pid, signal);
    if (signal === 'SIGKILL') process.kill(-one.pid, signal);
  } catch {
    // It went between the look and the signal, or leads no group.
  }
}

async function gone(one: Identity, withinMs: number): Promise<boolean> {
  const end = Date.now() + withinMs;
  while (isRunning(one)) {
    if (Date.now() > end) return false;
    await delay(POLL_MS);
  }
  return true;
}

function fromProc(pid: number): ProcessInfo | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in parentheses and may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    const [parent, session] = [Number(fields[STAT_PARENT]), Number(fields[STAT_SESSION])];
    return { pid, parent, session, startedAt: fields[STAT_START]!, command };
  } catch {
    return undefined;
  }
}

function fromPs(pid: number): ProcessInfo | undefined {
  try {
    const args = ['-o', 'ppid=,sess=,stat=,lstart=,command=', '-p', String(pid)];
    const line = execFileSync('ps', args, {
      encoding: 'utf8',
      env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
      timeout: PS_TIMEOUT_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    const match = /^(\d+)\s+(\S+)\s+(\S+)\s+(\S+\s+\S+\s+\d+\s+\S+\s+\d+)\s+(.*)$/.exec(line);
    if (match === null || match[3]!.startsWith('Z')) return undefined;
    // macOS shows sessions as 0 for all: nobody seems to have left his parent's.
    const [parent, session] = [Number(match[1]), Number(match[2]) || 0];
    return { pid, parent, session, startedAt: match[4]!, command: match[5]! };
  } catch {
    return undefined;
  }
}
