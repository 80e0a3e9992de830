import {
  collapseDuplicatesTransformer,
  DataSet,
  englishDataset,
  type ParsedPattern,
  pattern,
  RegExpMatcher,
  SyntaxKind,
} from 'obscenity';
import type { Folded } from './normalise.ts';

/** What a pattern found at the folded characters `from`..`to` (exclusive); `word` names its phrase. */
export type PatternHit = { word: string; from: number; to: number };

/** Phrases of the dataset that hit too much clean chat; the lexicon holds their unmistakable forms as whole words. */
const LEFT_OUT = new Set(
  'abeed abo anal arse ass boob boonga chink cock cum dyke fag kike negro nigger porn prick scat sex spastic tit turd twat'.split(
    ' ',
  ),
);

/** Innocent words around the remaining patterns, beside those that the dataset brings itself. */
const INNOCENT =
  `scunthorpe cummings dickinson dickson dickerson dickie dickey dickcissel penistone fukushima fukuoka
  fukuda fukui fukuyama shiitake shitzu mishit pussycat pussy_willow pussyfoot rapeseed wankel pissarro pissaladi
  retardant anusvara romanus retardation gas_mask`
    .split(/\s+/)
    .map(term => term.replace('_', ' '));

/** Letters that stay double where they are repeated, for the patterns need them so (`boob`, `nigger`, `asshole`). */
const DOUBLED: ReadonlyMap<string, number> = new Map(
  ['b', 'e', 'o', 'l', 's', 'g'].map(letter => [letter, 2]),
);

/**
 * The patterns of obscenity's English dataset over folded text, letters repeated or not. They find rude words
 * inside longer ones, which the lexicon of whole words does not.
 */
export function createPatternFinder(): (folded: Folded) => PatternHit[] {
  const dataset = new DataSet<{ originalWord: string }>()
    .addAll(englishDataset)
    .removePhrasesIf(({ metadata }) => LEFT_OUT.has(metadata?.originalWord ?? ''))
    .addPhrase(phrase => phrase.setMetadata({ originalWord: 'nigger' }).addPattern(pattern`n[i]gger`))
    .addPhrase(phrase => phrase.setMetadata({ originalWord: 'nigga' }).addPattern(pattern`n[i]gga`))
    .addPhrase(phrase => phrase.setMetadata({ originalWord: 'faggot' }).addPattern(pattern`faggot`))
    .addPhrase(phrase => phrase.setMetadata({ originalWord: 'asshole' }).addPattern(pattern`asshole`))
    .addPhrase(phrase => phrase.setMetadata({ originalWord: 'cocksucker' }).addPattern(pattern`cocksuck`));
  const collapsing = collapseDuplicatesTransformer({ customThresholds: new Map(DOUBLED) });
  const { blacklistedTerms, whitelistedTerms } = dataset.build();
  const matcher = new RegExpMatcher({
    blacklistedTerms,
    whitelistedTerms: [...new Set([...(whitelistedTerms ?? []), ...INNOCENT].map(collapsed))],
    blacklistMatcherTransformers: [collapsing],
    whitelistMatcherTransformers: [collapsing],
  });
  const key = keyOf(blacklistedTerms.map(term => term.pattern));
  return ({ text }) => {
    if (!key.test(collapsed(text))) return [];
    return matcher.getAllMatches(text).map(match => ({
      word: dataset.getPayloadWithPhraseMetadata(match).phraseMetadata?.originalWord ?? '',
      from: match.startIndex,
      to: match.endIndex + 1,
    }));
  };
}

/** One search in place of all of them for most texts: no pattern is found where none of their letters are. */
function keyOf(patterns: readonly ParsedPattern[]): RegExp {
  const literals = patterns.map(({ nodes }) =>
    nodes
      .map(node => (node.kind === SyntaxKind.Literal ? String.fromCodePoint(...node.chars) : ''))
      .reduce((longest, literal) => (literal.length > longest.length ? literal : longest)),
  );
  // Without letters of its own a pattern may be found anywhere, and so is the empty alternative.
  return new RegExp(literals.map(literal => literal.replace(/\W/g, '\\$&')).join('|'));
}

/** A term or text as the matcher sees it: repeated letters collapsed by the same table. */
function collapsed(term: string): string {
  let out = '';
  let run = 0;
  for (let i = 0; i < term.length; i++) {
    run = term[i] === term[i - 1] ? run + 1 : 1;
    if (run === 1 || run <= (DOUBLED.get(term[i]!) ?? 1)) out += term[i];
  }
  return out;
}
