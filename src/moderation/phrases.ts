import type { Span } from '../message.ts';

/** Scripts that write no spaces between words: each character is a token of its own. */
const TOKEN =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}])[\p{L}\p{M}\p{N}])+/gu;

export type Token = { text: string; start: number; end: number };
export type FindPhrases = (tokens: readonly Token[]) => Span[];

/** The words of a text in any script, in small letters and compatibility forms, with their places. */
export function tokensOf(content: string): Token[] {
  return [...content.matchAll(TOKEN)].map(({ 0: text, index }) => ({
    text: text.normalize('NFKC').toLowerCase(),
    start: index,
    end: index + text.length,
  }));
}

/**
 * Finds words and phrases of any script as whole words, whatever stands between the words of a phrase. A row of
 * tokens is looked up at once, so that the time does not grow with the number of phrases, only with their lengths.
 */
export function createPhraseFinder(phrases: readonly string[]): FindPhrases {
  const known = new Set<string>();
  const lengths = new Set<number>();
  for (const phrase of phrases) {
    const tokens = tokensOf(phrase);
    if (tokens.length === 0) continue;
    known.add(keyOf(tokens));
    lengths.add(tokens.length);
  }
  const wanted = [...lengths].sort((a, b) => a - b);
  return tokens => {
    const spans: Span[] = [];
    for (let i = 0; i < tokens.length; i++) {
      for (const length of wanted) {
        if (i + length > tokens.length) break;
        const row = tokens.slice(i, i + length);
        if (known.has(keyOf(row))) spans.push([row[0]!.start, row.at(-1)!.end]);
      }
    }
    return spans;
  };
}

const keyOf = (tokens: readonly Token[]) => tokens.map(({ text }) => text).join(' ');
