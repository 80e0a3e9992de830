import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../icons.tsx';
import { isAdmin } from '../identity.ts';
import type { RoomView } from '../room-view.ts';
import { Log } from './log.tsx';
import { PolicyForm } from './policy-form.tsx';
import { PolicyHistory } from './policy-history.tsx';
import type { PolicyView } from './policy-view.ts';
import { Queue } from './queue.tsx';
import { RunsPage } from './runs.tsx';
import { SanctionsPage } from './sanctions.tsx';
import { Told } from './told.tsx';
import type { EverywhereView } from './views.ts';

type Props = { view: RoomView; everywhere: EverywhereView; onClose(): void };
type Scope = 'room' | 'everywhere';
type Page = 'queue' | 'people' | 'log' | 'policy' | 'history' | 'runs';

const WORDS: Readonly<Record<Page, string>> = {
  queue: 'Messages',
  people: 'People',
  log: 'Log',
  policy: 'Policy',
  history: 'History',
  runs: 'Runs',
};

function pagesOf(scope: Scope): Page[] {
  if (scope === 'everywhere') return ['people', 'policy', 'history'];
  return ['queue', 'people', 'log', 'policy', 'history', ...(isAdmin.value ? (['runs'] as const) : [])];
}

/** What moderators see beside a room, and admins of all rooms. Takes the focus when it opens; Escape closes it. */
export function ModerationPanel({ view, everywhere, onClose }: Props) {
  const [scope, setScope] = useState<Scope>('room');
  const [page, setPage] = useState<Page>('queue');
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus(), []);
  const { queue, log, runs, ...ofRoom } = view.moderation;
  const { policy, sanctions } = scope === 'room' ? ofRoom : everywhere;
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
        {isAdmin.value && (
          <ScopeChoice
            scope={scope}
            onChange={next => {
              setScope(next);
              if (!pagesOf(next).includes(page)) setPage('people');
            }}
          />
        )}
        <button type="button" class="quiet" aria-label="Close moderation" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <nav class="moderation-pages" aria-label="Moderation">
        {pagesOf(scope).map(name => (
          <button
            key={name}
            type="button"
            aria-current={page === name ? 'page' : undefined}
            onClick={() => setPage(name)}
          >
            {WORDS[name]}
          </button>
        ))}
      </nav>
      <div class="moderation-body" key={`${scope} ${page}`}>
        {page === 'queue' && <Queue queue={queue} />}
        {page === 'people' && <SanctionsPage sanctions={sanctions} users={view.presence.value.users} />}
        {page === 'log' && <Log log={log} />}
        {page === 'runs' && <RunsPage runs={runs} />}
        {(page === 'policy' || page === 'history') && <PolicyTold policy={policy} />}
        {page === 'policy' && <PolicyForm policy={policy} />}
        {page === 'history' && <PolicyHistory policy={policy} onTaken={() => setPage('policy')} />}
      </div>
    </aside>
  );
}

function ScopeChoice({ scope, onChange }: { scope: Scope; onChange(scope: Scope): void }) {
  return (
    <div class="scope">
      <label class="hidden" for="moderation-scope">
        Moderate
      </label>
      <select
        id="moderation-scope"
        data-testid="moderation-scope"
        value={scope}
        onChange={event => onChange(event.currentTarget.value as Scope)}
      >
        <option value="room">This room</option>
        <option value="everywhere">All rooms</option>
      </select>
    </div>
  );
}

/** What came of the last try with a policy, and the ways on. Shows what is stored when it is opened. */
function PolicyTold({ policy }: { policy: PolicyView }) {
  const { problem, told, aside } = policy;
  useEffect(() => void policy.open(), []);
  return (
    <Told name="policy" problem={problem.value} told={told.value}>
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
    </Told>
  );
}
