import { ACTIONS, type Language, type Verdict } from '../message.ts';
import { type Hit, mergeSpans } from './hit.ts';
import { createNormaliser } from './normalise.ts';
import { createProfanityRule } from './rules/profanity.ts';
import { createSpamRule } from './rules/spam.ts';
import { findThreats } from './rules/threats.ts';

const POLICY = 'builtin-1';

/** UTF-16 units that are judged; a message has 8,000 at most. */
const MAX_JUDGED = 8_000;

/** Another language is believed from here on; short rude English lines are often taken for something else. */
const SURE = 0.97;
/** Languages not written in Latin letters: English lists cannot hit their words by accident. */
const OTHER_SCRIPTS = new Set(
  'am ar be bg bn el fa gu he hi hy ja ka kn ko ku lo ml mr or pa ru sr ta te th uk ur zh'.split(' '),
);

export type Judge = {
  version: string;
  judge(input: { content: string; language: Language }): Verdict;
};

/**
 * Judges a text by the built-in rules. The strictest action of all hits stands; `rules` are stable ids in
 * alphabetical order, each once; spans are half-open UTF-16 ranges of `content`, sorted and merged, of the hits
 * that ask for `mask` or more. Pure and synchronous, for any string: it never throws.
 */
export function createJudge(): Judge {
  const normaliser = createNormaliser();
  const profanity = createProfanityRule();
  const findSpam = createSpamRule();

  return {
    version: POLICY,
    judge({ content, language }) {
      const judged = content.slice(0, MAX_JUDGED);
      const folded = normaliser.fold(judged);
      const joined = normaliser.joinSpaced(folded);
      const views = joined === undefined ? [folded] : [folded, joined];
      const english = maybeEnglish(language);
      return verdictOf([
        ...profanity.find({ content: judged, views, english }),
        ...(english ? findThreats(folded) : []),
        ...findSpam(judged, english),
      ]);
    },
  };
}

function maybeEnglish({ code, confidence }: Language): boolean {
  return code === 'en' || code === 'und' || confidence < SURE || OTHER_SCRIPTS.has(code);
}

function verdictOf(hits: readonly Hit[]): Verdict {
  const strictness = Math.max(0, ...hits.map(hit => ACTIONS.indexOf(hit.action)));
  return {
    action: ACTIONS[strictness]!,
    rules: [...new Set(hits.map(hit => hit.rule))].sort(),
    spans: mergeSpans(hits.filter(({ action }) => hides(action)).flatMap(hit => hit.spans)),
    policy: POLICY,
  };
}

/** A flag leaves the text as it is, so its place is no span to hide. */
function hides(action: Hit['action']): boolean {
  return ACTIONS.indexOf(action) >= ACTIONS.indexOf('mask');
}
