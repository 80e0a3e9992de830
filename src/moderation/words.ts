import type { Folded } from './normalise.ts';

/** A word of the list with its label, found at the folded characters `from`..`to` (exclusive). */
export type WordHit<Label> = { word: string; label: Label; from: number; to: number };
export type FindWords<Label> = (folded: Folded, content: string) => WordHit<Label>[];

type Token = { text: string; from: number };
/** A word with the lengths of its runs of equal letters: `boobs` is b1 o2 b1 s1. */
type Entry = { word: string; runs: number[] };

const TOKEN = /[a-z]+/g;
const MASKED = /[a-z][a-z*#]{2,31}/g;
const STARS = /[*#]/;
const LETTER_OR_L = /[1!|]/;

/** What stands between the halves of a word that was split once. */
const SPLIT = /^[ .\-_*']$/;
const SPLIT_LENGTHS = { half: 2, whole: 4 };
/** Halves that are words of their own: two of them beside each other are a sentence (`pen is`, `who re`). */
const ORDINARY = new Set(
  `a ad ago ah al all am an and ant any are as ask at ate bad bag be bed big bit box boy bull but by can cat cop
  cup cut dad day did do dog eat egg end er far fat few fit for fun gay get go god got guy had has hat he head her hi
  him his hit hog hole how i if in is it its jack job key kid la lay let lit lo log lot low ma mad man may me men met mix
  mother my no nor not now nut of off oh ok old on or our out own pa pay pen per pet pig pin pit put ran re red rub run
  sad sat saw say sea see set she sick sit so son sun tan ten the they this tip tit to top try two up us van was way we
  wet who why win wit won yes yet you`.split(/\s+/),
);

/**
 * Finds whole words of a list (a to z alone): as written, with letters repeated (`shhiiit`), with letters starred out
 * (`s**t`), split once (`sh it`), and with an l written as 1, ! or |.
 */
export function createWordFinder<Label>(words: ReadonlyMap<string, Label>): FindWords<Label> {
  const byLetters = new Map<string, Entry[]>();
  const byLength = new Map<number, string[]>();
  for (const word of words.keys()) {
    push(byLetters, withoutRepeats(word), { word, runs: runsOf(word) });
    push(byLength, word.length, word);
  }

  const whole = (token: string): Entry | undefined => {
    const entries = byLetters.get(withoutRepeats(token));
    if (entries === undefined) return undefined;
    const runs = runsOf(token);
    return entries.find(entry => entry.runs.every((length, i) => runs[i]! >= length));
  };
  const wholeWithL = (token: Token, folded: Folded, content: string) => {
    const text = withL(token, folded, content);
    return text === token.text ? undefined : whole(text);
  };
  const starred = (token: string) => byLength.get(token.length)?.find(word => fits(token, word));
  const add = (hits: WordHit<Label>[], word: string, from: number, length: number) =>
    hits.push({ word, label: words.get(word)!, from, to: from + length });

  return (folded, content) => {
    const tokens = tokensOf(folded.text);
    const hits: WordHit<Label>[] = [];
    for (let i = 0; i < tokens.length; i += 1) {
      const token = tokens[i]!;
      const next = tokens[i + 1];
      const found = whole(token.text) ?? wholeWithL(token, folded, content);
      if (found) add(hits, found.word, token.from, token.text.length);
      else if (next && mayBeSplit(token, next, folded.text)) {
        const both = token.text + next.text;
        if (words.has(both)) add(hits, both, token.from, both.length + 1);
      }
    }
    if (!STARS.test(folded.text)) return hits;
    for (const { 0: text, index } of folded.text.matchAll(MASKED)) {
      const word = STARS.test(text) ? starred(text) : undefined;
      if (word !== undefined) add(hits, word, index, text.length);
    }
    return hits;
  };
}

/** Stars may hide any letter but the first; a word that ends in stars must be hidden by two of them or more. */
function fits(token: string, word: string): boolean {
  if (/[a-z][*#]$/.test(token)) return false;
  for (let i = 0; i < word.length; i++) {
    const sign = token[i]!;
    if (sign !== word[i] && sign !== '*' && sign !== '#') return false;
  }
  return word.length > 3;
}

function mayBeSplit(first: Token, second: Token, text: string): boolean {
  const gap = first.from + first.text.length;
  if (second.from !== gap + 1 || !SPLIT.test(text[gap]!)) return false;
  const { half, whole } = SPLIT_LENGTHS;
  if (first.text.length < half || second.text.length < half) return false;
  if (first.text.length + second.text.length < whole) return false;
  return !(ORDINARY.has(first.text) && ORDINARY.has(second.text));
}

function withL({ text, from }: Token, folded: Folded, content: string): string {
  if (!text.includes('i')) return text;
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const original = content[folded.starts[from + i]!]!;
    out += text[i] === 'i' && LETTER_OR_L.test(original) ? 'l' : text[i];
  }
  return out;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let after = 0;
  for (const word of text.match(TOKEN) ?? []) {
    const from = text.indexOf(word, after);
    tokens.push({ text: word, from });
    after = from + word.length;
  }
  return tokens;
}

function withoutRepeats(word: string): string {
  if (!hasRepeats(word)) return word;
  let out = '';
  for (let i = 0; i < word.length; i++) if (word[i] !== word[i - 1]) out += word[i];
  return out;
}

function hasRepeats(word: string): boolean {
  for (let i = 1; i < word.length; i++) if (word[i] === word[i - 1]) return true;
  return false;
}

function runsOf(word: string): number[] {
  const runs: number[] = [];
  for (let i = 0; i < word.length; i++) {
    if (word[i] === word[i - 1]) runs[runs.length - 1]!++;
    else runs.push(1);
  }
  return runs;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}
