import type { Span } from '../message.ts';
import type { Folded } from './normalise.ts';
import type { BuiltinList } from './policy/types.ts';

/** A place that a built-in list knows, in UTF-16 indices of the original. */
export type Listed = { list: BuiltinList; span: Span };

/** The original range of the folded characters `from`..`to` (exclusive), with a repeated last letter whole. */
export function spanOf({ text, starts, ends }: Folded, from: number, to: number): Span {
  let last = to - 1;
  while (last + 1 < text.length && text[last + 1] === text[last] && text[last] !== ' ') last++;
  return [starts[from]!, ends[last]!];
}

/** The spans in order, with those that overlap or touch made one. */
export function mergeSpans(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const [start, end] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end);
    else if (end > start) merged.push([start, end]);
  }
  return merged;
}
