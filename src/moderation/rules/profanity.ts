import { type Listed, spanOf } from '../hit.ts';
import { lexicon, ORDINARY_ELSEWHERE } from '../lexicon.ts';
import type { Folded } from '../normalise.ts';
import { createPatternFinder } from '../patterns.ts';
import type { BuiltinList } from '../policy/types.ts';
import { createWordFinder } from '../words.ts';

type Grade = Exclude<BuiltinList, 'threat' | 'wish'>;

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
  find(input: { content: string; views: readonly Folded[]; english: boolean }): Listed[];
};

/** English profanity by a lexicon of whole words and by obscenity's patterns inside words. */
export function createProfanityRule(): ProfanityRule {
  const findWords = createWordFinder(lexicon());
  const findPatterns = createPatternFinder();

  return {
    find({ content, views, english }) {
      const hits: Listed[] = [];
      for (const view of views) {
        for (const { word, label, from, to } of findWords(view, content)) {
          if (english || !ORDINARY_ELSEWHERE.has(word))
            hits.push({ list: label, span: spanOf(view, from, to) });
        }
        if (!english) continue;
        for (const { word, from, to } of findPatterns(view)) {
          hits.push({ list: PATTERN_GRADES.get(word) ?? 'strong', span: spanOf(view, from, to) });
        }
      }
      return hits;
    },
  };
}

function each(grade: Grade, words: string): [string, Grade][] {
  return words.split(/\s+/).map(word => [word.replace('-', ' '), grade]);
}
