import { setTimeout as delay } from 'node:timers/promises';
import { type Identity, isAlive } from './process-table.ts';

/**
 * A process that has to be gone in the end, and how: `stopSignal` first, SIGKILL `graceMs` later.
 * Higher stages end before lower ones; those of one stage end together.
 */
export type Ward = Identity & {
  name: string;
  stage: number;
  stopSignal: NodeJS.Signals;
  graceMs: number;
  /** It leads a process group of its own, which the last SIGKILL takes along. */
  group?: boolean;
};

const POLL_MS = 50;
/** A SIGKILLed process that the kernel has not let go of by then is left to the kernel. */
const KILL_WAIT_MS = 5_000;

/** Sends a signal if this very process still lives. False where it does not. */
export function signalWard(ward: Ward, signal: NodeJS.Signals): boolean {
  if (!isAlive(ward)) return false;
  try {
    process.kill(signal === 'SIGKILL' && ward.group ? -ward.pid : ward.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Ends one process and resolves when it is gone. */
export async function endWard(ward: Ward, signal: NodeJS.Signals = ward.stopSignal): Promise<void> {
  signalWard(ward, signal);
  // A stopped process (SIGSTOP) acts on no signal but SIGKILL until it goes on.
  if (signal !== 'SIGKILL') signalWard(ward, 'SIGCONT');
  if (await gone(ward, signal === 'SIGKILL' ? KILL_WAIT_MS : ward.graceMs)) return;
  signalWard(ward, 'SIGKILL');
  await gone(ward, KILL_WAIT_MS);
}

/** Ends all, the highest stage first, and resolves when they are gone. */
export async function endAll(wards: Iterable<Ward>): Promise<void> {
  const all = [...wards];
  const stages = [...new Set(all.map(({ stage }) => stage))].sort((a, b) => b - a);
  for (const stage of stages) {
    await Promise.all(all.filter(ward => ward.stage === stage).map(ward => endWard(ward)));
  }
}

async function gone(identity: Identity, withinMs: number): Promise<boolean> {
  const end = Date.now() + withinMs;
  while (isAlive(identity)) {
    if (Date.now() > end) return false;
    await delay(POLL_MS);
  }
  return true;
}
