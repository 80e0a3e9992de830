import type { Action, Outcome, Reason, Status, Submission, Versions } from '../src/message.ts';
import type { LoggedMessage } from '../src/rooms/log-types.ts';
import type { Analysis } from '../workflows/steps.ts';

/** What an action means for readers (design.md, "Verdicts"). */
export const EFFECT: Record<
  Action,
  { status: Exclude<Status, 'pending'>; audience: 'all' | 'author'; reason?: Reason }
> = {
  allow: { status: 'visible', audience: 'all' },
  flag: { status: 'visible', audience: 'all' },
  mask: { status: 'masked', audience: 'all' },
  hold: { status: 'held', audience: 'author', reason: 'held' },
  shadow: { status: 'visible', audience: 'author', reason: 'moderated' },
  bounce: { status: 'removed', audience: 'all', reason: 'moderated' },
  block: { status: 'removed', audience: 'all', reason: 'moderated' },
};

/** The outcome that an analysis gives a submission; a moderator's decision goes before any verdict. */
export function outcomeOf(
  { id, revision, decision }: Submission,
  analysis: Analysis,
  versions: Versions,
): Outcome {
  const action = decision === undefined ? analysis.verdict.action : DECIDED[decision.action];
  return { id, revision, ...EFFECT[action], ...analysis, versions };
}

const DECIDED = { release: 'allow', remove: 'block' } as const;

/** The outcome that stands in the log; `proposed` fills what a message removed by hand never had. */
export function standingOutcome(message: LoggedMessage, proposed: Outcome): Outcome {
  const { id, revision, status, reason, audience, language, sentiment, verdict, versions } = message;
  return {
    id,
    revision,
    status: status === 'pending' ? proposed.status : status,
    ...(reason === undefined ? {} : { reason }),
    audience: audience ?? 'all',
    language: language ?? proposed.language,
    sentiment: sentiment ?? proposed.sentiment,
    verdict: verdict ?? proposed.verdict,
    versions: versions ?? proposed.versions,
  };
}
