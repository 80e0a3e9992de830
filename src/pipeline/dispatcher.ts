/**
 * The dispatcher: from the intake to the engine, in natural batches: whenever a run has finished, whatever has
 * gathered is taken at once, up to a count and a size. Idle, that is one message in one run, at once; busy,
 * hundreds. Where a run takes longer, others begin beside it, `spacingMs` apart, up to `inFlight`: many small runs
 * at once would only wait for each other.
 *
 * Entries leave the intake only after the engine has the batch durably. A crash between the two starts them again
 * in another batch; the first outcome stands.
 */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Batch } from '../../workflows/steps.ts';
import type { Logger } from '../logger.ts';
import type { Submission } from '../message.ts';
import type { WorkerMetrics } from '../metrics.ts';
import type { Intake, IntakeEntry } from '../rooms/intake.ts';
import type { Engine, Run } from './engine.ts';
import type { Follower } from './follow.ts';
import type { Membership } from './membership.ts';

export type DispatcherOptions = {
  maxBatch: number;
  maxBatchBytes: number;
  inFlight: number;
  spacingMs: number;
};

type Deps = {
  intake: Intake;
  engine: Pick<Engine, 'start'>;
  follower: Pick<Follower, 'follow'>;
  membership: Membership;
  /** Sets aside entries that this version cannot read. Repeats until it is done. */
  setAside(entries: { partition: number; entryId: string; fields: Record<string, string> }[]): Promise<void>;
  options: DispatcherOptions;
  metrics: WorkerMetrics;
  logger: Logger;
};

export type Dispatcher = { run(): Promise<void>; close(): Promise<void> };

const WAIT_MS = 1_000;
const RETRY = { firstMs: 100, maxMs: 5_000 };

export function createDispatcher({
  intake,
  engine,
  follower,
  membership,
  setAside,
  options,
  metrics,
  logger,
}: Deps): Dispatcher {
  const stop = new AbortController();
  const positions = new Map<number, string>();
  const handingOver = new Set<Promise<unknown>>();
  let unfinished = 0;
  let startedAt = Number.NEGATIVE_INFINITY;
  let wake = () => {};

  /** Partitions that were dealt to this worker are read from their beginning; lost ones are forgotten. */
  function follow(owned: ReadonlySet<number>) {
    for (const partition of positions.keys()) if (!owned.has(partition)) positions.delete(partition);
    for (const partition of owned) if (!positions.has(partition)) positions.set(partition, '0');
  }

  /** Repeats a call, tried once at least, until it is done or the dispatcher closes; answers undefined then. */
  async function insist<T>(what: string, call: () => Promise<T>): Promise<T | undefined> {
    for (let wait = RETRY.firstMs; ; wait = Math.min(wait * 2, RETRY.maxMs)) {
      try {
        return await call();
      } catch (error) {
        logger.warn({ error, what }, 'to be tried again');
        if (stop.signal.aborted) return undefined;
        await delay(wait, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    }
  }

  /** From the intake to the engine; answers the run, if there is one. What is under way here, `run` waits for. */
  async function handOver(entries: IntakeEntry[]): Promise<{ batch: Batch; run: Run } | undefined> {
    const unknown = entries.flatMap(entry =>
      'unknown' in entry ? [{ ...entry, fields: entry.unknown }] : [],
    );
    if (unknown.length > 0) await insist('set aside', () => setAside(unknown));
    const submissions = entries.flatMap(entry => ('submission' in entry ? [entry.submission] : []));
    const batch = submissions.length > 0 ? batchOf(submissions) : undefined;
    const run = batch && (await insist('start', () => engine.start(batch)));
    if (batch !== undefined && run === undefined) return undefined;
    metrics.batchSize.observe(submissions.length);
    await insist('remove', () => intake.remove(entries));
    return batch && run && { batch, run };
  }

  /** Counts a batch as unfinished until the engine says that it is done. */
  async function dispatch(entries: IntakeEntry[]) {
    startedAt = performance.now();
    unfinished += 1;
    metrics.inFlight.set(unfinished);
    const handing = handOver(entries).catch(error => {
      logger.error({ error }, 'a batch could not be dispatched');
      return undefined;
    });
    handingOver.add(handing);
    const started = await handing;
    handingOver.delete(handing);
    if (started) await follower.follow(started.batch, started.run);
    unfinished -= 1;
    metrics.inFlight.set(unfinished);
    wake();
  }

  /** Resolves when a run has finished, or after the time given, or when the dispatcher closes. */
  async function finishedOne(withinMs?: number) {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>(resolve => {
      wake = resolve;
      if (withinMs !== undefined) timer = setTimeout(resolve, withinMs);
    });
    clearTimeout(timer);
  }

  async function takeNext() {
    follow(membership.owned());
    const limits = { count: options.maxBatch, bytes: options.maxBatchBytes, waitMs: WAIT_MS };
    const entries = await intake.read(positions, limits).catch(error => {
      // Redis may come back as it was before: what stands below a position then would never be read. Reading
      // anew starts some batches twice, which changes nothing.
      positions.clear();
      throw error;
    });
    if (stop.signal.aborted || entries.length === 0) return;
    for (const { partition, entryId } of entries) positions.set(partition, entryId);
    void dispatch(entries);
  }

  return {
    async run() {
      while (!stop.signal.aborted) {
        const spacingMs = unfinished === 0 ? 0 : startedAt + options.spacingMs - performance.now();
        if (unfinished >= options.inFlight) await finishedOne();
        else if (spacingMs > 0) await finishedOne(spacingMs);
        else if (membership.owned().size === 0)
          await delay(100, undefined, { signal: stop.signal }).catch(() => undefined);
        else await insist('read', takeNext);
      }
      await Promise.all(handingOver);
    },
    async close() {
      stop.abort();
      wake();
    },
  };
}

/** A batch's name follows from what is in it, so that a start repeated after a lost answer finds itself. */
function batchOf(submissions: Submission[]): Batch {
  const hash = createHash('sha256');
  // By its own entry of the log: a deletion carries the id and revision of what it deletes.
  for (const { room, epoch, offset, redrive } of submissions) {
    hash.update(`${room} ${epoch} ${offset}${redrive === undefined ? '' : ` ${redrive}`}\n`);
  }
  const dispatchedAt = new Date().toISOString();
  const first = submissions[0]!;
  const id = `batch-${first.room}-${first.id}-${submissions.length}-${hash.digest('hex').slice(0, 12)}`;
  return { id, dispatchedAt, submissions };
}
