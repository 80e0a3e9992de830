import { hashOf, initialsOf } from './names.ts';

/** A person's initials on a colour that is theirs. */
export function Avatar({ user, name }: { user: string; name: string }) {
  return (
    <span class="avatar" aria-hidden="true" style={{ '--hue': String(hashOf(user) % 360) }}>
      {initialsOf(name)}
    </span>
  );
}
