import {
  ACTIONS,
  type Action,
  type Degraded,
  type Fetched,
  type Language,
  type RuleHit,
  type Verdict,
} from '../message.ts';
import { mergeSpans } from './hit.ts';
import { type CompiledPolicy, compilePolicy } from './policy/compile.ts';
import { BUILTIN_VERSION, DEFAULT_POLICY } from './policy/default.ts';
import { UNSCORED } from './policy/types.ts';
import { createReader } from './reading.ts';
import { toxicityOf } from './toxicity.ts';

/** Places of one rule that a verdict tells; what is starred out is in the verdict's own spans, all of it. */
const MAX_HIT_SPANS = 32;
/** A text that a rule on manner or frequency hits is spam to this degree at least. */
const SPAM_BY_MANNER = 0.6;
const MANNER = new Set(['capitals', 'repetition', 'repeats', 'flood', 'rooms']);

/**
 * `fetched` is what was asked of windows and provider, whoever asked: the pipeline now, or a verdict that kept it.
 * Absent, nobody was asked: the text rules judge alone, and nothing is amiss.
 */
export type JudgeInput = { content: string; language: Language; fetched?: Fetched };
/** Pure and synchronous, for any string: it never throws. */
export type JudgeBy = (policy: CompiledPolicy, input: JudgeInput) => Verdict;
export type Judge = { version: string; judge(input: JudgeInput): Verdict };

/**
 * Judges texts by compiled policies. The strictest action of all hits stands; `rules` are the ids of the rules that
 * hit in alphabetical order, each once, and `hits` say more of each; spans are half-open UTF-16 ranges of
 * `content`, sorted and merged, of the hits that ask for `mask` or more. `toxicity` and `spam` are 0..1; from .5 on
 * a text is more likely rude, or an advertisement, than not. Where `fetched` lacks what rules ask for, these do not
 * hit and the verdict is `degraded`; a policy that is `closed` holds what lacks scores. A verdict keeps what was
 * fetched: judged again by it and the same policy a text has the same verdict.
 */
export function createJudgeBy(): JudgeBy {
  const read = createReader();
  return (policy, { content, language, fetched }) => {
    const reading = read({ content, language, fetched: fetched ?? {} });
    if (policy.excepts !== undefined) reading.excepted = mergeSpans(policy.excepts(reading));
    const hits: RuleHit[] = [];
    let spam = reading.spam.score;
    for (const { id, action, type, find } of policy.rules) {
      const found = find(reading);
      if (found === undefined) continue;
      hits.push({ rule: id, ...found, action: found.action ?? action, spans: mergeSpans(found.spans) });
      if (MANNER.has(type)) spam = Math.max(spam, SPAM_BY_MANNER);
    }
    const degraded = fetched && degradedOf(policy, fetched);
    if (degraded?.includes('provider') && policy.whenDown === 'closed')
      hits.push({ rule: UNSCORED, action: 'hold', spans: [] });
    return {
      ...verdictOf(hits, { toxicity: toxicityOf(reading), spam, policy: policy.version }),
      ...(degraded === undefined ? {} : { degraded }),
      ...keptOf(fetched),
    };
  };
}

/** A judge by one policy: the built-in one where none is given. */
export function createJudge(policy = compilePolicy(DEFAULT_POLICY, BUILTIN_VERSION)): Judge {
  const judgeBy = createJudgeBy();
  return { version: policy.version, judge: input => judgeBy(policy, input) };
}

function degradedOf({ windows, categories }: CompiledPolicy, fetched: Fetched): Degraded | undefined {
  const { counts = {}, scores = {} } = fetched;
  const isUncounted = windows.some(({ shape }) => !Object.hasOwn(counts, shape));
  const isUnscored = categories.some(category => !Object.hasOwn(scores, category));
  if (isUnscored) return isUncounted ? 'windows+provider' : 'provider';
  return isUncounted ? 'windows' : undefined;
}

/** Without what is empty. */
function keptOf(fetched: Fetched = {}): Pick<Verdict, 'fetched'> {
  const parts = Object.entries(fetched).filter(([, part]) => Object.keys(part).length > 0);
  return parts.length === 0 ? {} : { fetched: Object.fromEntries(parts) };
}

function verdictOf(
  hits: readonly RuleHit[],
  { toxicity, spam, policy }: { toxicity: number; spam: number; policy: string },
): Verdict {
  const strictness = Math.max(0, ...hits.map(hit => ACTIONS.indexOf(hit.action)));
  return {
    action: ACTIONS[strictness]!,
    rules: hits.map(({ rule }) => rule).sort(),
    spans: mergeSpans(hits.filter(({ action }) => hides(action)).flatMap(hit => hit.spans)),
    policy,
    toxicity: rounded(toxicity),
    spam: rounded(spam),
    hits: hits.map(hit => ({
      ...hit,
      spans: hit.spans.slice(0, MAX_HIT_SPANS),
      ...(hit.score === undefined ? {} : { score: rounded(hit.score) }),
    })),
  };
}

/** A flag leaves the text as it is, so its place is no span to hide. */
function hides(action: Action): boolean {
  return ACTIONS.indexOf(action) >= ACTIONS.indexOf('mask');
}

const rounded = (score: number) => Math.round(score * 10_000) / 10_000;
