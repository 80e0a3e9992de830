/**
 * The guardian: a small process beside `npm start` that ends what start leaves behind when it is killed.
 *
 * Start holds the other end of this process's standard input and writes one JSON line for each change.
 * The pipe closes when start ends, however it ends; then the wards still listed are ended in order, and the
 * directories given for removal go. Terminal signals are not for the guardian: it leads a session of its own.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { endAll, type Ward } from './ending.ts';

/** One line of the guardian's standard input. */
export type GuardianOrder = { guard: Ward } | { release: number } | { removeAtEnd: string };

const wards = new Map<number, Ward>();
const directories = new Set<string>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.title = 'parley guardian';

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as GuardianOrder;
  if ('guard' in order) wards.set(order.guard.pid, order.guard);
  else if ('release' in order) wards.delete(order.release);
  else directories.add(order.removeAtEnd);
}
await endAll(wards.values());
for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
