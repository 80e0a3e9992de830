import { LEET, lookalikes } from './confusables.ts';

/**
 * A text with its disguise undone, one lower-case character for each letter or separator. The character at
 * `i` comes from the UTF-16 range `starts[i]`..`ends[i]` of the original; ranges rise, and several
 * characters may share one (a ligature).
 */
export type Folded = { text: string; starts: number[]; ends: number[] };

/** Stands for an emoji until it is known whether it parts words or hides inside one. */
const EMOJI_MARK = '\u0001';
/** Distinct characters whose folding is remembered; beyond that the memory starts anew. */
const MAX_REMEMBERED = 8_192;

const IGNORED = /^[\p{Default_Ignorable_Code_Point}\p{M}\p{Cf}\p{Emoji_Modifier}]$/u;
const EMOJI = /^\p{Extended_Pictographic}$/u;
const MARKS = /[\p{M}\p{Default_Ignorable_Code_Point}]/gu;
const FOREIGN = /[^a-z0-9]/u;

export type Normaliser = {
  /** The words as a reader sees them. */
  fold(content: string): Folded;
  /**
   * Letters that stand alone with one to three separators between them, three or more in a row, written
   * together: `f.o.o` → `foo`; a row that may begin with a word of one letter a second time without it. All are
   * parted by a space, and the ranges of one row alone rise. Undefined where there are none.
   */
  joinSpaced(folded: Folded): Folded | undefined;
};

/**
 * Undoes what hides a word from a list: compatibility forms, look-alike letters, accents and stacked marks,
 * invisible characters, emoji inside a word, digits and signs in place of letters. Takes time in proportion to
 * the text, and any string: a lone surrogate is a separator.
 */
export function createNormaliser(): Normaliser {
  const foldCharacter = createCharacterFolder();
  return {
    fold: content => resolveLeet(dropInnerEmoji(foldAll(content, foldCharacter))),
    joinSpaced,
  };
}

function foldAll(content: string, foldCharacter: (character: string) => string): Folded {
  const folded: Folded = { text: '', starts: [], ends: [] };
  for (let at = 0; at < content.length; ) {
    const code = content.codePointAt(at)!;
    const end = at + (code > 0xffff ? 2 : 1);
    if (code < 0x80) {
      folded.starts.push(at);
      folded.ends.push(end);
      folded.text += asciiLower(code);
      at = end;
      continue;
    }
    const letters = foldCharacter(content.slice(at, end));
    // What is invisible belongs to the letter before it, so that a span covers a letter with all its marks.
    if (letters === '' && folded.ends.length > 0) folded.ends[folded.ends.length - 1] = end;
    for (const letter of letters) {
      folded.starts.push(at);
      folded.ends.push(end);
      folded.text += letter;
    }
    at = end;
  }
  return folded;
}

function asciiLower(code: number): string {
  return String.fromCharCode(code >= 0x41 && code <= 0x5a ? code + 0x20 : code);
}

function createCharacterFolder(): (character: string) => string {
  const table = lookalikes();
  const remembered = new Map<string, string>();
  return character => {
    const known = remembered.get(character);
    if (known !== undefined) return known;
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    const folded = foldCharacter(character, table);
    remembered.set(character, folded);
    return folded;
  };
}

/** ASCII letters and digits, '' for what is invisible, the mark for an emoji, a space for anything else. */
function foldCharacter(character: string, table: ReadonlyMap<string, string>): string {
  if (IGNORED.test(character)) return '';
  const lower = character.toLowerCase();
  const direct = table.get(lower);
  if (direct !== undefined) return direct;
  const plain = lower.normalize('NFKD').replace(MARKS, '').toLowerCase();
  let letters = '';
  for (const part of plain) letters += FOREIGN.test(part) ? (table.get(part) ?? '') : part;
  if (letters !== '') return letters;
  return EMOJI.test(character) ? EMOJI_MARK : ' ';
}

/** An emoji with letters right before and after it is dropped; any other parts words. */
function dropInnerEmoji(folded: Folded): Folded {
  if (!folded.text.includes(EMOJI_MARK)) return folded;
  const kept: Folded = { text: '', starts: [], ends: [] };
  for (let i = 0; i < folded.text.length; i++) {
    const mark = folded.text[i] === EMOJI_MARK;
    if (mark && isLetter(folded.text[i - 1]) && isLetter(folded.text[i + 1])) continue;
    kept.text += mark ? ' ' : folded.text[i];
    kept.starts.push(folded.starts[i]!);
    kept.ends.push(folded.ends[i]!);
  }
  return kept;
}

const WORD = /[a-z0-9@$!|+]+/g;
/** A number with a unit or an ending (5k, 45s, 1st, 10pm) is no word in disguise. */
const QUANTITY = /^\d+[a-z]{1,2}$/;

function resolveLeet(folded: Folded): Folded {
  const text = folded.text.replace(WORD, word => (isDisguise(word) ? leetToLetters(word) : word));
  return { ...folded, text };
}

function isDisguise(word: string): boolean {
  return /[^a-z]/.test(word) && /[a-z]/.test(word) && !QUANTITY.test(word);
}

/** `!`, `|` and `+` are letters inside a word alone: at its end they are punctuation. */
function leetToLetters(word: string): string {
  const lastLetter = word.search(/[a-z0-9@$][!|+]*$/);
  let out = '';
  for (let i = 0; i < word.length; i++) {
    const sign = word[i]!;
    const inside = i > 0 && i < lastLetter;
    out += '!|+'.includes(sign) && !inside ? sign : (LEET.get(sign) ?? sign);
  }
  return out;
}

const MIN_ROW = 3;
const MAX_GAP = 3;
/** By code: what a lone letter may be. */
const LONE = Array.from({ length: 0x80 }, (_, code) => /[a-z0-9@$!|+]/.test(String.fromCharCode(code)));
const GAP = /[ ._\-*,/~'":]/;

function joinSpaced(folded: Folded): Folded | undefined {
  const joined: Folded = { text: '', starts: [], ends: [] };
  for (const row of loneRows(folded.text)) if (row.length >= MIN_ROW) appendRow(joined, folded, row);
  return joined.text === '' ? undefined : joined;
}

/** Where letters stand alone, those with a gap between them in one row. */
function loneRows(text: string): number[][] {
  const rows: number[][] = [];
  let row: number[] | undefined;
  for (let i = 0; i < text.length; i++) {
    if (!isLone(text, i)) continue;
    if (row === undefined || !isGap(text, row.at(-1)! + 1, i)) {
      row = [];
      rows.push(row);
    }
    row.push(i);
  }
  return rows;
}

/** Functions like this one stand outside of loops: to make a named one anew costs more than what it does. */
function mayStandAlone(text: string, i: number): boolean {
  return LONE[text.charCodeAt(i)] === true;
}

function isLone(text: string, i: number): boolean {
  return mayStandAlone(text, i) && !mayStandAlone(text, i - 1) && !mayStandAlone(text, i + 1);
}

function isGap(text: string, from: number, to: number): boolean {
  if (to - from > MAX_GAP) return false;
  for (let i = from; i < to; i++) if (!GAP.test(text[i]!)) return false;
  return true;
}

/** What people write as a word of one letter: "what a f o o". */
const LONE_WORD = /^[aioruyn]$/;

function appendRow(joined: Folded, folded: Folded, row: number[]): void {
  const letters = row.map(i => folded.text[i]!);
  if (!letters.some(isLetter)) return;
  for (const skipped of LONE_WORD.test(letters[0]!) ? [0, 1] : [0]) {
    if (joined.text !== '') appendCharacter(joined, ' ', joined.ends.at(-1)!, joined.ends.at(-1)!);
    for (const i of row.slice(skipped)) {
      const letter = folded.text[i]!;
      appendCharacter(joined, LEET.get(letter) ?? letter, folded.starts[i]!, folded.ends[i]!);
    }
  }
}

function appendCharacter(folded: Folded, character: string, start: number, end: number): void {
  folded.text += character;
  folded.starts.push(start);
  folded.ends.push(end);
}

function isLetter(character: string | undefined): boolean {
  return character !== undefined && character >= 'a' && character <= 'z';
}
