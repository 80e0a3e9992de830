import type { Fetched, Language, Span } from '../message.ts';
import type { Listed } from './hit.ts';
import { type Link, linksOf } from './links.ts';
import { createNormaliser, type Folded } from './normalise.ts';
import { type Token, tokensOf } from './phrases.ts';
import { type Budget, createBudget } from './policy/pattern.ts';
import { createProfanityRule } from './rules/profanity.ts';
import { createSpamScorer, type SpamScore } from './rules/spam.ts';
import { findThreats } from './rules/threats.ts';

/** A text as every rule sees it; what only some rules need is made when the first asks. */
export type Reading = {
  content: string;
  language: Language;
  /** What was fetched for it: empty where nothing was. */
  counts: NonNullable<Fetched['counts']>;
  scores: NonNullable<Fetched['scores']>;
  /** False where another language is known for sure: English words then hit by accident. */
  english: boolean;
  /** With the disguise undone, and where letters stand alone a second time with them joined. */
  views: readonly Folded[];
  listed: readonly Listed[];
  spam: SpamScore;
  budget: Budget;
  tokens(): readonly Token[];
  links(): readonly Link[];
  /** The places that no list, word or pattern hits. */
  excepted: readonly Span[];
};
export type Read = (input: { content: string; language: Language; fetched: Fetched }) => Reading;

/** UTF-16 units that are judged; a message has 8,000 at most. */
const MAX_JUDGED = 8_000;
/** Another language is believed from here on; short rude English lines are often taken for something else. */
const SURE = 0.97;
/** Languages not written in Latin letters: English lists cannot hit their words by accident. */
const OTHER_SCRIPTS = new Set(
  'am ar be bg bn el fa gu he hi hy ja ka kn ko ku lo ml mr or pa ru sr ta te th uk ur zh'.split(' '),
);

/** Builds the lists once (some 30 ms); reading takes time in proportion to the text and never throws. */
export function createReader(): Read {
  const normaliser = createNormaliser();
  const profanity = createProfanityRule();
  const scoreSpam = createSpamScorer();

  return ({ content: whole, language, fetched: { counts = {}, scores = {} } }) => {
    const content = whole.slice(0, MAX_JUDGED);
    const english = maybeEnglish(language);
    const folded = normaliser.fold(content);
    const joined = normaliser.joinSpaced(folded);
    const views = joined === undefined ? [folded] : [folded, joined];
    const found = profanity.find({ content, views, english });
    return {
      content,
      language,
      counts,
      scores,
      english,
      views,
      listed: english ? [...found, ...findThreats(folded)] : found,
      spam: english ? scoreSpam(content) : { score: 0, link: false },
      budget: createBudget(),
      tokens: once(() => tokensOf(content)),
      links: once(() => linksOf(content)),
      excepted: [],
    };
  };
}

function maybeEnglish({ code, confidence }: Language): boolean {
  return code === 'en' || code === 'und' || confidence < SURE || OTHER_SCRIPTS.has(code);
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
