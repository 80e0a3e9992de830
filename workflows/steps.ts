/**
 * The shapes of the pipeline's steps, and the one table of their timeouts and retries that every engine reads.
 * Types, plain data and what every engine makes of it: this file is part of the workflow bundle.
 */
import type { Language, Outcome, Sentiment, Submission, Verdict } from '../src/message.ts';

/** What an engine carries: messages of any rooms that are analysed, announced and stored together. */
export type Batch = {
  /** Names the batch everywhere: the engine's run, the log's states, the stored rows. */
  id: string;
  dispatchedAt: string;
  submissions: Submission[];
};

/** One message that a step cannot do, with its cause; its neighbours go on. Never holds message text. */
export type Failed = { failed: string };
export type Result<T> = T | Failed;

export type Analysis = { language: Language; verdict: Verdict; sentiment: Sentiment };

/** What stands for a submission after the announcement. */
export type Announced =
  | {
      /** The outcome that stands; absent when it is the one that the analysis gives. */
      outcome?: Outcome;
      batch: string;
      announcedAt: string;
      /** Newest log entry that names the message, if that must leave `open` too. */
      last?: number;
    }
  | Failed;

export type Persisted = {
  stored: number;
  unchanged: number;
  refused: number;
  /** Repeats of a clientId after the dedup window, by index: to be withdrawn. */
  duplicates: number[];
};

/** Every step: one input, one output in the order of the submissions, repeatable at will. */
export type Steps = {
  language(input: { submissions: Submission[] }): Promise<Result<Language>[]>;
  moderate(input: { submissions: Submission[]; languages: Language[] }): Promise<Result<Verdict>[]>;
  sentiment(input: { submissions: Submission[]; languages: Language[] }): Promise<Result<Sentiment>[]>;
  announce(input: { batch: Batch; analyses: Result<Analysis>[] }): Promise<Announced[]>;
  persist(input: { batch: Batch; analyses: Result<Analysis>[]; announced: Announced[] }): Promise<Persisted>;
  withdraw(input: { batch: Batch; analyses: Result<Analysis>[]; duplicates: number[] }): Promise<void>;
};
export type StepName = keyof Steps;

export type StepPolicy = {
  /** One attempt may last this long. */
  timeoutMs: number;
  /** Quick attempts close by, for a passing fault. */
  attempts: number;
  /**
   * What follows when they are used up. `wait`: never give up (a part is down), by attempts that do not keep other
   * batches from going on. `fail`: leave it to the flow.
   */
  afterwards: 'wait' | 'fail';
  /** Pauses before the second attempt and the longest one; each is `BACKOFF` times the last. Patience begins anew. */
  firstRetryMs: number;
  maxRetryMs: number;
};

export const BACKOFF = 2;

/** Analysis fails the batch, which the flow then halves; what waits for Redis or Postgres never gives up. */
export const STEP_POLICY: Record<StepName, StepPolicy> = {
  language: { timeoutMs: 10_000, attempts: 2, afterwards: 'fail', firstRetryMs: 100, maxRetryMs: 1_000 },
  moderate: { timeoutMs: 10_000, attempts: 2, afterwards: 'fail', firstRetryMs: 100, maxRetryMs: 1_000 },
  sentiment: { timeoutMs: 10_000, attempts: 2, afterwards: 'fail', firstRetryMs: 100, maxRetryMs: 1_000 },
  announce: { timeoutMs: 10_000, attempts: 2, afterwards: 'wait', firstRetryMs: 100, maxRetryMs: 5_000 },
  persist: { timeoutMs: 15_000, attempts: 2, afterwards: 'wait', firstRetryMs: 100, maxRetryMs: 5_000 },
  withdraw: { timeoutMs: 15_000, attempts: 2, afterwards: 'wait', firstRetryMs: 100, maxRetryMs: 5_000 },
};

/** An error of this name is never tried again. */
export const NEVER_AGAIN = 'NeverAgain';

/** The pause after attempt `attempt`, counted from 1. */
export function pauseMs(
  { firstRetryMs, maxRetryMs }: Pick<StepPolicy, 'firstRetryMs' | 'maxRetryMs'>,
  attempt: number,
): number {
  return Math.min(firstRetryMs * BACKOFF ** (attempt - 1), maxRetryMs);
}

/**
 * A step that failed as often as it may, or for good. The message is the cause, as dead letters show it: the step
 * and the error's name, or that it took too long; never a text.
 */
export class StepFailed extends Error {
  override name = 'StepFailed';
  readonly step: StepName;
  readonly failure: StepFailure;
  constructor(step: StepName, failure: StepFailure) {
    super(failure === 'took too long' ? `${step} took too long` : `${step}: ${failure.error}`);
    this.step = step;
    this.failure = failure;
  }
}
/** The name of the error that an attempt threw, or that it took too long. */
export type StepFailure = 'took too long' | { error: string };

/** The cause where it is the messages' own fault: an analysis failed. Whatever waits for a part is none. */
export function poisonOf(error: unknown): string | undefined {
  return error instanceof StepFailed && STEP_POLICY[error.step].afterwards === 'fail'
    ? error.message
    : undefined;
}

export function isFailed<T>(result: Result<T>): result is Failed {
  return typeof result === 'object' && result !== null && 'failed' in result;
}
