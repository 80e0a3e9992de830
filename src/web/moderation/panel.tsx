import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../icons.tsx';
import type { RoomView } from '../room-view.ts';
import { PolicyForm } from './policy-form.tsx';
import { PolicyHistory } from './policy-history.tsx';
import type { PolicyView } from './policy-view.ts';
import { Queue } from './queue.tsx';

type Props = { view: RoomView; onClose(): void };
type Page = 'queue' | 'policy' | 'history';

const PAGES: readonly (readonly [Page, string])[] = [
  ['queue', 'Messages'],
  ['policy', 'Policy'],
  ['history', 'History'],
];

/** What moderators see beside a room. Takes the focus when it opens; Escape closes it. */
export function ModerationPanel({ view: { policy, queue }, onClose }: Props) {
  const [page, setPage] = useState<Page>('queue');
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    head.current?.focus();
    void policy.open();
  }, []);
  return (
    <aside
      class="moderation"
      aria-labelledby="moderation-head"
      data-testid="moderation"
      onKeyDown={event => {
        if (event.key === 'Escape') onClose();
      }}
    >
      <header class="moderation-head">
        <h2 id="moderation-head" tabIndex={-1} ref={head}>
          Moderation
        </h2>
        <button type="button" class="quiet" aria-label="Close moderation" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <nav class="moderation-pages" aria-label="Moderation">
        {PAGES.map(([name, words]) => (
          <button
            key={name}
            type="button"
            aria-current={page === name ? 'page' : undefined}
            onClick={() => setPage(name)}
          >
            {words}
          </button>
        ))}
      </nav>
      <div class="moderation-body">
        {page === 'queue' ? <Queue queue={queue} /> : <Told policy={policy} />}
        {page === 'policy' && <PolicyForm policy={policy} />}
        {page === 'history' && <PolicyHistory policy={policy} onTaken={() => setPage('policy')} />}
      </div>
    </aside>
  );
}

/** What came of the last try, in view whatever was scrolled. */
function Told({ policy }: { policy: PolicyView }) {
  const { problem, told, aside } = policy;
  return (
    <div class="told">
      <p class="problem" role="alert" data-testid="policy-problem">
        {problem.value}
      </p>
      {aside.value !== undefined && (
        <button type="button" class="link" onClick={policy.bringBack}>
          Put my changes back into the form
        </button>
      )}
      {problem.value !== undefined && policy.draft.value === undefined && (
        <button type="button" class="link" onClick={() => void policy.load()}>
          Try again
        </button>
      )}
      <p class="good" role="status" data-testid="policy-told">
        {told.value}
      </p>
    </div>
  );
}
