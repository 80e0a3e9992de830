/** How a text is written, whatever it says: capitals and repetition. Each takes time in proportion to the text. */
import type { RuleOf } from '../policy/types.ts';

type Capitals = Pick<RuleOf<'capitals'>, 'share' | 'minLetters' | 'minMarks'>;
type Repetition = Pick<RuleOf<'repetition'>, 'words' | 'share' | 'run' | 'lines'>;

/** A line shorter than this may stand as often as one likes. */
const LINE_LENGTH = 8;

/**
 * So many letters, of which so many are capitals, with so many exclamation marks. Capitals alone are some people's
 * ordinary way of writing.
 */
export function isShouting(
  content: string,
  { minLetters: letters, share, minMarks: marks = 0 }: Capitals,
): boolean {
  if (content.length < letters || count(content, /!/g) < marks) return false;
  const capitals = count(content, /\p{Lu}/gu);
  const all = capitals + count(content, /\p{Ll}/gu);
  return all >= letters && capitals / all >= share;
}

function count(content: string, pattern: RegExp): number {
  return content.match(pattern)?.length ?? 0;
}

/** The same word so often and so much of the text, one character so often in a row, or one line so often. */
export function isRepetition(
  content: string,
  { words: often, share, run, lines: manyLines }: Repetition,
): boolean {
  if (content.length < Math.min(often * 2 - 1, run, manyLines * LINE_LENGTH)) return false;
  const words = content.toLowerCase().match(/\S+/g) ?? [];
  const top = words.length < often ? 0 : mostFrequent(words);
  if (top >= often && top / words.length >= share) return true;
  if (content.length >= run && longestRun(content) >= run) return true;
  const lines = content.split('\n');
  if (lines.length < manyLines) return false;
  return mostFrequent(lines.filter(line => line.trim().length >= LINE_LENGTH)) >= manyLines;
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
  let longest = 1;
  let run = 1;
  for (let i = 1; i < content.length; i++) {
    const same = content[i] === content[i - 1] && content[i] !== ' ' && content[i] !== '\n';
    run = same ? run + 1 : 1;
    if (run > longest) longest = run;
  }
  return longest;
}
