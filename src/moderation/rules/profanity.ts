import type { Action } from '../../message.ts';
import { type Hit, spanOf } from '../hit.ts';
import { ORDINARY_ELSEWHERE, type Strength } from '../lexicon.ts';
import type { Folded } from '../normalise.ts';
import { createPatternFinder } from '../patterns.ts';
import { createWordFinder } from '../words.ts';

type Grade = Strength | 'sexual';

/** Stable rule ids and what each asks for. Clinical and mild words are only noted: people talk of health. */
const RULES: Record<Grade, { rule: string; action: Action }> = {
  slur: { rule: 'profanity/slur', action: 'block' },
  offensive: { rule: 'profanity/offensive', action: 'mask' },
  strong: { rule: 'profanity/strong', action: 'mask' },
  sexual: { rule: 'profanity/sexual', action: 'flag' },
  mild: { rule: 'profanity/mild', action: 'flag' },
  insult: { rule: 'insult/personal', action: 'flag' },
};

/** Phrases of the pattern list that are not simply strong. */
const PATTERN_GRADES: ReadonlyMap<string, Grade> = new Map<string, Grade>([
  ...each('slur', 'nigger faggot africoon arabush chingchong'),
  ...each('offensive', 'nigga retard tranny'),
  ...each(
    'sexual',
    `anus bestiality ejaculate fellatio hentai hooker incest masturbate orgasm orgy penis rape semen vagina
     double-penetration`,
  ),
  ...each('mild', 'piss bollocks'),
]);

export type ProfanityRule = {
  /**
   * The rude words in the text and in its joined rows. `english: false` leaves
   * out the patterns inside words, and whole words that are ordinary in another language.
   */
  find(input: { content: string; views: readonly Folded[]; english: boolean }): Hit[];
};

/** English profanity by a lexicon of whole words and by obscenity's patterns inside words. */
export function createProfanityRule(): ProfanityRule {
  const findWords = createWordFinder();
  const findPatterns = createPatternFinder();

  return {
    find({ content, views, english }) {
      const hits: Hit[] = [];
      for (const view of views) {
        for (const { word, strength, from, to } of findWords(view, content)) {
          if (english || !ORDINARY_ELSEWHERE.has(word)) hits.push(hitOf(strength, view, from, to));
        }
        if (!english) continue;
        for (const { word, from, to } of findPatterns(view)) {
          hits.push(hitOf(PATTERN_GRADES.get(word) ?? 'strong', view, from, to));
        }
      }
      return hits;
    },
  };
}

function hitOf(grade: Grade, view: Folded, from: number, to: number): Hit {
  return { ...RULES[grade], spans: [spanOf(view, from, to)] };
}

function each(grade: Grade, words: string): [string, Grade][] {
  return words.split(/\s+/).map(word => [word.replace('-', ' '), grade]);
}
