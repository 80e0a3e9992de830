/** What may be asked of a run over history, and what it becomes. Pure. */
import { ROOM_PATTERN } from '../message.ts';
import type { RunSpec } from '../store/reprocess-runs.ts';

export type RunRequest = Omit<RunSpec, 'through' | 'policiesThrough'> & { rate: number; maxRemovals: number };
/** The field at fault, and what is expected there. */
export type Wrong = { path: string; message: string };

export const MAX_ROOMS = 1_000;
export const MAX_RATE = 100_000;
const MAX_REASON = 500;
const DEFAULTS = { rate: 400, maxRemovals: 1_000 };

type Check = [accepts: (value: unknown) => boolean, message: string];
const whole =
  (min: number, max = Number.MAX_SAFE_INTEGER) =>
  (value: unknown) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
const isRoom = (value: unknown) => typeof value === 'string' && ROOM_PATTERN.test(value);
const isTime = (value: unknown) =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/.test(value) &&
  !Number.isNaN(Date.parse(value));
const isFlag = (value: unknown) => typeof value === 'boolean';
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const RATE: Check = [whole(1, MAX_RATE), `Give messages a second, from 1 to ${MAX_RATE}.`];
const REMOVALS: Check = [whole(0), 'Give a number of removals.'];
const FIELDS: Record<string, Check> = {
  rooms: [
    value => Array.isArray(value) && value.length > 0 && value.length <= MAX_ROOMS && value.every(isRoom),
    `Give a list of 1 to ${MAX_ROOMS} rooms, or leave it out for all.`,
  ],
  from: [isTime, 'Give a time in UTC, like 2026-11-01 or 2026-11-01T12:00:00Z.'],
  to: [isTime, 'Give a time in UTC, like 2026-11-01 or 2026-11-01T12:00:00Z.'],
  fromId: [whole(1), 'Give a message id.'],
  toId: [whole(1), 'Give a message id.'],
  redo: [
    value => ['moderation', 'enrichment', 'both'].includes(value as string),
    'Give moderation, enrichment or both.',
  ],
  dryRun: [isFlag, 'Give true or false.'],
  outdated: [isFlag, 'Give true or false.'],
  policy: [
    value =>
      isObject(value) &&
      Object.keys(value).every(name => name === 'scope' || name === 'version') &&
      (value.scope === 'default' || isRoom(value.scope)) &&
      whole(1, 2_147_483_647)(value.version),
    'Give {"scope": "default" or a room, "version"}.',
  ],
  draft: [isObject, 'Give a policy.'],
  rate: RATE,
  maxRemovals: REMOVALS,
  reason: [
    value => typeof value === 'string' && value.length <= MAX_REASON && !/[\0\p{Surrogate}]/u.test(value),
    `Give a text of up to ${MAX_REASON} characters.`,
  ],
};

/** A request with its defaults: a dry run of everything, unless it says otherwise. The draft is checked elsewhere. */
export function parseRequest(json: Record<string, unknown>): RunRequest | Wrong {
  const wrong = wrongField(json, FIELDS);
  if (wrong !== undefined) return wrong;
  const given = json as Partial<RunRequest>;
  const { policy } = given;
  const request: RunRequest = {
    redo: 'both',
    dryRun: true,
    ...DEFAULTS,
    ...given,
    ...(given.rooms === undefined ? {} : { rooms: [...new Set(given.rooms)].sort() }),
    ...(given.from === undefined ? {} : { from: new Date(given.from).toISOString() }),
    ...(given.to === undefined ? {} : { to: new Date(given.to).toISOString() }),
    ...(policy === undefined
      ? {}
      : { policy: { ...policy, scope: policy.scope === 'default' ? '*' : policy.scope } }),
  };
  return wrongTogether(request) ?? request;
}

/** A wish for another rate, or for more removals on the way on. */
export function parseWish(
  json: Record<string, unknown>,
  field: 'rate' | 'maxRemovals',
): { value?: number } | Wrong {
  const wrong = wrongField(json, { [field]: field === 'rate' ? RATE : REMOVALS });
  if (wrong !== undefined) return wrong;
  if (field === 'rate' && json.rate === undefined) return { path: 'rate', message: RATE[1] };
  return json[field] === undefined ? {} : { value: json[field] as number };
}

export function isWrong(value: object): value is Wrong {
  return 'path' in value && 'message' in value;
}

function wrongField(json: Record<string, unknown>, fields: Record<string, Check>): Wrong | undefined {
  for (const [path, value] of Object.entries(json)) {
    const check = Object.hasOwn(fields, path) ? fields[path] : undefined;
    if (check === undefined) return { path: path.slice(0, 64), message: 'There is no such field here.' };
    if (!check[0](value)) return { path, message: check[1] };
  }
  return undefined;
}

function wrongTogether({
  rooms,
  from,
  to,
  fromId,
  toId,
  draft,
  policy,
  dryRun,
  redo,
}: RunRequest): Wrong | undefined {
  if (from !== undefined && to !== undefined && from >= to)
    return { path: 'to', message: 'The range is empty.' };
  if (fromId !== undefined && toId !== undefined && fromId > toId)
    return { path: 'toId', message: 'The range is empty.' };
  const byId = fromId !== undefined || toId !== undefined;
  if (byId && rooms?.length !== 1)
    return { path: 'rooms', message: 'Ids are of one room: name it, and no other.' };
  if (draft !== undefined && !dryRun)
    return { path: 'draft', message: 'A draft is tried in dry runs alone.' };
  if (draft !== undefined && policy !== undefined)
    return { path: 'draft', message: 'Give a draft or a version.' };
  if ((draft ?? policy) !== undefined && redo === 'enrichment')
    return { path: 'redo', message: 'A policy judges: ask for moderation or both.' };
  return undefined;
}
