/** What the system knows of processes; on Linux from /proc, elsewhere from ps. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

export type ProcessInfo = { pid: number; parent: number; startedAt: string; command: string };

const STAT_PARENT = 1;
const STAT_START = 19;

/** A process that runs; undefined for one that does not, or that is a zombie. */
export function processInfo(pid: number): ProcessInfo | undefined {
  return existsSync('/proc/self/stat') ? fromProc(pid) : fromPs(pid);
}

/** True while this very process runs, not another one that was given its number. */
export function isRunning({ pid, startedAt }: { pid: number; startedAt: string }): boolean {
  return processInfo(pid)?.startedAt === startedAt;
}

function fromProc(pid: number): ProcessInfo | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in parentheses and may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return { pid, parent: Number(fields[STAT_PARENT]), startedAt: fields[STAT_START]!, command };
  } catch {
    return undefined;
  }
}

function fromPs(pid: number): ProcessInfo | undefined {
  try {
    const args = ['-o', 'ppid=,stat=,lstart=,command=', '-p', String(pid)];
    const line = execFileSync('ps', args, {
      encoding: 'utf8',
      env: { LC_ALL: 'C', PATH: process.env.PATH },
    }).trim();
    const match = /^(\d+)\s+(\S+)\s+(\S+\s+\S+\s+\d+\s+\S+\s+\d+)\s+(.*)$/.exec(line);
    if (match === null || match[2]!.startsWith('Z')) return undefined;
    return { pid, parent: Number(match[1]), startedAt: match[3]!, command: match[4]! };
  } catch {
    return undefined;
  }
}
