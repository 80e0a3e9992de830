/** What the page says: refusals, states and times in human words. Pure, but for the reader's locale. */
import { ParleyError, type RoomMessage } from '../client/index.ts';

const REFUSALS: Partial<Record<string, string>> = {
  content_empty: 'There is nothing to send yet.',
  content_too_long: 'This is too long: a message may have 4,000 characters.',
  content_invalid: 'This text holds characters that cannot be sent.',
  unauthenticated: 'Please sign in again.',
  token_invalid: 'Your sign-in is no longer valid. Please sign in again.',
  token_expired: 'Your sign-in has ended. Please sign in again.',
  origin_denied: 'This page may not use this service.',
  forbidden: 'You may not enter this room.',
  not_found: 'This is not here any more.',
  changed: 'It was changed at another place meanwhile. Have a look before you try again.',
  blocked: 'This room does not accept that message. Perhaps it can be said differently.',
  rate_limited: 'That was very fast. Wait a moment, then try again.',
  room_limit: 'You have too many rooms open. Leave one first.',
  payload_too_large: 'This is too large to send.',
  overloaded: 'Very busy right now. Try again in a moment.',
  unavailable: 'This does not work right now. Try again in a moment.',
  internal: 'Something went wrong. Try again in a moment.',
  timeout: 'This took too long. Try again.',
  unreachable: 'There is no connection right now.',
  closed: 'You have left.',
};

/** Where a refusal of a message says something else than one of a room. */
const MESSAGE_REFUSALS: Partial<Record<string, string>> = {
  forbidden: 'You may not change this message.',
  not_found: 'The message is not here any more.',
};

/** One sentence for the person who tried something, with a room or a message, that failed. */
export function refusalWords(error: unknown, about: 'room' | 'message' = 'room'): string {
  if (!(error instanceof ParleyError)) return 'Something went wrong. Try again in a moment.';
  const { code, retryAfterMs } = error;
  if (code === 'rate_limited' && retryAfterMs !== undefined) {
    return `That was very fast. Wait ${waitWords(retryAfterMs)}, then try again.`;
  }
  const special = about === 'message' ? MESSAGE_REFUSALS[code] : undefined;
  return special ?? REFUSALS[code] ?? error.message;
}

function waitWords(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds > 90) return `${Math.ceil(seconds / 60)} minutes`;
  return seconds <= 1 ? 'a second' : `${seconds} seconds`;
}

/** What stands in place of a removed message. */
export function removalWords(message: RoomMessage, own: boolean): string {
  switch (message.reason) {
    case 'deleted':
      return own ? 'You deleted this message' : 'This message was deleted';
    case 'held':
      return 'This message is being reviewed';
    case 'expired':
      return 'This message has expired';
    case 'erased':
      return 'This message was erased';
    default:
      return own
        ? 'Your message was removed: it breaks this room’s rules'
        : 'This message was removed by moderation';
  }
}

const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
/** The page speaks English; the clock and numbers are the reader's. */
const LOCALE = 'en-GB';
const day = new Intl.DateTimeFormat(LOCALE, { weekday: 'long', day: 'numeric', month: 'long' });
const dayAndYear = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'long', year: 'numeric' });
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' });
const percent = new Intl.NumberFormat(undefined, { style: 'percent' });
const languages = new Intl.DisplayNames(LOCALE, { type: 'language' });

export const timeWords = (at: Date) => time.format(at);

/** Hour and minute alone, for a narrow margin. */
export function shortTimeWords(at: Date): string {
  const parts = time.formatToParts(at).filter(({ type }) => type === 'hour' || type === 'minute');
  return parts.map(({ value }) => value).join(':');
}

export const exactTimeWords = (at: Date) => exact.format(at);

/** Today and yesterday by name, this year's days by weekday, older ones with their year. */
export function dayWords(at: Date, now = new Date()): string {
  const midnight = (of: Date) => new Date(of.getFullYear(), of.getMonth(), of.getDate()).getTime();
  const days = Math.round((midnight(at) - midnight(now)) / 86_400_000);
  if (days === 0 || days === -1) {
    const word = relative.format(days, 'day');
    return word.charAt(0).toUpperCase() + word.slice(1);
  }
  return (at.getFullYear() === now.getFullYear() ? day : dayAndYear).format(at);
}

export function languageWords({ code, confidence }: { code: string; confidence: number }): string {
  return `${languages.of(code) ?? code}, ${percent.format(confidence)} sure`;
}

export function sentimentWords({ label, score }: { label: string; score: number }): string {
  return `Sounds ${label} (${score.toFixed(2)})`;
}

export function membersWords(members: number): string {
  return members === 1 ? '1 person here' : `${members.toLocaleString()} people here`;
}

/** More names than this are a number. */
const MAX_NAMES = 2;
const listed = new Intl.ListFormat(LOCALE, { type: 'conjunction' });

/** Who is typing; nothing where nobody is. */
export function typingWords(names: readonly string[]): string {
  if (names.length === 0) return '';
  if (names.length > MAX_NAMES) return 'Several people are typing…';
  return `${listed.format(names)} ${names.length === 1 ? 'is' : 'are'} typing…`;
}

export function seenWords(names: readonly string[]): string {
  return `Read by ${names.length > MAX_NAMES ? names.length.toLocaleString() : listed.format(names)}`;
}

export function newWords(count: number): string {
  return count === 1 ? '1 new message' : `${count.toLocaleString()} new messages`;
}

export function othersWords(count: number): string {
  return count === 1 ? 'and one more' : `and ${count.toLocaleString()} more`;
}
