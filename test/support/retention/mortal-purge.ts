/** A purge as it is, but that it kills itself: FAULT names where, as often as the step is reached. */
import { configOrExit } from '../../../src/config.ts';
import { createShared } from '../../../src/context/shared.ts';
import { createLogger } from '../../../src/logger.ts';
import { createPurge } from '../../../src/retention/purge.ts';
import { createTell } from '../../../src/retention/tell.ts';
import { createExpunge } from '../../../src/rooms/expunge.ts';
import { createRetentionStore } from '../../../src/store/retention.ts';
import { createUntoldStore } from '../../../src/store/untold.ts';

export type PurgeFault = 'before the wiping' | 'after the wiping' | 'after the entry' | 'after it is noted';

const dieAt = (point: PurgeFault) => {
  if (process.env.FAULT === point) process.kill(process.pid, 'SIGKILL');
};

const logger = createLogger({ level: 'silent', part: 'test' });
const { pool, redis, scripts, log, closers } = await createShared(configOrExit(), 'purge', { logger });
const [store, untold, expunge] = [
  createRetentionStore(pool),
  createUntoldStore(pool),
  createExpunge({ log, scripts, redis }),
];
const tell = createTell({
  untold: {
    ...untold,
    async told(...given) {
      await untold.told(...given);
      dieAt('after it is noted');
    },
  },
  expunge: {
    async expunge(given) {
      const told = await expunge.expunge(given);
      dieAt('after the entry');
      return told;
    },
  },
});
const purge = createPurge({
  store: {
    ...store,
    async expire(...given) {
      dieAt('before the wiping');
      const count = await store.expire(...given);
      dieAt('after the wiping');
      return count;
    },
  },
  untold,
  tell,
});
process.stdout.write(JSON.stringify(await purge({ by: 'test' })));
await closers.close();
