/**
 * What a re-run would change of a stored message: its outcome before and after, and what kind of change that is for
 * readers. Pure.
 */
import type { Action, Language, Reason, Sentiment, Verdict, Versions } from '../message.ts';
import type { StoredMessage } from '../store/rows.ts';

/** How a message stands, without its text: what a run records, applies and takes back. */
export type StandingOutcome = {
  status: 'visible' | 'masked' | 'held' | 'removed';
  reason?: Reason;
  audience?: 'author';
  language?: Language;
  sentiment?: Sentiment;
  verdict?: Verdict;
  versions?: Versions;
  batch?: string;
  announcedAt?: string;
};

/**
 * `removed`, `hidden` (its author alone sees it), `masked` and `restored` are what readers notice; `remasked` stars
 * other parts; `verdict` is news for moderators alone, `enriched` another language or mood.
 */
export const CHANGE_KINDS = [
  'removed',
  'hidden',
  'masked',
  'restored',
  'remasked',
  'verdict',
  'enriched',
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

export type OutcomeChange = {
  room: string;
  id: number;
  revision: number;
  kind: ChangeKind;
  before: StandingOutcome;
  after: StandingOutcome;
};

/** What a message is judged by anew; absent where that is not asked for. */
export type Redone = { language?: Language; sentiment?: Sentiment; verdict?: Verdict; versions: Versions };

/** How an action leaves a message (design.md, "Verdicts"), as the pipeline does it. */
export type Effect = (action: Action) => {
  status: StandingOutcome['status'];
  audience: 'all' | 'author';
  reason?: Reason;
};

/** The outcome as it is stored. */
export function standingOf(message: StoredMessage): StandingOutcome {
  const { status, reason, audience, language, sentiment, verdict, versions, batch, announcedAt } = message;
  if (status === 'pending') throw new Error('a stored message has an outcome');
  return {
    status,
    ...defined({ reason, audience, language, sentiment, verdict, versions, batch, announcedAt }),
  };
}

/** The change that a new analysis makes; undefined where the message stands so already. */
export function changeOf(
  message: StoredMessage,
  redone: Redone,
  effect: Effect,
): Pick<OutcomeChange, 'kind' | 'before' | 'after'> | undefined {
  const before = standingOf(message);
  const enriched = {
    ...before,
    ...defined({ language: redone.language, sentiment: redone.sentiment }),
    versions: versionsOf(before.versions, redone),
  };
  const judged = redone.verdict === undefined || sameVerdict(before.verdict, redone.verdict);
  const after = judged ? enriched : withVerdict(enriched, redone.verdict!, effect);
  const kind = kindOf(before, after);
  return kind && { kind, before, after };
}

/** The change that takes another one back. */
export function reversed({ room, id, revision, before, after }: Omit<OutcomeChange, 'kind'>): OutcomeChange {
  return { room, id, revision, kind: kindOf(after, before) ?? 'verdict', before: after, after: before };
}

function withVerdict(outcome: StandingOutcome, verdict: Verdict, effect: Effect): StandingOutcome {
  const { reason: _reason, audience: _audience, ...rest } = outcome;
  const { status, audience, reason } = effect(verdict.action);
  return {
    ...rest,
    verdict,
    status,
    ...(audience === 'author' ? { audience } : {}),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** What was not done again keeps its version. */
function versionsOf(
  before: Versions | undefined,
  { language, verdict, sentiment, versions }: Redone,
): Versions {
  const kept = before ?? versions;
  return {
    language: language === undefined ? kept.language : versions.language,
    moderation: verdict === undefined ? kept.moderation : versions.moderation,
    sentiment: sentiment === undefined ? kept.sentiment : versions.sentiment,
  };
}

/** Scores and the name of the policy do not make another verdict. */
function sameVerdict(a: Verdict | undefined, b: Verdict): boolean {
  return a !== undefined && a.action === b.action && same(a.rules, b.rules) && same(a.spans, b.spans);
}

function kindOf(before: StandingOutcome, after: StandingOutcome): ChangeKind | undefined {
  const [was, is] = [shownAs(before), shownAs(after)];
  if (is !== was) {
    if (is === 'removed' || is === 'hidden') return is;
    return is === 'masked' && was === 'visible' ? 'masked' : 'restored';
  }
  const otherVerdict = after.verdict !== undefined && !sameVerdict(before.verdict, after.verdict);
  if (is === 'masked' && otherVerdict && !same(before.verdict?.spans, after.verdict?.spans))
    return 'remasked';
  if (otherVerdict || before.status !== after.status || before.reason !== after.reason) return 'verdict';
  const [felt, feels] = [before.sentiment, after.sentiment];
  const moved =
    before.language?.code !== after.language?.code ||
    felt?.score !== feels?.score ||
    felt?.label !== feels?.label;
  return moved ? 'enriched' : undefined;
}

/** How readers other than the author see it. */
export function shownAs({ status, audience }: StandingOutcome): 'removed' | 'hidden' | 'masked' | 'visible' {
  if (status === 'removed') return 'removed';
  if (audience === 'author' || status === 'held') return 'hidden';
  return status;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
