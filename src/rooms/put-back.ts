/** The way back from the dead letters: an entry goes into its partition's intake once more. */
import type { Submission } from '../message.ts';
import { reachable } from './redis.ts';
import type { LogOptions, RoomLog } from './room-log.ts';

/**
 * `ok`: it is in the intake. `overloaded`: too much waits there already. `superseded`: the message has changed since.
 * `trimmed`: it is a deletion, and the log no longer knows what it deleted.
 */
export type PutBack = 'ok' | 'overloaded' | 'superseded' | 'trimmed';

/** Until then a redriven message is announced whole; what the engine takes longer for is stored alone. */
const OWED_MS = 7 * 86_400_000;

type Deps = { log: Pick<RoomLog, 'run' | 'keysOf'>; options: Pick<LogOptions, 'maxUnstored'> };

export function createPutBack({ log, options }: Deps) {
  /** Puts a submission back as its redrive of this number. Throws Unavailable: then it may or may not be in. */
  return async (submission: Submission, redrive: number): Promise<PutBack> => {
    const { room, id, revision, epoch, offset } = submission;
    const keys = log.keysOf(room);
    const names = [keys.partition, keys.meta, keys.state, keys.intake, keys.owed];
    const entry = [id, revision, epoch, offset, redrive, bodyOf(submission), isDeletion(submission) ? 1 : 0];
    const args = [room, ...entry, options.maxUnstored, OWED_MS];
    const [answer] = await reachable(() => log.run(room, 'redrive', names, () => args));
    return String(answer) as PutBack;
  };
}

/** A message has a text; only the entry of its deletion has none. */
export function isDeletion({ content }: Submission): boolean {
  return content === '';
}

/** The message as the intake carries it: what it was when it was accepted. */
function bodyOf({ epoch: _epoch, offset: _offset, redrive: _redrive, ...message }: Submission): string {
  return JSON.stringify({ ...message, status: 'pending' });
}
