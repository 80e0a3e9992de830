/** What one of the workers does by itself: deadlines, trimming, runs over history, erasures, the account. */
import { createAuditWatch } from '../audit/watch.ts';
import type { Engine } from '../pipeline/engine.ts';
import type { Membership } from '../pipeline/membership.ts';
import { createRunsWatch } from '../pipeline/runs-watch.ts';
import { createRetentionWatch } from '../retention/watch.ts';
import { createGates } from '../rooms/gates.ts';
import { createJanitor } from '../rooms/janitor.ts';
import { createAccountStore } from '../store/account.ts';
import type { ReprocessStore } from '../store/reprocess.ts';
import type { WorkerParts } from './activities.ts';
import { AUDIT_SHARE, auditOf } from './auditor.ts';
import type { Retention } from './retention.ts';

type Parts = Omit<WorkerParts, 'overrides'> & {
  engine: Engine;
  membership: Membership;
  runs: ReprocessStore;
  retention: Retention;
};

export function startWatches({ config, shared, metrics, engine, membership, runs, retention }: Parts): void {
  const { logger, closers, redis, scripts, pool } = shared;
  const { owned } = membership;
  const elected = () => owned().has(0);
  const keep = <T extends { close(): unknown }>(name: string, made: T) =>
    closers.add(name, made, part => part.close());
  keep('gates', createGates({ redis, scripts, partitions: config.log.partitions, logger }));
  keep('janitor', createJanitor({ redis, scripts, options: config.log, logger, owned }));
  keep('runs', createRunsWatch({ engine, unfinished: runs.unfinished, elected, logger }));
  const { erase, tell, erasures: store } = retention;
  keep('retention', createRetentionWatch({ erase, tell, store, elected, logger }));
  if (config.auditMs === 0) return;
  const audit = auditOf({ config, redis, scripts, pool, engine, share: AUDIT_SHARE.own });
  const everyMs = config.auditMs;
  keep(
    'audit',
    createAuditWatch({ audit, store: createAccountStore(pool), elected, everyMs, metrics, logger }),
  );
}
