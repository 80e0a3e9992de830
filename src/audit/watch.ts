/**
 * The audit that runs by itself, in one worker at a time: rooms that were touched since the last one, and now and
 * then all of them, for a row may vanish from a room that is quiet. Its report is kept for whoever asks.
 */
import type { Logger } from '../logger.ts';
import type { WorkerMetrics } from '../metrics.ts';
import type { AccountStore } from '../store/account.ts';
import type { Audit, Extent } from './audit.ts';
import type { Report } from './report.ts';

/** Every so many audits one looks at all rooms; the first is one. */
const ALL_EVERY = 12;
/** Entries that were under way at the last audit are looked at again. */
const OVERLAP_MS = 60_000;

type Deps = {
  audit: Audit;
  store: Pick<AccountStore, 'save'>;
  /** Whether this worker is the one that audits. */
  elected(): boolean;
  everyMs: number;
  metrics: Pick<WorkerMetrics, 'unaccounted' | 'lost'>;
  logger: Logger;
};

/** `close` ends an audit that is under way. */
export function createAuditWatch({ audit, store, elected, everyMs, metrics, logger }: Deps) {
  const stop = new AbortController();
  let running: Promise<void> | undefined;
  let last: Report | undefined;
  let round = 0;

  /** Findings of rooms that are not touched would be forgotten: these are looked at each time. */
  function extent(): Extent {
    if (last === undefined || round % ALL_EVERY === 0) return { scope: 'all' };
    const rooms = [...new Set(last.findings.map(({ room }) => room))];
    return { scope: 'touched', sinceMs: Date.parse(last.at) - OVERLAP_MS, rooms };
  }

  async function look() {
    if (!elected()) {
      last = undefined;
      metrics.unaccounted.set(0);
      metrics.lost.set(0);
      return;
    }
    const report = await audit.run(extent(), stop.signal);
    round = last === undefined ? 1 : round + 1;
    last = report;
    metrics.unaccounted.set(report.unaccounted);
    metrics.lost.set(report.lost);
    if (report.unaccounted > 0)
      logger.error(
        { unaccounted: report.unaccounted, first: report.findings[0] },
        'not all is accounted for',
      );
    await store.save(report.scope, report);
  }

  const timer = setInterval(() => {
    running ??= look()
      .catch(error => {
        if (!stop.signal.aborted) logger.warn({ error }, 'the audit could not be finished');
      })
      .finally(() => (running = undefined));
  }, everyMs);
  timer.unref();

  return {
    async close() {
      clearInterval(timer);
      stop.abort();
      await running;
    },
  };
}
