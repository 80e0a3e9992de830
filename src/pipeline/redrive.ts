/** Dead letters on their way back: each is looked at, numbered, put into the intake, and noted as redriven. */
import type { Submission } from '../message.ts';
import type { PutBack } from '../rooms/put-back.ts';
import type { MessageStore, StoredMessage } from '../store/messages.ts';

/** What became of a letter, with a sentence for people. Only `redriven` changes anything. */
export const REDRIVE_RESULTS = {
  redriven: 'It is in the pipeline again.',
  stored: 'It is stored already, this revision or a newer one: nothing is to be done.',
  superseded: 'The message has changed since: its newer revision goes its own way.',
  conflict: 'Another message is stored under its id.',
  unreadable: 'It is of a schema version that this Parley does not know.',
  trimmed: 'It is a deletion, and the log no longer knows what it deleted: delete the message again.',
  overloaded: 'Too much waits in the intake: try again later.',
  missing: 'There is no such letter.',
} as const;
export type RedriveResult = keyof typeof REDRIVE_RESULTS;
export type Redriven = { id: number; result: RedriveResult };

type Deps = {
  store: Pick<MessageStore, 'letterById' | 'byId' | 'numberRedrive' | 'markRedriven'>;
  putBack(submission: Submission, redrive: number): Promise<PutBack>;
};

/** Letters redriven by one call. */
export const MAX_REDRIVES = 100;

export type Redrive = ReturnType<typeof createRedrive>;

export function createRedrive({ store, putBack }: Deps) {
  async function redriveOne(id: number): Promise<RedriveResult> {
    const letter = await store.letterById(id);
    if (letter === undefined) return 'missing';
    // What the intake could not read has revision 0: there is no message in it that we know of.
    if (letter.revision === 0) return 'unreadable';
    const { entry } = letter;
    const standing = await store.byId(entry.room, entry.id);
    const found = standing && standingOf(entry, standing);
    if (found !== undefined) return found;
    // Numbered first: under a number that was used before, the engine would take the batch for one that it has had.
    const redrive = await store.numberRedrive(id);
    if (redrive === undefined) return 'missing';
    const put = await putBack(entry, redrive);
    if (put !== 'ok') return put;
    await store.markRedriven(id, redrive);
    return 'redriven';
  }

  /**
   * Puts dead letters back into the pipeline, one after the other, and tells of each. What fails again is a letter
   * again, with its new cause. A repeat changes nothing where the first has succeeded. Throws what the store throws,
   * or Unavailable, with the letters before redriven.
   */
  return async (ids: readonly number[]): Promise<Redriven[]> => {
    const done: Redriven[] = [];
    for (const id of ids.slice(0, MAX_REDRIVES)) done.push({ id, result: await redriveOne(id) });
    return done;
  };
}

const FINAL = new Set(['deleted', 'expired', 'erased']);

/** What a row says of a letter's entry; undefined where the entry is to replace it. */
function standingOf(entry: Submission, row: StoredMessage): RedriveResult | undefined {
  const gone = row.status === 'removed' && FINAL.has(row.reason ?? '');
  // Of what was erased nobody knows any more who wrote it.
  if (gone && row.reason === 'erased') return 'stored';
  const own = row.user === entry.user && (row.clientId === undefined || row.clientId === entry.clientId);
  if (!own) return 'conflict';
  if (gone || row.revision > entry.revision) return 'stored';
  // A deletion has no text, a decision has one, and both have the revision of what they change.
  const decided = entry.decision !== undefined;
  return row.revision === entry.revision && entry.content !== '' && !decided ? 'stored' : undefined;
}
