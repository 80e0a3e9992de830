/** What processes use, as Linux counts it. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const PAGE_BYTES = 4_096;
const PARENT = 1;
const USER = 11;
const RESIDENT = 21;

/** CPU seconds, the kernel's for them among these, and resident bytes of these processes and their children, together. */
export type Usage = { cpuS: number; residentBytes: number };

export function createMeter() {
  const ticks = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return {
    /** Children that have ended are counted where their parent has waited for them. */
    of(pids: number[]): Usage {
      const total = { cpuS: 0, residentBytes: 0 };
      for (const fields of withChildren(pids)) {
        for (let i = USER; i < USER + 4; i += 1) total.cpuS += Number(fields[i]) / ticks;
        total.residentBytes += Number(fields[RESIDENT]) * PAGE_BYTES;
      }
      return total;
    },
    /** CPU seconds that this machine has been busy with anything. */
    busyS(): number {
      const [total] = readFileSync('/proc/stat', 'utf8').split('\n');
      const [user, nice, system, , , irq, softIrq] = total!.trim().split(/\s+/).slice(1).map(Number);
      return (user! + nice! + system! + irq! + softIrq!) / ticks;
    },
  };
}

/** The fields of /proc/<pid>/stat behind the name, for each of these and all below them. */
function withChildren(pids: number[]): string[][] {
  const all = new Map<number, string[]>();
  for (const name of readdirSync('/proc')) {
    const fields = /^\d+$/.test(name) ? statOf(Number(name)) : undefined;
    if (fields !== undefined) all.set(Number(name), fields);
  }
  const wanted = new Set(pids);
  const isBelow = (pid: number): boolean => {
    for (let at: number | undefined = pid; at; at = Number(all.get(at)?.[PARENT] ?? 0)) {
      if (wanted.has(at)) return true;
    }
    return false;
  };
  return [...all].filter(([pid]) => isBelow(pid)).map(([, fields]) => fields);
}

function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
