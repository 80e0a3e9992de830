/**
 * The way of a batch through the pipeline, in reading order. Engines only run it: they give the steps, with the
 * retries and timeouts of `STEP_POLICY`, and say what of an error is poison.
 *
 * language → moderate → sentiment → announce → persist (→ withdraw)
 *
 * Announce comes before persist, so that a mask or a removal never waits for the database.
 */
import type { Submission } from '../src/message.ts';
import { type Analysis, type Batch, type Failed, isFailed, type Result, type Steps } from './steps.ts';

export type Engine = {
  steps: Steps;
  /** The cause, where a step's error is the messages' own fault or its attempts are used up; else it is thrown on. */
  poison(error: unknown): string | undefined;
};

/** What a run tells operators. Never holds message text. */
export type BatchSummary = {
  messages: number;
  stored: number;
  unchanged: number;
  duplicates: number;
  deadLettered: number;
};

/** Takes a batch all the way. Ends only when every message of it is stored, withdrawn or set aside. */
export async function messageFlow(batch: Batch, engine: Engine): Promise<BatchSummary> {
  const { steps } = engine;
  const analyses = await analyse(batch.submissions, engine);
  const announced = await steps.announce({ batch, analyses });
  const persisted = await steps.persist({ batch, analyses, announced });
  const { duplicates, ...counts } = persisted;
  if (duplicates.length > 0) await steps.withdraw({ batch, analyses, duplicates });
  const failed = analyses.filter(isFailed).length;
  return {
    messages: batch.submissions.length,
    stored: counts.stored,
    unchanged: counts.unchanged,
    duplicates: duplicates.length,
    deadLettered: failed + counts.refused,
  };
}

/** Language, verdict and sentiment of each message; one that a step cannot do is failed alone. */
async function analyse(submissions: Submission[], engine: Engine): Promise<Result<Analysis>[]> {
  const { steps } = engine;
  const languages = await isolating(submissions, part => steps.language({ submissions: part }), engine);
  const judged = await following(languages, submissions, engine, (part, known) =>
    steps.moderate({ submissions: part, languages: known }),
  );
  const felt = await following(languages, submissions, engine, (part, known) =>
    steps.sentiment({ submissions: part, languages: known }),
  );
  return languages.map((language, i) => {
    const verdict = judged[i]!;
    const sentiment = felt[i]!;
    const failure = [language, verdict, sentiment].find(isFailed);
    return failure ?? ({ language, verdict, sentiment } as Analysis);
  });
}

/** Runs a step over the messages whose earlier result is known; the others keep their failure. */
async function following<T, R>(
  earlier: Result<T>[],
  submissions: Submission[],
  engine: Engine,
  step: (part: Submission[], known: T[]) => Promise<Result<R>[]>,
): Promise<Result<R>[]> {
  const able = submissions
    .map((submission, i) => ({ submission, known: earlier[i]! }))
    .filter(({ known }) => !isFailed(known));
  const done = await isolating(
    able,
    part =>
      step(
        part.map(({ submission }) => submission),
        part.map(({ known }) => known as T),
      ),
    engine,
  );
  let next = 0;
  return earlier.map(known => (isFailed(known) ? known : done[next++]!));
}

/** Runs a step; where it fails as a whole, halves the messages until the poisonous one stands alone. */
async function isolating<M, R>(
  messages: M[],
  step: (part: M[]) => Promise<Result<R>[]>,
  engine: Engine,
): Promise<Result<R>[]> {
  if (messages.length === 0) return [];
  try {
    return await step(messages);
  } catch (error) {
    const cause = engine.poison(error);
    if (cause === undefined) throw error;
    if (messages.length === 1) return [{ failed: cause } satisfies Failed];
    const half = Math.ceil(messages.length / 2);
    return [
      ...(await isolating(messages.slice(0, half), step, engine)),
      ...(await isolating(messages.slice(half), step, engine)),
    ];
  }
}
