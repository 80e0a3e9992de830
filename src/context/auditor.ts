/** Builds the account: of a worker by itself, and from outside. */
import { createAudit, type Extent } from '../audit/audit.ts';
import type { Report } from '../audit/report.ts';
import { createSetAsideDropped } from '../audit/set-aside.ts';
import type { Config } from '../config.ts';
import { lookAtEngine } from '../engine.ts';
import type { LookedAt } from '../pipeline/engine.ts';
import { createAccountLog } from '../rooms/account.ts';
import { createOutcomes } from '../rooms/outcomes.ts';
import { parseState } from '../rooms/room-log.ts';
import { createAccountStore } from '../store/account.ts';
import { createShared, type Overrides, type Shared, START_TIMEOUT_MS } from './shared.ts';

/** An audit lets entries be under way for this long; by itself it takes a tenth of the time, else half of it. */
const AUDIT_GRACE_MS = 5_000;
export const AUDIT_SHARE = { own: 0.1, asked: 0.5 };

type AuditParts = Pick<Shared, 'redis' | 'scripts' | 'pool'> & {
  config: Config;
  engine: Pick<LookedAt, 'unfinished'>;
  share: number;
};

export function auditOf({ config, redis, scripts, pool, engine, share }: AuditParts) {
  return createAudit({
    log: createAccountLog({ redis, scripts, partitions: config.log.partitions }),
    store: createAccountStore(pool),
    engine,
    options: { share, graceMs: AUDIT_GRACE_MS },
  });
}

/** An audit from outside, beside whatever runs. Throws where a part does not answer within 20 s. */
export async function createAuditor(
  config: Config,
  overrides: Overrides = {},
): Promise<{
  run(extent?: Extent): Promise<Report>;
  setAside(report: Report): Promise<number>;
  close(): Promise<void>;
}> {
  const { logger, closers, redis, scripts, pool, log, store } = await createShared(
    config,
    'audit',
    overrides,
  );
  const engine = await lookAtEngine({ config, logger, timeoutMs: START_TIMEOUT_MS }).catch(async error => {
    await closers.close();
    throw error;
  });
  closers.add('engine', engine, made => made.close());
  const audit = auditOf({ config, redis, scripts, pool, engine, share: AUDIT_SHARE.asked });
  const setAside = createSetAsideDropped({
    async message(room, id) {
      const value = await redis.hget(log.keysOf(room).state, String(id));
      return value === null ? undefined : parseState(value);
    },
    store,
    settle: createOutcomes({ log, scripts }).settle,
  });
  return {
    setAside: ({ findings }) => setAside(findings),
    async run(extent = { scope: 'all' }) {
      const report = await audit.run(extent);
      await createAccountStore(pool).save(report.scope, report);
      return report;
    },
    close: () => closers.close(),
  };
}
