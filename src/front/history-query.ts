import { dayOf, daysFrom, isDay } from '../digest/days.ts';
import { type Refusal, refuse } from '../errors.ts';
import { ROOM_PATTERN, USER_PATTERN } from '../message.ts';

export type Cursor = { before: number } | { after: number } | { around: number };
/** Without a cursor: the newest page. */
export type HistoryQuery = { cursor?: Cursor; limit: number };
export type DigestQuery = { from: string; day: string; days?: number };
export type RoomsQuery = { after?: string; limit: number };

const CURSORS = ['before', 'after', 'around'] as const;
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 100;
const MAX_DAYS = 31;
/** Longest name of an unknown parameter that is shown back. */
const MAX_PATH_LENGTH = 64;

/** The query of a history page. The order of checks: unknown parameters, the cursor, the limit. */
export function parseHistoryQuery(query: URLSearchParams): HistoryQuery | Refusal {
  const unknown = unknownOf(query, [...CURSORS, 'limit']);
  if (unknown) return unknown;
  const given = CURSORS.flatMap(name => query.getAll(name).map(value => ({ name, value })));
  if (given.length > 1) return refuse('invalid_cursor', { path: given[1]!.name });
  const limit = limitOf(query);
  const [first] = given;
  if (first === undefined) return limit ?? refuse('invalid_limit', { path: 'limit' });
  const id = parseId(first.value, 0);
  if (id === undefined) return refuse('invalid_cursor', { path: first.name });
  if (limit === undefined) return refuse('invalid_limit', { path: 'limit' });
  return { ...limit, cursor: { [first.name]: id } as Cursor };
}

/** The query of the list of rooms; `after` is the last name of the page before. */
export function parseRoomsQuery(query: URLSearchParams): RoomsQuery | Refusal {
  const unknown = unknownOf(query, ['after', 'limit']);
  if (unknown) return unknown;
  const [after, ...more] = query.getAll('after');
  if (more.length > 0 || (after !== undefined && !ROOM_PATTERN.test(after))) {
    return refuse('invalid_cursor', { path: 'after', message: 'The cursor is not one room name.' });
  }
  const limit = limitOf(query);
  if (limit === undefined) return refuse('invalid_limit', { path: 'limit' });
  return { ...limit, ...(after === undefined ? {} : { after }) };
}

/** The query of the list of dead letters; `after` is the id of the last one of the page before. */
export function parseLettersQuery(query: URLSearchParams): { after?: number; limit: number } | Refusal {
  const unknown = unknownOf(query, ['after', 'limit']);
  if (unknown) return unknown;
  const [after, ...more] = query.getAll('after').map(value => parseId(value, 0));
  if (more.length > 0 || (query.has('after') && after === undefined))
    return refuse('invalid_cursor', { path: 'after' });
  const limit = limitOf(query);
  if (limit === undefined) return refuse('invalid_limit', { path: 'limit' });
  return { ...limit, ...(after === undefined ? {} : { after }) };
}

/** The query of the list of runs; `before` is the `createdAt` of the last one of the page before. */
export function parseRunsQuery(query: URLSearchParams): { before?: string; limit: number } | Refusal {
  const unknown = unknownOf(query, ['before', 'limit']);
  if (unknown) return unknown;
  const [before, ...more] = query.getAll('before');
  const isTime = before === undefined || /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(before);
  if (more.length > 0 || !isTime || Number.isNaN(Date.parse(before ?? '1970-01-01')))
    return refuse('invalid_cursor', { path: 'before', message: 'The cursor is not a time of a run.' });
  const limit = limitOf(query);
  if (limit === undefined) return refuse('invalid_limit', { path: 'limit' });
  return { ...limit, ...(before === undefined ? {} : { before }) };
}

/** A page that starts at one kind of cursor, an id. */
export function parsePage<C extends 'after' | 'before'>(
  query: URLSearchParams,
  cursor: C,
): ({ [name in C]?: number } & { limit: number }) | Refusal {
  const unknown = unknownOf(query, [cursor, 'limit']);
  if (unknown) return unknown;
  const given = query.getAll(cursor);
  const id = given[0] === undefined ? 0 : parseId(given[0], 0);
  if (given.length > 1 || id === undefined) return refuse('invalid_cursor', { path: cursor });
  const limit = limitOf(query);
  if (limit === undefined) return refuse('invalid_limit', { path: 'limit' });
  return { ...(given.length > 0 ? { [cursor]: id } : {}), ...limit } as { [name in C]?: number } & {
    limit: number;
  };
}

/** A page of users by name; `after` is the last one of the page before. */
export function parseUsersPage(query: URLSearchParams): { after?: string; limit: number } | Refusal {
  const unknown = unknownOf(query, ['after', 'limit']);
  if (unknown) return unknown;
  const [after, ...more] = query.getAll('after');
  if (more.length > 0 || (after !== undefined && !USER_PATTERN.test(after))) {
    return refuse('invalid_cursor', { path: 'after', message: 'The cursor is not one user.' });
  }
  const limit = limitOf(query);
  if (limit === undefined) return refuse('invalid_limit', { path: 'limit' });
  return { ...limit, ...(after === undefined ? {} : { after }) };
}

/**
 * The days of a digest, `from` to `day`; `days` is absent where one day alone was asked for. Without `day` it is
 * yesterday. The order of checks: unknown parameters, the day, the number of days.
 */
export function parseDigestQuery(query: URLSearchParams, now: Date): DigestQuery | Refusal {
  const unknown = unknownOf(query, ['day', 'days']);
  if (unknown) return unknown;
  const today = dayOf(now);
  const [day = daysFrom(today, -1), ...more] = query.getAll('day');
  if (more.length > 0 || !isDay(day) || day > today) return refuse('invalid_field', { path: 'day' });
  if (!query.has('days')) return { from: day, day };
  const [days, ...others] = query.getAll('days').map(value => parseId(value, 1));
  if (days === undefined || days > MAX_DAYS || others.length > 0)
    return refuse('invalid_field', { path: 'days' });
  return { from: daysFrom(day, 1 - days), day, days };
}

/** A message id as text: plain digits, no sign, no leading zero, at most 2^53-1. */
export function parseId(value: string, min: 0 | 1): number | undefined {
  if (!/^(0|[1-9]\d{0,15})$/.test(value)) return undefined;
  const id = Number(value);
  return Number.isSafeInteger(id) && id >= min ? id : undefined;
}

function limitOf(query: URLSearchParams): { limit: number } | undefined {
  const [value, ...more] = query.getAll('limit');
  if (value === undefined) return { limit: DEFAULT_LIMIT };
  const limit = more.length > 0 ? undefined : parseId(value, 1);
  return limit === undefined || limit > MAX_LIMIT ? undefined : { limit };
}

function unknownOf(query: URLSearchParams, known: string[]): Refusal | undefined {
  const unknown = [...query.keys()].find(name => !known.includes(name));
  return unknown === undefined
    ? undefined
    : refuse('invalid_field', { path: unknown.slice(0, MAX_PATH_LENGTH) });
}
