import type { ModerationEntry } from '../../client/index.ts';
import { exactTimeWords } from '../words.ts';
import { useEvery } from './every.ts';
import type { LogView } from './log-view.ts';
import { logWords } from './log-words.ts';
import { momentWords } from './moment-words.ts';
import { Told } from './told.tsx';

const EVERY_MS = 5_000;

/** What moderators did here: who, what, whom, when and why. */
export function Log({ log }: { log: LogView }) {
  useEvery(EVERY_MS, log.load);
  const entries = log.entries.value;
  return (
    <>
      <Told name="log" problem={log.problem.value} />
      {entries === undefined && log.problem.value === undefined && <p class="hint">Fetching the log…</p>}
      {entries?.length === 0 && <p class="hint">No moderator has done anything here yet.</p>}
      <ol class="noted" aria-label="What moderators did, newest first" data-testid="log">
        {entries?.map(entry => (
          <Entry key={entry.id} entry={entry} />
        ))}
      </ol>
      {log.hasOlder.value && (
        <button type="button" class="second" onClick={() => void log.loadOlder()}>
          Older entries
        </button>
      )}
    </>
  );
}

function Entry({ entry }: { entry: ModerationEntry }) {
  const { at, reason } = entry;
  return (
    <li>
      <p dir="auto">
        {logWords(entry)}{' '}
        <time dateTime={at} title={exactTimeWords(new Date(at))}>
          {momentWords(at)}
        </time>
      </p>
      {reason !== undefined && (
        <p class="reason" dir="auto">
          {reason}
        </p>
      )}
    </li>
  );
}
