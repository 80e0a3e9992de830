import { createSpamReader, type SpamFeature, type SpamFeatures } from './spam-features.ts';

/**
 * What each feature counts for. Fitted by logistic regression on labelled text messages, video comments and ordinary
 * chat, rounded, then moved by hand at little cost on those rows, so that in chat neither a link nor a phone number
 * is an advertisement by itself.
 */
const WEIGHTS: Partial<Record<SpamFeature, number>> = {
  audience: 8,
  terms: 6.5,
  goods: 3.5,
  phone: 3,
  shortCode: 3,
  intimate: 3,
  respond: 2.5,
  prize: 2.5,
  money: 2,
  lure: 2,
  capitals: 2,
  link: 1,
  free: 1,
  urgent: 1,
  digits: 1,
  talk: -2,
};
const BIAS = -3.5;
/**
 * The weighed sum that is as often spam as not, and how steep the score rises there: .5 at the first, .986 at 9. No
 * ordinary text among the rows for fitting reached 5; a third of the spam passes 9.
 */
const MIDDLE = 0.5;
const STEEPNESS = 0.5;

/** How much a text looks like an advertisement, 0..1, and whether it holds a link. */
export type SpamScore = { score: number; link: boolean };

/** Reads English advertisements: .5 and more is one. In time proportional to the text. */
export function createSpamScorer(): (content: string) => SpamScore {
  const read = createSpamReader();
  return content => {
    const features = read(content);
    const score = 1 / (1 + Math.exp(-STEEPNESS * (scoreOf(features) - MIDDLE)));
    return { score, link: features.link > 0 };
  };
}

function scoreOf(features: SpamFeatures): number {
  let score = BIAS;
  for (const feature of Object.keys(WEIGHTS) as SpamFeature[]) {
    score += (WEIGHTS[feature] ?? 0) * features[feature];
  }
  return score;
}
