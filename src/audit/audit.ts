/**
 * The audit: every acknowledged entry is stored, refused afterwards, set aside, in flight, or lost with a named
 * epoch; what is none of these is named. It reads only, room by room in small pieces, beside live traffic: what may
 * only look wrong because it is under way is looked at a second time.
 *
 *   tallies against rows    certain: both are written in one transaction
 *   log against store       while the log has the entry; what it trimmed, by its count
 *   open against pipeline   intake and unfinished batches
 *   losses                  epochs that ended by one
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Engine } from '../pipeline/engine.ts';
import type { AccountLog } from '../rooms/account.ts';
import { partitionOf } from '../rooms/keys.ts';
import type { AccountStore } from '../store/account.ts';
import { createLogAgainstStore } from './log-against-store.ts';
import { createLosses } from './losses.ts';
import { createOpenAgainstPipeline } from './open-against-pipeline.ts';
import { createPace } from './pace.ts';
import { createFindings, type Finding, keyOf, type Loss, MAX_NAMED, type Report } from './report.ts';
import { createTalliesAgainstRows } from './tallies-against-rows.ts';

export type AuditDeps = {
  log: AccountLog;
  store: AccountStore;
  engine: Pick<Engine, 'unfinished'>;
  options: {
    /** The part of the time that the audit may be at work, 0..1. */
    share: number;
    /** What is younger is not looked for yet; and how long a suspicion waits for its second look. */
    graceMs: number;
  };
};
/** Every room, or those with an entry since a time (ms) and those named. */
export type Extent = { scope: 'all' } | { scope: 'touched'; sinceMs: number; rooms: string[] };
export type Audit = ReturnType<typeof createAudit>;

export function createAudit({ log, store, engine, options }: AuditDeps) {
  /** Rooms of the store in their order, then those that only Redis knows; none twice but for a moment's change. */
  async function* roomsOf(extent: Extent): AsyncGenerator<string> {
    if (extent.scope === 'all') {
      for (let page = await store.rooms(''); page.length > 0; page = await store.rooms(page.at(-1)!))
        yield* page;
    } else yield* extent.rooms;
    const named = new Set(extent.scope === 'all' ? [] : extent.rooms);
    for (let partition = 0; partition < log.partitions; partition += 1) {
      for await (const page of log.rooms(partition, extent.scope === 'all' ? 0 : extent.sinceMs)) {
        const done = extent.scope === 'all' ? await store.known(page) : named;
        yield* page.filter(room => !done.has(room));
      }
    }
  }

  async function withEpoch(finding: Finding): Promise<Finding> {
    const at = finding.id ?? finding.offset;
    if (finding.epoch !== undefined || at === undefined) return finding;
    const epoch = await store.epochOf(finding.room, partitionOf(finding.room, log.partitions), at);
    return epoch === undefined ? finding : { ...finding, epoch };
  }

  /**
   * Audits; throws where Redis, Postgres or the engine does not answer, and once `signal` is aborted: half an audit
   * says nothing.
   */
  async function run(extent: Extent, signal = new AbortController().signal): Promise<Report> {
    const started = Date.now();
    const pace = createPace(options.share, signal);
    const tallies = createTalliesAgainstRows({ store, pace });
    const logs = createLogAgainstStore({ log, store, pace });
    const pipeline = createOpenAgainstPipeline({ log, store, engine, pace });
    const certain = createFindings();
    const suspected = createFindings();
    let [rooms, stored, withdrawn] = [0, 0, 0];
    for await (const room of roomsOf(extent)) {
      const { suspects, head } = await logs.suspect(room);
      suspected.add(...suspects);
      const compared = await tallies.compare(room);
      certain.add(...compared.findings);
      if (head !== undefined) certain.add(...(await tallies.trimmed(room, head)));
      rooms += 1;
      stored += compared.rows - compared.withdrawn;
      withdrawn += compared.withdrawn;
    }
    suspected.add(...(await pipeline.suspect(Date.now() - options.graceMs)));
    if (suspected.count() > 0) {
      await delay(options.graceMs, undefined, { signal });
      certain.add(...(await again(suspected.list())));
    }
    const losses: Loss[] = [];
    let lost = 0;
    for await (const loss of createLosses({ store, pace }).losses(pipeline.held)) {
      lost += loss.atMost;
      if (losses.length < MAX_NAMED) losses.push(loss);
    }
    const findings: Finding[] = [];
    for (const finding of certain.list()) findings.push(await withEpoch(finding));
    return {
      scope: extent.scope,
      at: new Date(started).toISOString(),
      tookMs: Date.now() - started,
      rooms,
      stored,
      withdrawn,
      setAside: await store.deadLetters(),
      inFlight: await log.unstored(),
      lost,
      unaccounted: certain.count(),
      findings,
      losses,
    };

    /** Those suspicions that a second look finds too. */
    async function again(suspects: Finding[]): Promise<Finding[]> {
      const found: Finding[] = [];
      const inLogs = new Set(suspects.filter(({ kind }) => kind !== 'dropped_entry').map(({ room }) => room));
      for (const room of inLogs) found.push(...(await logs.suspect(room)).suspects);
      if (suspects.some(({ kind }) => kind === 'dropped_entry'))
        found.push(...(await pipeline.suspect(Date.now() - options.graceMs)));
      const keys = new Set(found.map(keyOf));
      return suspects.filter(suspect => keys.has(keyOf(suspect)));
    }
  }

  return { run };
}
