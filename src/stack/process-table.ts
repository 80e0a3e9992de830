import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A living process as the operating system knows it. `startedAt` with `pid` names it for ever. */
export type ProcessInfo = {
  pid: number;
  parent: number;
  session: number;
  /** Opaque; equal for two looks at one process, different after the pid was given anew. */
  startedAt: string;
  command: string;
};

/** What is enough to recognise a process again. */
export type Identity = Pick<ProcessInfo, 'pid' | 'startedAt'>;

const PS_TIMEOUT_MS = 5_000;

/** Looks a process up; undefined where there is none, or only its remains (a zombie). */
export function inspect(pid: number): ProcessInfo | undefined {
  try {
    return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
  } catch {
    // Gone between two reads, or never there.
    return undefined;
  }
}

/** Whether this very process still lives: a later one with the same pid does not count. */
export function isAlive({ pid, startedAt }: Identity): boolean {
  return inspect(pid)?.startedAt === startedAt;
}

/** The identity of a process that lives now. Throws where it has ended already. */
export function identify(pid: number): Identity {
  const found = inspect(pid);
  if (found === undefined) throw new Error(`process ${pid} has ended`);
  return { pid, startedAt: found.startedAt };
}

/** proc(5): the command in field 2 may hold spaces and parentheses, so fields count from the last one. */
function fromProc(pid: number): ProcessInfo | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [state, parent, , session, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z' || state === 'X') return undefined;
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  return { pid, parent: Number(parent), session: Number(session), startedAt: rest[15] ?? '', command };
}

function fromPs(pid: number): ProcessInfo | undefined {
  const fields = ['ppid=', 'sess=', 'stat=', 'lstart=', 'command='].flatMap(field => ['-o', field]);
  const line = execFileSync('ps', [...fields, '-p', String(pid)], {
    encoding: 'utf8',
    timeout: PS_TIMEOUT_MS,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const match = /^\s*(\d+)\s+(\S+)\s+(\S+)\s+(\S+\s+\S+\s+\d+\s+[\d:]+\s+\d{4})\s+(.*)$/.exec(line.trimEnd());
  if (!match || match[3]!.startsWith('Z')) return undefined;
  const session = Number(match[2]);
  return {
    pid,
    parent: Number(match[1]),
    session: Number.isNaN(session) ? 0 : session,
    startedAt: match[4]!,
    command: match[5]!,
  };
}
