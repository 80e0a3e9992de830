import { useState } from 'preact/hooks';
import type { About } from './about.ts';
import { Confirm } from './confirm.tsx';
import { Icon } from './icons.tsx';
import type { RoomView } from './room-view.ts';

type Props = { about: About; view: RoomView; onDone(): void };

/** Above the field: what is being replied to or edited, and the way out of it. */
export function AboutLine({ about, view, onDone }: Props) {
  const { kind, message } = about;
  const [asking, setAsking] = useState(false);
  const toField = () => document.getElementById('text')?.focus();
  return (
    <div class="about" data-testid="about">
      <Icon name={kind === 'edit' ? 'pencil' : 'reply'} />
      <p class="quote" dir="auto">
        <b>{kind === 'edit' ? 'Editing' : (message.name ?? message.user)}</b> {message.content}
      </p>
      {kind === 'edit' && !asking && (
        <button type="button" class="link" onClick={() => setAsking(true)}>
          Delete it
        </button>
      )}
      {asking && (
        <Confirm
          onDelete={() => {
            void view.remove(message.id);
            onDone();
            toField();
          }}
          onKeep={() => {
            setAsking(false);
            toField();
          }}
        />
      )}
      <button
        type="button"
        class="quiet"
        aria-label={kind === 'edit' ? 'Do not edit' : 'Do not reply'}
        onClick={onDone}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}
