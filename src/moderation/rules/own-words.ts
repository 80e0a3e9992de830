import type { Span } from '../../message.ts';
import { spanOf } from '../hit.ts';
import { createPhraseFinder } from '../phrases.ts';
import type { Reading } from '../reading.ts';
import { createWordFinder } from '../words.ts';

/** What the finder that undoes disguise can take: one word of Latin letters, long enough not to be found by chance. */
const PLAIN = /^[a-z]{3,}$/;

export type OwnWords = (reading: Pick<Reading, 'content' | 'views' | 'tokens'>) => Span[];

/**
 * Finds words and phrases that a policy lists, as whole words in any script and case; single words of Latin letters
 * also in the disguises that are undone for the built-in lists.
 */
export function createOwnWords(words: readonly string[]): OwnWords {
  const findPhrases = createPhraseFinder(words);
  const plain = words.map(word => word.trim().toLowerCase()).filter(word => PLAIN.test(word));
  const findWords = createWordFinder(new Map(plain.map(word => [word, true])));
  return ({ content, views, tokens }) => {
    const spans = findPhrases(tokens());
    if (plain.length === 0) return spans;
    for (const view of views) {
      for (const { from, to } of findWords(view, content)) spans.push(spanOf(view, from, to));
    }
    return spans;
  };
}
