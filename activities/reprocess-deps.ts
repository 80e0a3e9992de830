/** What the step of a run over history needs, and what its two halves share. */
import type { Logger } from '../src/logger.ts';
import type { Language, Sentiment, Verdict, Versions } from '../src/message.ts';
import type { WorkerMetrics } from '../src/metrics.ts';
import type { Revisions } from '../src/rooms/revisions.ts';
import type { ReprocessStore } from '../src/store/reprocess.ts';
import type { ReprocessRun } from '../src/store/reprocess-runs.ts';

export type ReprocessDeps = {
  store: ReprocessStore;
  revisions: Revisions;
  rejudge: Rejudge;
  metrics: Pick<WorkerMetrics, 'reprocessed'>;
  logger: Logger;
};

/** Judges by the policies that a run was given at its start, as the pipeline would, with what was fetched at the time. */
export type Rejudge = (run: ReprocessRun) => Promise<{
  versions: Versions;
  language(text: string): Language;
  sentiment(text: string, language: Language): Sentiment;
  verdict(message: { room: string; content: string; language: Language; was: Verdict | undefined }): Verdict;
  /** The name of the policy that judges in a room. */
  policyOf(room: string): string;
}>;

/** What the log's states and the stored rows name as the batch of a page's outcomes. */
export function batchOf({ run, page }: Pick<ReprocessRun, 'run' | 'page'>): string {
  return `reprocess-${run}-${page}`;
}
