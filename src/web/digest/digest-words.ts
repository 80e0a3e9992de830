/** What the page says about a room's days. Pure, but for the reader's locale. */
import type { Digest } from '../../client/index.ts';

/** The page speaks English; its days are those of UTC. */
const LOCALE = 'en-GB';
const weekday = new Intl.DateTimeFormat(LOCALE, { weekday: 'short', timeZone: 'UTC' });
const whole = new Intl.DateTimeFormat(LOCALE, {
  ...{ weekday: 'long', day: 'numeric', month: 'long' },
  timeZone: 'UTC',
});
const languages = new Intl.DisplayNames(LOCALE, { type: 'language' });
/** Languages beyond these are told as one number. */
const MAX_LANGUAGES = 5;

export const weekdayWords = (day: string) => weekday.format(Date.parse(day));
export const dayWords = (day: string) => whole.format(Date.parse(day));

const counted = (count: number, one: string, many: string) =>
  `${count.toLocaleString()} ${count === 1 ? one : many}`;
export const messagesWords = (messages: number) => counted(messages, 'message', 'messages');

const two = (hour: number) => String(hour).padStart(2, '0');
export const hourWords = (hour: number) => `${two(hour)}:00`;
export const spanWords = (hour: number) => `${two(hour)}:00 to ${two(hour + 1)}:00`;

/** One sentence for the day. */
export function totalWords({ messages, authors, final }: Digest): string {
  const by = counted(authors, 'person', 'people');
  return `${messagesWords(messages)} by ${by}${final ? '' : ' so far'}`;
}

/** What the bars of the hours show. */
export function hoursWords({ hours, busiestHour }: Digest): string {
  const most = hours[busiestHour] ?? 0;
  return `Messages by hour of UTC. Busiest from ${spanWords(busiestHour)}: ${messagesWords(most)}.`;
}

export function moodWords({ mood: { mean } }: Digest): string {
  if (mean === null) return 'Nothing to tell a mood by.';
  const word = mean > 0.05 ? 'positive' : mean < -0.05 ? 'negative' : 'even';
  return `On the whole ${word} (${mean.toFixed(2)}, from -1 to 1).`;
}

const nameOf = (code: string) => (code === 'und' ? 'Not told' : (languages.of(code) ?? code));

/** Languages by name, the most used first; the rest together. */
export function languageCounts(digest: Digest): [name: string, count: number][] {
  const all = Object.entries(digest.languages).sort(([, one], [, other]) => other - one);
  const named = all.slice(0, MAX_LANGUAGES).map(([code, count]) => [nameOf(code), count] as [string, number]);
  const rest = all.slice(MAX_LANGUAGES).reduce((sum, [, count]) => sum + count, 0);
  return rest === 0 ? named : [...named, ['Others', rest]];
}

/** What moderators see beside it; nothing for others, and nothing where moderation did nothing. */
export function moderationCounts({ removals, moderation }: Digest): [name: string, count: number][] {
  if (removals === undefined || moderation === undefined) return [];
  const all: [string, number][] = [
    ['Flagged', moderation.flagged],
    ['Masked', moderation.masked],
    ['Held', moderation.held + removals.held],
    ['Shown to their author alone', moderation.shadowed],
    ['Removed by moderation', removals.moderated],
    ['Deleted by their author', removals.deleted],
  ];
  return all.filter(([, count]) => count > 0);
}
