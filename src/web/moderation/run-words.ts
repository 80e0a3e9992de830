/** Runs over history in plain words. Pure, but for the reader's numbers. */
import type { Run, RunChangeKind, RunReport } from '../../client/index.ts';

const KINDS: Readonly<Record<RunChangeKind, string>> = {
  removed: 'removed: lost to readers',
  hidden: 'hidden: seen by the author alone',
  masked: 'starred out',
  restored: 'shown again',
  remasked: 'starred out at other places',
  verdict: 'as it is for readers, noted for moderators',
  enriched: 'another language or mood',
};
/** What takes a message from readers. */
const LOSSES: ReadonlySet<RunChangeKind> = new Set(['removed', 'hidden']);

export const kindWords = (kind: RunChangeKind) => KINDS[kind];

/** The changes of a report that a dry run found, or that were made, by kind. */
export function changesOf({ run, kinds }: RunReport): { kind: RunChangeKind; count: number }[] {
  return kinds.filter(({ state }) => state === (run.dryRun ? 'found' : 'applied'));
}

/** How many messages readers lose. */
export function lossesOf(report: RunReport): number {
  return changesOf(report).reduce((sum, { kind, count }) => sum + (LOSSES.has(kind) ? count : 0), 0);
}

export function countWords(count: number, one = 'message', many = `${one}s`): string {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}

/** What kind of run it is, for a list. */
export function runWords({ dryRun, drafted, undoes }: Run): string {
  if (undoes !== undefined) return 'Taking back';
  if (drafted) return 'Dry run of a draft';
  return dryRun ? 'Dry run' : 'Run';
}

/** How it stands. */
export function stateWords({ state, dryRun, endedAt, counts, undoneBy }: Run): string {
  switch (state) {
    case 'running':
      return 'under way';
    case 'paused':
      return 'paused';
    case 'parked':
      return 'stands still';
    case 'cancelled':
      return endedAt === undefined ? 'ends behind the messages under way' : 'cancelled';
    case 'done':
      if (undoneBy !== undefined) return 'taken back';
      return dryRun ? `${countWords(counts.changed)} would change` : `${countWords(counts.applied)} changed`;
  }
}

/** How far it is. */
export function progressWords({ counts, total, secondsLeft }: Run): string {
  const seen = counts.matched.toLocaleString();
  const of = total === undefined ? `${seen} messages` : `${seen} of ${countWords(total)}`;
  return secondsLeft === undefined ? of : `${of}, about ${countWords(secondsLeft, 'second')} left`;
}

/** What was left as it is though its rules would have it otherwise, or could not be looked at. */
export function leftWords({ counts }: Run): string[] {
  const { decided, superseded, failed } = counts;
  return [
    ...(decided > 0 ? [`${countWords(decided)} left: a moderator decided, or it is gone for good.`] : []),
    ...(superseded > 0 ? [`${countWords(superseded)} left: changed meanwhile.`] : []),
    ...(failed > 0 ? [`${countWords(failed)} could not be judged.`] : []),
  ];
}

/** What was made of a message before, and what is now; where that is the same, what else is new. */
export function sampleWords({ kind, before, after }: RunReport['samples'][number]): string {
  const now = after.action ?? 'not judged';
  return before.action === after.action
    ? `${now}, ${kindWords(kind)}`
    : `${before.action ?? 'not judged'} → ${now}`;
}

/** What applying a dry run would do to readers. */
export function confirmWords(report: RunReport, room: string): string {
  const lost = lossesOf(report);
  const others = changesOf(report)
    .filter(({ kind }) => kind === 'masked' || kind === 'restored' || kind === 'remasked')
    .map(({ kind, count }) => `${countWords(count)} ${count === 1 ? 'is' : 'are'} ${kindWords(kind)}`);
  const readers = `Readers of ${room} lose ${lost === 0 ? 'no message' : countWords(lost)}`;
  return `${[readers, ...others].join('; ')}. Apply it?`;
}
