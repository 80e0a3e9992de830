/** The guardian's process: see guardian.ts. Reads `+ pid signal start` and `- pid` lines until its input ends. */
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning } from './processes.ts';

type Watched = { pid: number; signal: NodeJS.Signals; startedAt: string };

const GRACE_MS = 8_000;
const POLL_MS = 50;

const watched = new Map<number, Watched>();
// Signals of the terminal are for the start; the guardian ends with its input alone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, pid, signal, ...startedAt] = line.split(' ');
  if (verb === '-') watched.delete(Number(pid));
  else
    watched.set(Number(pid), {
      pid: Number(pid),
      signal: signal as NodeJS.Signals,
      startedAt: startedAt.join(' '),
    });
}
for (const one of [...watched.values()].reverse()) await end(one);

async function end(one: Watched) {
  const running = () => isRunning(one);
  if (!running()) return;
  signal(one.pid, one.signal);
  for (const until = Date.now() + GRACE_MS; running() && Date.now() < until; ) await delay(POLL_MS);
  if (running()) signal(one.pid, 'SIGKILL');
}

function signal(pid: number, name: NodeJS.Signals) {
  try {
    process.kill(pid, name);
  } catch {
    // It went between the look and the signal.
  }
}
