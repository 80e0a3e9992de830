import { RE2JS } from 're2js';
import type { Span } from '../../message.ts';

/** Instructions of all patterns of a policy together. */
export const MAX_PROGRAM = 120;
/**
 * Steps (instructions × UTF-16 units) that all patterns may take over one text. Every pattern is searched once,
 * whatever it costs, which is the smaller part of it for 8,000 units; measured at 30 ns a step at worst.
 */
const MAX_STEPS = 1_000_000;
const MAX_LENGTH = 200;
/** Counted repeats, and what all of a pattern may come to: a larger program need not be built to be refused. */
const COUNTED = /\{(?:\d*,)?(\d+),?\}/g;
const MAX_COUNT = 100;

export type Pattern = { size: number; regex: RE2JS };
/** What patterns over one text may still spend. */
export type Budget = { steps: number };

export const createBudget = (): Budget => ({ steps: MAX_STEPS });

/**
 * A pattern in RE2 syntax, matched in time linear in the text; or the sentence that says why it cannot be used.
 * Never throws.
 */
export function compilePattern(pattern: string, ignoreCase: boolean): Pattern | string {
  if (pattern === '' || pattern.length > MAX_LENGTH)
    return `Give a pattern of 1 to ${MAX_LENGTH} characters.`;
  let counted = 0;
  for (const [, most] of pattern.matchAll(COUNTED)) counted += Number(most);
  if (counted > MAX_COUNT) return `Its repeats may count to ${MAX_COUNT} in all.`;
  try {
    const regex = RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    if (regex.matcher('').matches()) return 'This matches where there is no text.';
    const size = regex.programSize();
    return size > MAX_PROGRAM
      ? `This is too large: ${size} instructions, where ${MAX_PROGRAM} are allowed.`
      : { size, regex };
  } catch (error) {
    return `This is no pattern in RE2 syntax (${error instanceof Error ? error.message : 'unknown'}).`;
  }
}

/**
 * Where a pattern matches. When the budget is spent, all that follows the last match counts as matched: nothing
 * hides behind many matches.
 */
export function matchesOf({ regex, size }: Pattern, content: string, budget: Budget): Span[] {
  const spans: Span[] = [];
  const matcher = regex.matcher(content);
  for (let from = 0; from <= content.length; ) {
    const cost = size * (content.length - from);
    if (spans.length > 0 && budget.steps < cost) {
      spans.push([from, content.length]);
      break;
    }
    budget.steps -= cost;
    if (!matcher.find()) break;
    const [start, end] = [matcher.start(), matcher.end()];
    if (end > start) spans.push([start, end]);
    from = Math.max(end, from + 1);
  }
  return spans;
}
