/** What `npm start` makes, and its removal. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { readMark } from './data-dir.ts';
import { StackError } from './part.ts';
import { endProcess, isRunning } from './processes.ts';
import { readLastRun, readRunning } from './running.ts';

type Options = {
  dataDir: string;
  /** The folder of the built page. */
  built: string;
  /** Programs that were fetched, built or copied once for all clones. */
  caches: string[];
  /** Removes those, too. */
  all: boolean;
};

const GRACE_MS = 10_000;

/**
 * Removes what start made, after ending what a killed run left. Answers what was removed, and what stays. Throws
 * StackError, and removes nothing, while a start runs on the folder or where it is not ours.
 */
export async function removeLeavings({ dataDir, built, caches, all }: Options) {
  const running = readRunning(dataDir);
  if (running) throw new StackError(`npm start runs on ${dataDir} (pid ${running.pid}): stop it first.`);
  const mark = readMark(dataDir);
  if (existsSync(dataDir) && !mark && readdirSync(dataDir).length > 0) {
    throw new StackError(`${dataDir} was not made by npm start: nothing was removed.`);
  }
  for (const one of [...(readLastRun(dataDir)?.processes ?? [])].reverse().filter(isRunning)) {
    await endProcess(one, { signal: 'SIGTERM', graceMs: GRACE_MS });
  }
  const folders = [...(mark?.elsewhere ?? []), dataDir, built, ...(all ? caches : [])];
  const removed = folders.filter(folder => existsSync(folder));
  for (const folder of removed) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  return { removed, kept: caches.filter(folder => existsSync(folder)) };
}
