/** Sentiment by a language's own words: valences, turned by negation, raised and lowered by their neighbours. */
import { folded, type Lexicon, type Reader, readerOf } from './lexicon.ts';
import { de, nl } from './lexicons/germanic.ts';
import { ar, hi, id, tr } from './lexicons/others.ts';
import { es, fr, it, pt } from './lexicons/romance.ts';
import { pl, ru } from './lexicons/slavic.ts';
import { SIGNS } from './signs.ts';

const LEXICONS: Readonly<Record<string, Lexicon>> = { ar, de, es, fr, hi, id, it, nl, pl, pt, ru, tr };
/** Changes with any lexicon or weight. */
export const WORDS_VERSION = 'words-1';

/** A word with its marks, an emoji without its modifiers, an emoticon, or the end of a clause. */
const TOKEN =
  /[\p{L}\p{M}\p{N}]+|\p{Extended_Pictographic}|(?<!\p{N})(?:<3|>:\(|[:;=][-']?[()D3]|\^\^)|(?<![\p{L}\p{N}])[:=]-?\/(?!\/)|[.!?,;\n]/gu;
const END = /^[.!?,;\n]$/;

/** How far a negation, or a word that raises or lowers, reaches: in words, before what it is about. */
const NEGATION_REACH = 3;
const DEGREE_REACH = 2;
/** A turned word is weaker than its opposite. */
const TURNED = -0.74;
const RAISED = 1.3;
const LOWERED = 0.75;
/** What stands before "but" counts less, what follows more. */
const BEFORE_BUT = 0.5;
const AFTER_BUT = 1.5;
const MARK = 0.3;
const MAX_MARKS = 3;
/** Brings a sum of valences to -1..1: one good word gives .44, two .70. */
const SPREAD = 15;

export type WordsSentiment = ReturnType<typeof createWordsSentiment>;

/** Reads all lexicons once: about 2,000 words. */
export function createWordsSentiment() {
  const readers = new Map(Object.entries(LEXICONS).map(([code, lexicon]) => [code, readerOf(lexicon)]));

  return {
    /** The languages whose words are known, by ISO 639-1 code. */
    languages: new Set(readers.keys()) as ReadonlySet<string>,
    /**
     * -1..1; 0 where nothing is known. Of a language without a lexicon the emoji and emoticons count alone. The cost
     * follows the length of the text.
     */
    score(text: string, code: string): number {
      const reader = readers.get(code);
      const tokens: string[] = text.match(TOKEN) ?? [];
      return normalised(reader === undefined ? sumOfSigns(tokens) : sumOf(tokens, reader), text);
    },
  };
}

function sumOfSigns(tokens: readonly string[]): number {
  return tokens.reduce((sum, token) => sum + (SIGNS.get(token) ?? 0), 0);
}

function sumOf(tokens: readonly string[], reader: Reader): number {
  const words = tokens.map(token => folded(token, reader.keepsAccents));
  let before = 0;
  let sum = 0;
  let isTurned = false;
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i]!;
    const sign = SIGNS.get(tokens[i]!);
    if (sign !== undefined) sum += sign;
    else if (reader.but.has(word) && sum !== 0) {
      before = sum * BEFORE_BUT;
      sum = 0;
      isTurned = true;
    } else {
      const phrase = i + 1 < words.length ? reader.phrase(word, words[i + 1]!) : undefined;
      if (phrase !== undefined) {
        sum += phrase;
        i += 1;
      } else sum += valenceAt(words, i, reader);
    }
  }
  return isTurned ? before + sum * AFTER_BUT : sum;
}

function valenceAt(words: readonly string[], i: number, reader: Reader): number {
  const word = words[i]!;
  let valence = reader.valence(word);
  if (valence === undefined) return 0;
  const next = words[i + 1];
  if (reader.more.has(word) && next !== undefined && reader.valence(next) !== undefined) return 0;
  let isNegated = false;
  for (let back = 1; back <= NEGATION_REACH; back += 1) {
    const near = words[i - back];
    if (near === undefined || END.test(near)) break;
    if (back <= DEGREE_REACH && reader.more.has(near)) valence *= RAISED;
    if (back <= DEGREE_REACH && reader.less.has(near)) valence *= LOWERED;
    if (reader.not.has(near)) isNegated = true;
  }
  if (isNegated || isDenied(words, i, reader)) valence *= TURNED;
  return valence;
}

/** Whether a negation stands behind the word, as it does in some languages. */
function isDenied(words: readonly string[], i: number, { after }: Reader): boolean {
  for (let on = 1; on <= NEGATION_REACH; on += 1) {
    const near = words[i + on];
    if (near === undefined || END.test(near)) return false;
    if (after.has(near)) return true;
  }
  return false;
}

function normalised(sum: number, text: string): number {
  if (sum === 0) return 0;
  const marks = Math.min(MAX_MARKS, text.split('!').length - 1) * MARK;
  const whole = sum + Math.sign(sum) * marks;
  return Math.round((whole / Math.sqrt(whole * whole + SPREAD)) * 10_000) / 10_000;
}
