import { useEffect, useRef, useState } from 'preact/hooks';
import type { Sanction } from '../../client/index.ts';
import { exactTimeWords } from '../words.ts';
import { Choice, TextInput } from './input.tsx';
import { DURATIONS, momentWords, untilWords } from './moment-words.ts';
import type { Kind, SanctionsView } from './sanctions-view.ts';
import { Told } from './told.tsx';

type Props = {
  sanctions: SanctionsView;
  /** Whom the moderator may mean: offered while a user is typed. */
  users: readonly string[];
};

/** Who is muted and who is banned, until when and why; each can be lifted, and others added. */
export function SanctionsPage({ sanctions, users }: Props) {
  useEffect(() => void sanctions.load(), []);
  return (
    <>
      <Told name="sanctions" problem={sanctions.problem.value} told={sanctions.told.value} />
      <Standing sanctions={sanctions} kind="mute" title="Muted" none="Nobody is muted" />
      <Standing sanctions={sanctions} kind="ban" title="Banned" none="Nobody is banned" />
      <Add sanctions={sanctions} users={users} />
    </>
  );
}

type StandingProps = { sanctions: SanctionsView; kind: Kind; title: string; none: string };

function Standing({ sanctions, kind, title, none }: StandingProps) {
  const head = useRef<HTMLHeadingElement>(null);
  const { standing, hasMore } = sanctions.lists[kind];
  async function lift(user: string) {
    if (await sanctions.lift(kind, user)) head.current?.focus();
  }
  return (
    <section aria-labelledby={`standing-${kind}`} data-testid={`standing-${kind}`}>
      <h3 id={`standing-${kind}`} tabIndex={-1} ref={head}>
        {title}
      </h3>
      {standing.value?.length === 0 && (
        <p class="hint">
          {none} {sanctions.where}.
        </p>
      )}
      <ul class="noted">
        {standing.value?.map(one => (
          <Item key={one.user} sanction={one} onLift={() => void lift(one.user)} />
        ))}
      </ul>
      {hasMore.value && (
        <button type="button" class="second" onClick={() => void sanctions.more(kind)}>
          More
        </button>
      )}
    </section>
  );
}

function Item({ sanction, onLift }: { sanction: Sanction; onLift(): void }) {
  const { user, by, reason, until, createdAt } = sanction;
  return (
    <li class="standing">
      <div>
        <p>
          <b dir="auto">{user}</b> {untilWords(until)}
        </p>
        <p class="hint">
          by {by},{' '}
          <time dateTime={createdAt} title={exactTimeWords(new Date(createdAt))}>
            {momentWords(createdAt)}
          </time>
        </p>
        {reason !== undefined && (
          <p class="reason" dir="auto">
            {reason}
          </p>
        )}
      </div>
      <button type="button" class="second" aria-label={`Lift: ${user}`} onClick={onLift}>
        Lift
      </button>
    </li>
  );
}

const KINDS = [
  ['mute', 'Mute: may read, not write'],
  ['ban', 'Ban: may not come in'],
] as const;
const TIMES = DURATIONS.map(([, words], i) => [String(i), words] as const);

function Add({ sanctions, users }: Props) {
  const [kind, setKind] = useState<Kind>('mute');
  const [user, setUser] = useState('');
  const [time, setTime] = useState('1');
  const [reason, setReason] = useState('');
  const fault = sanctions.fault.value;
  async function add() {
    const seconds = DURATIONS[Number(time)]?.[0];
    if (!(await sanctions.set({ kind, user, seconds, reason }))) return;
    setUser('');
    setReason('');
  }
  return (
    <form
      aria-labelledby="add-sanction"
      onSubmit={event => {
        event.preventDefault();
        void add();
      }}
    >
      <h3 id="add-sanction">Mute or ban somebody {sanctions.where}</h3>
      <TextInput
        label="User"
        place="user"
        fault={fault}
        value={user}
        suggestions={users}
        testId="sanction-user"
        onChange={setUser}
      />
      <Choice
        label="What"
        place=""
        fault={undefined}
        value={kind}
        options={KINDS}
        onChange={next => setKind(next as Kind)}
      />
      <Choice
        label="How long"
        place="seconds"
        fault={fault}
        value={time}
        options={TIMES}
        onChange={setTime}
      />
      <TextInput
        label="Reason, for the log (may stay empty)"
        place="reason"
        fault={fault}
        value={reason}
        testId="sanction-reason"
        onChange={setReason}
      />
      <button type="submit" class="primary" data-testid="sanction-add" aria-disabled={sanctions.busy.value}>
        {kind === 'mute' ? 'Mute' : 'Ban'}
      </button>
    </form>
  );
}
