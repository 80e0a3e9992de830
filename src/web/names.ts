/** Names that people type, and what the service takes. Pure. */
import { ROOM_PATTERN } from '../message.ts';

const MAX_USER_LENGTH = 64;

/**
 * A user id made of a person's name: letters without their marks, the rest as dashes. A name of other scripts
 * alone becomes `guest-` and a number that depends on the name.
 */
export function userIdFor(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/ß/g, 'ss')
    .replace(/[^A-Za-z0-9_.@-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|-+$/g, '')
    .slice(0, MAX_USER_LENGTH);
  return plain === '' ? `guest-${hashOf(name)}` : plain.toLowerCase();
}

/** A number from 0 below 1,000,000 that depends on the text alone. */
export function hashOf(text: string): number {
  let hash = 7;
  for (const char of text) hash = (hash * 31 + char.codePointAt(0)!) % 1_000_003;
  return hash % 1_000_000;
}

/** The roles that a token names; none where it cannot be read. */
export function rolesOf(token: string): string[] {
  try {
    const body = token.split('.')[1] ?? '';
    const claims: unknown = JSON.parse(atob(body.replace(/-/g, '+').replace(/_/g, '/')));
    const { roles } = claims as { roles?: unknown };
    return Array.isArray(roles) ? roles.filter(role => typeof role === 'string') : [];
  } catch {
    return [];
  }
}

/** What is wrong with a room's name, for the person who typed it; undefined where it is fine. */
export function roomNameProblem(name: string): string | undefined {
  if (name === '') return 'Type the name of a room.';
  if (name.length > 64) return 'A room’s name may have 64 characters at most.';
  if (/\s/.test(name)) return 'A room’s name has no spaces. Use a dash instead.';
  if (!/^[a-z0-9]/.test(name)) return 'A room’s name begins with a letter or a digit.';
  if (!ROOM_PATTERN.test(name)) return 'Use the letters a to z, digits, dots, dashes and underscores.';
  return undefined;
}

/** One or two letters that stand for a person. */
export function initialsOf(name: string): string {
  const parts = name.split(/[\s._@-]+/).filter(part => part !== '');
  const letters = parts.slice(0, 2).map(part => [...part][0] ?? '');
  return letters.join('').toUpperCase() || '?';
}
