/** Who is in a room. Pure. */
import type { Presence } from './protocol.ts';

/** Users present: the first 100 by name, and how many there are. */
export type Here = { users: string[]; members: number };

/** As many names as a `joined` brings. */
const MAX_USERS = 100;

/** Who is here after some came and went. */
export function hereAfter(here: Here, { joined, left, members }: Presence): Here {
  const users = new Set([...here.users, ...joined]);
  for (const user of left) users.delete(user);
  return { users: [...users].sort().slice(0, MAX_USERS), members };
}
