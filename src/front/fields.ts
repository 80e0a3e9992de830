/** Checks of single fields. Each answers the path of what is wrong, or undefined. */
import { type Refusal, refuse } from '../errors.ts';
import { CLIENT_ID_PATTERN, MAX_CONTENT_LENGTH, ROOM_PATTERN } from '../message.ts';

/** `path` is the field's own name; a check of an object answers paths below it. */
export type Check = (value: unknown, path: string) => string | undefined;
/** The fields of an object by name, in the order in which they are checked. */
export type Shape = Record<string, { check: Check; optional?: true }>;

const MAX_EPOCH_LENGTH = 64;
const MAX_REASON_LENGTH = 500;
/** Longest name of an unknown field that is shown back. */
const MAX_PATH_LENGTH = 64;

/** An integer from `min` to `max`, 2^53-1 where none is given. */
export const integer =
  (min: number, max = Number.MAX_SAFE_INTEGER): Check =>
  (value, path) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max ? undefined : path;

/** A string that matches whole. */
export const matching =
  (pattern: RegExp): Check =>
  (value, path) =>
    typeof value === 'string' && pattern.test(value) ? undefined : path;

/** Any value that `accepts`. */
export const being =
  (accepts: (value: unknown) => boolean): Check =>
  (value, path) =>
    accepts(value) ? undefined : path;

export const room = matching(ROOM_PATTERN);
export const clientId = matching(CLIENT_ID_PATTERN);
export const messageId = integer(1);
/** Only the type; what the text may hold is `checkContent`. */
export const text = being(value => typeof value === 'string');

/** A moderator's reason: 500 code points at most, nothing that cannot be stored. */
export const reason = being(
  value =>
    typeof value === 'string' && !isLonger(value, MAX_REASON_LENGTH) && !/[\0\p{Surrogate}]/u.test(value),
);

const SINCE: Shape = {
  epoch: {
    check: being(value => typeof value === 'string' && value.length >= 1 && value.length <= MAX_EPOCH_LENGTH),
  },
  offset: { check: integer(0) },
};
export const since: Check = (value, path) => {
  if (!isObject(value)) return path;
  const wrong = wrongField(value, SINCE);
  return wrong === undefined ? undefined : `${path}.${wrong}`;
};

/** Refuses the first declared field that is missing or wrong, then any that is not declared. */
export function checkShape(value: Record<string, unknown>, shape: Shape): Refusal | undefined {
  const path = wrongField(value, shape);
  return path === undefined ? undefined : refuse('invalid_field', { path });
}

function wrongField(value: Record<string, unknown>, shape: Shape): string | undefined {
  for (const [name, { check, optional }] of Object.entries(shape)) {
    if (optional && !Object.hasOwn(value, name)) continue;
    const wrong = check(Object.hasOwn(value, name) ? value[name] : undefined, name);
    if (wrong !== undefined) return wrong;
  }
  return Object.keys(value)
    .find(name => !Object.hasOwn(shape, name))
    ?.slice(0, MAX_PATH_LENGTH);
}

/** The rules of message text: not empty, not too long, nothing that cannot be stored; in this order. */
export function checkContent(content: string): Refusal | undefined {
  if (/^[\p{White_Space}\uFEFF]*$/u.test(content)) return refuse('content_empty', { path: 'content' });
  if (isLonger(content, MAX_CONTENT_LENGTH)) return refuse('content_too_long', { path: 'content' });
  if (/[\0\p{Surrogate}]/u.test(content)) return refuse('content_invalid', { path: 'content' });
  return undefined;
}

/** A JSON object: neither null nor a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Counts code points, and no more of them than it must. */
function isLonger(value: string, limit: number): boolean {
  if (value.length <= limit) return false;
  if (value.length > 2 * limit) return true;
  let count = 0;
  for (const _ of value) count += 1;
  return count > limit;
}
