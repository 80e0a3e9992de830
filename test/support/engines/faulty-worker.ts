/**
 * A worker as it is, but for what a test asks of it: FAULT names where its process kills itself, and a message may
 * be poison for a step, or hold it up.
 */
import { createWorker } from '../../../src/context/worker.ts';
import { runEntry } from '../../../src/entry.ts';
import type { MessageStore } from '../../../src/store/messages.ts';
import type { Steps } from '../../../workflows/steps.ts';
import { type FaultPoint, HANGS, HANGS_ONCE, POISON } from './fault-points.ts';

class Poison extends Error {
  override name = 'Poison';
}

const fault = process.env.FAULT;
const dieAt = (point: FaultPoint) => {
  if (fault === point) process.kill(process.pid, 'SIGKILL');
};
const never = () => new Promise<never>(() => {});

function faultyStore(real: MessageStore): MessageStore {
  return {
    ...real,
    async persist(rows) {
      if (fault === 'in persist') setImmediate(() => dieAt('in persist'));
      const result = await real.persist(rows);
      dieAt('after the commit');
      return result;
    },
  };
}

function faultySteps(real: Steps): Steps {
  let held = false;
  return {
    ...real,
    async moderate(input) {
      dieAt('before a step');
      const has = (word: string) => input.submissions.some(({ content }) => content.includes(word));
      if (has(POISON) && process.env.POISON !== 'mended') throw new Poison();
      if (has(HANGS) || (has(HANGS_ONCE) && !held && process.env.HANGS !== 'never')) {
        held = true;
        process.stdout.write('a step hangs\n');
        return await never();
      }
      const verdicts = await real.moderate(input);
      dieAt('in a step');
      return verdicts;
    },
    async persist(input) {
      const persisted = await real.persist(input);
      dieAt('after persist');
      return persisted;
    },
  };
}

await runEntry(config =>
  createWorker(config, {
    outcomes: real => ({
      ...real,
      async announce(...args) {
        const announced = await real.announce(...args);
        dieAt('after the append');
        return announced;
      },
    }),
    store: faultyStore,
    steps: faultySteps,
  }),
);
