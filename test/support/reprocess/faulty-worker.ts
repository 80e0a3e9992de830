/** A worker as it is, but that its process kills itself where FAULT says, the third time it comes there. */
import { createWorker } from '../../../src/context/worker.ts';
import { runEntry } from '../../../src/entry.ts';
import type { ReprocessFault } from './faults.ts';

const NTH = 3;
const seen = new Map<string, number>();

async function dyingAfter<T>(point: ReprocessFault, work: Promise<T>): Promise<T> {
  const done = await work;
  seen.set(point, (seen.get(point) ?? 0) + 1);
  if (process.env.FAULT === point && seen.get(point) === NTH) process.kill(process.pid, 'SIGKILL');
  return done;
}

await runEntry(config =>
  createWorker(config, {
    revisions: real => ({
      announce: (...args) => dyingAfter('told', real.announce(...args)),
      settle: (...args) => dyingAfter('settled', real.settle(...args)),
    }),
    runs: real => ({
      ...real,
      plan: (...args) => dyingAfter('planned', real.plan(...args)),
      apply: (...args) => dyingAfter('stored', real.apply(...args)),
    }),
  }),
);
