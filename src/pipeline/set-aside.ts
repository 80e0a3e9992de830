import type { Logger } from '../logger.ts';
import type { Submission } from '../message.ts';
import type { WorkerMetrics } from '../metrics.ts';
import type { MessageStore } from '../store/messages.ts';

type Deps = { store: Pick<MessageStore, 'deadLetter'>; logger: Logger; metrics: WorkerMetrics };
type Unknown = { partition: number; entryId: string; fields: Record<string, string> };

/**
 * Intake entries that this version cannot read become dead letters, as they are: nothing is thrown away, and a
 * version that can read them may redrive them.
 */
export function createSetAside({ store, logger, metrics }: Deps) {
  return async (entries: Unknown[]): Promise<void> => {
    const letters = entries.map(({ entryId, fields }) => ({
      submission: asSubmission(fields),
      // Such entries may lack an offset: their own id keeps them apart.
      step: `intake ${entryId}`,
      cause: `unknown schema version ${fields.v ?? 'none'}`,
    }));
    await store.deadLetter(letters);
    metrics.deadLetters.inc({ step: 'intake' }, letters.length);
    logger.error(
      { entries: entries.map(({ entryId }) => entryId) },
      'entries of an unknown version were set aside',
    );
  };
}

/** What can be told of such an entry; its content is kept as it came. */
function asSubmission(fields: Record<string, string>): Submission {
  const offset = Number(fields.offset);
  return {
    room: fields.room ?? 'unknown',
    epoch: fields.epoch ?? '',
    id: Number.isSafeInteger(offset) ? offset : 0,
    offset: Number.isSafeInteger(offset) ? offset : 0,
    revision: 0,
    user: '',
    clientId: '',
    content: JSON.stringify(fields),
    timestamp: new Date().toISOString(),
  };
}
