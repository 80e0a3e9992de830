import type { Batch } from '../../workflows/steps.ts';

const MAX_ROOMS = 3;

/** The rooms of a batch, each once. */
export function roomsOf(batch: Batch): string[] {
  return [...new Set(batch.submissions.map(({ room }) => room))];
}

/** One line for the list of runs: how many messages of which rooms. */
export function summaryOf(batch: Batch): string {
  const messages = batch.submissions.length === 1 ? '1 message' : `${batch.submissions.length} messages`;
  return `${messages} in ${listed(roomsOf(batch))}`;
}

/** The first rooms by name, and how many more there are. */
export function listed(rooms: string[]): string {
  const more = rooms.length > MAX_ROOMS ? ` and ${rooms.length - MAX_ROOMS} more rooms` : '';
  return `${rooms.slice(0, MAX_ROOMS).join(', ')}${more}`;
}
