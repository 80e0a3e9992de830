import { useEffect, useRef } from 'preact/hooks';
import type { Digest } from '../../client/index.ts';
import { Icon } from '../icons.tsx';
import { Bar, Counts, Hours, Mood } from './charts.tsx';
import type { Day, DigestView } from './digest-view.ts';
import {
  dayWords,
  languageCounts,
  messagesWords,
  moderationCounts,
  moodWords,
  totalWords,
  weekdayWords,
} from './digest-words.ts';

type Props = { digest: DigestView; onClose(): void };

/** A room's last days, and one of them in detail. Takes the focus when it opens; Escape closes it. */
export function DigestPanel({ digest, onClose }: Props) {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    head.current?.focus();
    void digest.load();
  }, []);
  const { days, problem, shown } = digest;
  const day = shown.value;
  return (
    <section
      class="digest"
      aria-labelledby="digest-head"
      data-testid="digest"
      onKeyDown={event => {
        if (event.key === 'Escape') onClose();
      }}
    >
      <header>
        <h2 id="digest-head" tabIndex={-1} ref={head}>
          The last seven days
        </h2>
        <button type="button" class="quiet" aria-label="Close the last days" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {problem.value !== undefined && (
        <p class="problem" role="alert">
          {problem.value}{' '}
          <button type="button" class="link" onClick={() => void digest.load()}>
            Try again
          </button>
        </p>
      )}
      {days.value !== undefined && <Week days={days.value} shown={day?.day} choose={digest.choose} />}
      {days.value !== undefined && day === undefined && (
        <p class="hint">Nobody has written here in the last seven days.</p>
      )}
      <div aria-live="polite">{day !== undefined && <InDetail {...day} />}</div>
    </section>
  );
}

type WeekProps = { days: readonly Day[]; shown: string | undefined; choose(day: string): void };

function Week({ days, shown, choose }: WeekProps) {
  const most = Math.max(...days.map(({ digest }) => digest?.messages ?? 0));
  return (
    <ol class="week">
      {days.map(({ day, digest }) => (
        <li key={day}>
          <button
            type="button"
            data-testid="digest-day"
            aria-pressed={day === shown}
            onClick={() => choose(day)}
          >
            <span class="hidden">{`${dayWords(day)}: ${messagesWords(digest?.messages ?? 0)}`}</span>
            <Bar count={digest?.messages ?? 0} most={most} />
            <span aria-hidden="true" class="number">
              {(digest?.messages ?? 0).toLocaleString()}
            </span>
            <span aria-hidden="true">{weekdayWords(day)}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}

function InDetail({ day, digest }: Day) {
  return (
    <>
      <h3 data-testid="digest-shown">{dayWords(day)}</h3>
      {digest === undefined ? <p class="hint">Nobody wrote on this day.</p> : <Figures digest={digest} />}
    </>
  );
}

function Figures({ digest }: { digest: Digest }) {
  const moderation = moderationCounts(digest);
  return (
    <>
      <p data-testid="digest-total">{totalWords(digest)}</p>
      <Hours digest={digest} />
      <div class="figures">
        <div>
          <h4>Mood</h4>
          <p>{moodWords(digest)}</p>
          <Mood mood={digest.mood} />
        </div>
        <div data-testid="digest-languages">
          <h4>Languages</h4>
          <Counts counts={languageCounts(digest)} of={digest.messages} />
        </div>
        {digest.moderation !== undefined && (
          <div data-testid="digest-moderation">
            <h4>Moderation</h4>
            {moderation.length === 0 ? (
              <p>Nothing was removed, held or masked.</p>
            ) : (
              <Counts counts={moderation} of={digest.messages} />
            )}
          </div>
        )}
      </div>
    </>
  );
}
