/** Times of the panel: when something was, and until when it lasts. */
import { dayWords, timeWords } from '../words.ts';

/** The hour alone where it is today. */
export function momentWords(iso: string, now = new Date()): string {
  const at = new Date(iso);
  const isToday = at.toDateString() === now.toDateString();
  return isToday ? timeWords(at) : `${dayWords(at, now)}, ${timeWords(at)}`;
}

export function untilWords(until: string | undefined, now = new Date()): string {
  return until === undefined
    ? 'for good'
    : `until ${momentWords(until, now).replace(/^Yesterday/, 'yesterday')}`;
}

/** For how long somebody is muted or banned. */
export const DURATIONS: readonly (readonly [seconds: number | undefined, words: string])[] = [
  [600, 'for 10 minutes'],
  [3_600, 'for an hour'],
  [86_400, 'for a day'],
  [604_800, 'for a week'],
  [undefined, 'for good'],
];
