import type { Span } from '../../message.ts';
import type { Hit } from '../hit.ts';
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
const FLAG_FROM = 0.5;
/** No ordinary text among the rows for fitting reached 5; a third of the spam passes 9. */
const BLOCK_FROM = 9;

/**
 * From here on capitals are shouting: so many letters, of which so many are capitals, with so many exclamation
 * marks. Capitals alone are some people's ordinary way of writing.
 */
const SHOUTING = { letters: 60, share: 0.95, marks: 3 };
/** The same word so often, and so much of the text; one character so often in a row; one line so often. */
const REPETITION = { words: 15, share: 0.6, run: 100, lines: 5, lineLength: 8 };

/**
 * Advertisements (`spam/links` where there is a link, else `spam/offer`), shouting and mass repetition, for which
 * `english: false` leaves out the advertisements, whose words are English. Flags; blocks an advertisement alone,
 * and only where many signs come together. A spam hit spans the whole text.
 */
export function createSpamRule(): (content: string, english: boolean) => Hit[] {
  const read = createSpamReader();
  return (content, english) => {
    const spans: Span[] = [[0, content.length]];
    const hits: Hit[] = [];
    if (english) {
      const features = read(content);
      const score = scoreOf(features);
      const rule = features.link > 0 ? 'spam/links' : 'spam/offer';
      if (score > FLAG_FROM) hits.push({ rule, action: score > BLOCK_FROM ? 'block' : 'flag', spans });
    }
    if (isShouting(content)) hits.push({ rule: 'spam/shouting', action: 'flag', spans });
    if (isRepetition(content)) hits.push({ rule: 'spam/repetition', action: 'flag', spans });
    return hits;
  };
}

function scoreOf(features: SpamFeatures): number {
  let score = BIAS;
  for (const feature of Object.keys(WEIGHTS) as SpamFeature[]) {
    score += (WEIGHTS[feature] ?? 0) * features[feature];
  }
  return score;
}

function isShouting(content: string): boolean {
  const { letters, share, marks } = SHOUTING;
  if (content.length < letters || count(content, /!/g) < marks) return false;
  const capitals = count(content, /\p{Lu}/gu);
  const all = capitals + count(content, /\p{Ll}/gu);
  return all >= letters && capitals / all >= share;
}

function count(content: string, pattern: RegExp): number {
  return content.match(pattern)?.length ?? 0;
}

function isRepetition(content: string): boolean {
  const { words: often, share, run, lines: manyLines, lineLength } = REPETITION;
  if (content.length < often * 2) return false;
  const words = content.toLowerCase().match(/\S+/g) ?? [];
  const top = words.length < often ? 0 : mostFrequent(words);
  if (top >= often && top / words.length >= share) return true;
  if (content.length >= run && longestRun(content) >= run) return true;
  const lines = content.split('\n');
  if (lines.length < manyLines) return false;
  return mostFrequent(lines.filter(line => line.trim().length >= lineLength)) >= manyLines;
}

function mostFrequent(items: readonly string[]): number {
  const counts = new Map<string, number>();
  let most = 0;
  for (const item of items) {
    const count = (counts.get(item) ?? 0) + 1;
    counts.set(item, count);
    if (count > most) most = count;
  }
  return most;
}

/** The longest row of one UTF-16 unit. White space counts for nothing: long blanks are no spam. */
function longestRun(content: string): number {
  let longest = 0;
  let run = 0;
  for (let i = 1; i < content.length; i++) {
    const same = content[i] === content[i - 1] && content[i] !== ' ' && content[i] !== '\n';
    run = same ? run + 1 : 1;
    if (run > longest) longest = run;
  }
  return longest;
}
