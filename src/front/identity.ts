/** Who is behind a connection or a call, as its token says. Nothing here comes from a frame or a body. */
import { USER_PATTERN } from '../message.ts';

/**
 * `expiresAt` and `issuedAt` are in milliseconds since 1970; `rooms` holds names or `prefix*`, absent means every
 * room; `tokenId` is the token's `jti`.
 */
export type Identity = {
  user: string;
  name?: string;
  roles: string[];
  rooms?: string[];
  expiresAt: number;
  issuedAt?: number;
  tokenId?: string;
  moderator: boolean;
};

export const MAX_NAME_LENGTH = 128;
const MODERATING = new Set(['moderator', 'admin']);
const MAX_TOKEN_ID_LENGTH = 256;
const MAX_ENTRIES = 1_000;
/** The last moment a Date can hold, in seconds. */
const MAX_EXP = 8.64e12;

/** A name that can be stored and shown: 1-128 code points, no NUL, no lone surrogate. */
export function isName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= 2 * MAX_NAME_LENGTH &&
    [...value].length <= MAX_NAME_LENGTH &&
    !/[\0\p{Surrogate}]/u.test(value)
  );
}

/** A list of strings, 1,000 at most. */
export function isStringList(value: unknown): value is string[] {
  return (
    Array.isArray(value) && value.length <= MAX_ENTRIES && value.every(entry => typeof entry === 'string')
  );
}

/** A token's `jti`: 1-256 code units. */
export function isTokenId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TOKEN_ID_LENGTH;
}

/** The identity that verified claims give; undefined where a claim has a wrong shape. */
export function identityOf(claims: Record<string, unknown>): Identity | undefined {
  const { sub, exp, iat, jti, name, roles = [], rooms } = claims;
  if (typeof sub !== 'string' || !USER_PATTERN.test(sub)) return undefined;
  if (typeof exp !== 'number' || !(exp > 0 && exp <= MAX_EXP)) return undefined;
  if (iat !== undefined && typeof iat !== 'number') return undefined;
  if (jti !== undefined && !isTokenId(jti)) return undefined;
  if (name !== undefined && !isName(name)) return undefined;
  if (!isStringList(roles) || (rooms !== undefined && !isStringList(rooms))) return undefined;
  return {
    user: sub,
    ...(name === undefined ? {} : { name }),
    roles,
    ...(rooms === undefined ? {} : { rooms }),
    expiresAt: Math.floor(exp * 1_000),
    ...(iat === undefined ? {} : { issuedAt: Math.floor(iat * 1_000) }),
    ...(jti === undefined ? {} : { tokenId: jti }),
    moderator: roles.some(role => MODERATING.has(role)),
  };
}

/** True where somebody may enter a room: the token covers it, and no ban stands against it. */
export type MayEnter = (identity: Identity, room: string) => boolean;

/** True where the token covers this room. */
export function covers(identity: Identity, room: string): boolean {
  const { rooms } = identity;
  return (
    rooms === undefined ||
    rooms.some(entry => (entry.endsWith('*') ? room.startsWith(entry.slice(0, -1)) : room === entry))
  );
}
