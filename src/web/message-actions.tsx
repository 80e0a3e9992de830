import { useState } from 'preact/hooks';
import type { RoomMessage } from '../client/index.ts';
import type { About } from './about.ts';
import { Confirm } from './confirm.tsx';
import { Icon } from './icons.tsx';
import { isModerator } from './identity.ts';
import type { RoomView } from './room-view.ts';

type Props = { message: RoomMessage; own: boolean; view: RoomView; onAbout(about: About): void };

/** What can be done with a message: reply; edit, for its author; delete, for its author and for moderators. */
export function MessageActions({ message, own, view, onAbout }: Props) {
  const [asking, setAsking] = useState(false);
  if (asking) {
    return (
      <Confirm
        onKeep={() => setAsking(false)}
        onDelete={() => {
          setAsking(false);
          void view.remove(message.id);
          document.getElementById('text')?.focus();
        }}
      />
    );
  }
  return (
    <span class="actions">
      <Action icon="reply" words="Reply" onClick={() => onAbout({ kind: 'reply', message })} />
      {own && <Action icon="pencil" words="Edit" onClick={() => onAbout({ kind: 'edit', message })} />}
      {(own || isModerator.value) && <Action icon="trash" words="Delete" onClick={() => setAsking(true)} />}
    </span>
  );
}

type ActionProps = { icon: 'reply' | 'pencil' | 'trash'; words: string; onClick(): void };

function Action({ icon, words, onClick }: ActionProps) {
  return (
    <button type="button" class="quiet action" aria-label={words} title={words} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}
