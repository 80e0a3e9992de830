/**
 * The guardian's process: see guardian.ts. Until its input ends it reads the lines `+ pid signal start`, `- pid`
 * and `rm folder`; then it ends what is left, newest first, and removes the folders.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { GRACE_MS } from './guardian.ts';
import { endProcess, type Identity } from './processes.ts';

const watched = new Map<number, Identity & { signal: NodeJS.Signals }>();
const folders = new Set<string>();
// Signals of the terminal are for the start; the guardian ends with its input alone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, first = '', second, ...rest] = line.split(' ');
  const pid = Number(first);
  if (verb === '+') {
    watched.set(pid, { pid, signal: second as NodeJS.Signals, startedAt: rest.join(' ') });
  } else if (verb === '-') watched.delete(pid);
  else if (verb === 'rm') folders.add(line.slice('rm '.length));
}
for (const one of [...watched.values()].reverse()) {
  await endProcess(one, { signal: one.signal, graceMs: GRACE_MS });
}
for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
