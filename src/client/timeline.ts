/**
 * The messages of one room, keyed and ordered by id, and what is known about them.
 *
 * Two marks say what is complete:
 * - `floor`: from this id on, every message is here; older ones come from history.
 * - `heardFrom`: every log entry after this offset has been heard. Changes to messages below the floor are kept
 *   as `orphans` until a page of history brings the message. A page that reflects less of the log than
 *   `heardFrom` may therefore be stale, and the room joins again from where that page ends.
 */
import { fromHistory, mergeMessage, type RoomMessage, removeMessage, updateMessage } from './merge.ts';
import type { HistoryPage, LogFrame } from './protocol.ts';

/** What a frame did to the timeline, for listeners. */
export type Change =
  | { kind: 'message'; message: RoomMessage }
  | { kind: 'updated' | 'restored'; messages: RoomMessage[] }
  | { kind: 'removed'; ids: number[]; reason: string | undefined };

export type Timeline = ReturnType<typeof createTimeline>;

/** Changes to unknown messages that are kept; beyond it the oldest goes and `heardFrom` moves past it. */
const MAX_ORPHANS = 2_000;

type Removal = Pick<LogFrame & { type: 'message.removed' }, 'ids' | 'offset' | 'reason' | 'messages'>;
type Orphan = { offset: number; apply: (message: RoomMessage) => RoomMessage };

/** `maxMessages` bounds the timeline: beyond it a tenth of it, the oldest, goes back to history. */
export function createTimeline(room: string, maxMessages: number) {
  const byId = new Map<number, RoomMessage>();
  const orphans = new Map<number, Orphan[]>();
  let orphanCount = 0;
  let ids: number[] = [];
  let snapshot: readonly RoomMessage[] | undefined;
  let floor = Number.MAX_SAFE_INTEGER;
  let heardFrom = Number.MAX_SAFE_INTEGER;
  let hasOlder = true;
  /** Counts resets: what was asked for before one does not belong after it. */
  let clears = 0;

  function put(message: RoomMessage) {
    if (byId.get(message.id) === message) return false;
    if (!byId.has(message.id)) insertSorted(ids, message.id);
    byId.set(message.id, message);
    snapshot = undefined;
    return true;
  }

  function keepOrphan(id: number, orphan: Orphan) {
    if (id >= floor) return;
    if (orphanCount >= MAX_ORPHANS) {
      const [oldest, dropped] = orphans.entries().next().value!;
      orphans.delete(oldest);
      orphanCount -= dropped.length;
      heardFrom = Math.max(heardFrom, ...dropped.map(change => change.offset));
    }
    orphans.set(id, [...(orphans.get(id) ?? []), orphan]);
    orphanCount += 1;
  }

  function change(id: number, offset: number, apply: Orphan['apply']): RoomMessage | undefined {
    const known = byId.get(id);
    if (known === undefined) {
      keepOrphan(id, { offset, apply });
      return undefined;
    }
    const changed = apply(known);
    return put(changed) ? changed : undefined;
  }

  function removeAll({ ids: removed, offset, reason, messages = [] }: Removal): Change[] {
    const told = new Map(messages.map(message => [message.id, message]));
    const gone = removed.filter(id =>
      change(id, offset, message => removeMessage(message, reason, told.get(id))),
    );
    return gone.length === 0 ? [] : [{ kind: 'removed', ids: gone, reason }];
  }

  /** Applies one entry of the log; order and continuity are the room's concern. */
  function apply(frame: LogFrame): Change[] {
    switch (frame.type) {
      case 'message.created': {
        const isNew = !byId.has(frame.message.id);
        const message = mergeMessage(byId.get(frame.message.id), frame.message, 'log');
        if (!put(message)) return [];
        return [isNew ? { kind: 'message', message } : { kind: 'updated', messages: [message] }];
      }
      case 'message.updated': {
        const messages = frame.messages
          .map(update => change(update.id, frame.offset, known => updateMessage(known, update)))
          .filter(message => message !== undefined);
        return messages.length === 0 ? [] : [{ kind: 'updated', messages }];
      }
      case 'message.restored': {
        for (const message of frame.messages) {
          if (message.id >= floor || byId.has(message.id)) put(message);
          else keepOrphan(message.id, { offset: frame.offset, apply: () => message });
        }
        return [{ kind: 'restored', messages: frame.messages }];
      }
      case 'message.removed':
        return removeAll(frame);
      case 'message.hidden':
        return frame.id === undefined ? [] : removeAll({ ...frame, ids: [frame.id], reason: 'held' });
    }
  }

  /** Merges a page of history; the floor goes down to its first message. */
  function addPage(page: HistoryPage) {
    for (const row of page.messages) {
      let message = mergeMessage(byId.get(row.id), fromHistory(room, row), 'history');
      for (const orphan of orphans.get(row.id) ?? []) message = orphan.apply(message);
      orphanCount -= orphans.get(row.id)?.length ?? 0;
      orphans.delete(row.id);
      put(message);
    }
    const first = page.messages[0];
    if (first !== undefined) floor = Math.min(floor, first.id);
    hasOlder = page.hasOlder;
  }

  /** Lets the oldest go once there are too many: they come back from history, as it is after `offset`. */
  function trim(offset: number) {
    if (ids.length <= maxMessages) return;
    for (const id of ids.splice(0, Math.ceil(maxMessages / 10))) byId.delete(id);
    floor = ids[0]!;
    heardFrom = offset;
    hasOlder = true;
    snapshot = undefined;
  }

  return {
    apply,
    addPage,
    trim,
    get: (id: number) => byId.get(id),
    /** Puts a message in its place, as far as the merge rule lets it. */
    add: (message: RoomMessage) => put(mergeMessage(byId.get(message.id), message, 'history')),
    /** All messages, oldest first. The same array until something changes. */
    messages(): readonly RoomMessage[] {
      snapshot ??= ids.map(id => byId.get(id)!);
      return snapshot;
    },
    isFull: () => ids.length >= maxMessages,
    floor: () => floor,
    heardFrom: () => heardFrom,
    hasOlder: () => hasOlder,
    clears: () => clears,
    /** The newest messages of the log were applied: complete from `first` on, heard from `offset` on. */
    startsAt(first: number, offset: number) {
      floor = first;
      heardFrom = offset;
      hasOlder = first > 1;
    },
    /** Every entry after `offset` was applied: the log names each message created since. */
    reachesBack(offset: number) {
      floor = Math.min(floor, offset + 1);
      heardFrom = Math.min(heardFrom, offset);
    },
    clear() {
      clears += 1;
      byId.clear();
      orphans.clear();
      orphanCount = 0;
      ids = [];
      snapshot = undefined;
      floor = Number.MAX_SAFE_INTEGER;
      heardFrom = Number.MAX_SAFE_INTEGER;
      hasOlder = true;
    },
  };
}

function insertSorted(ids: number[], id: number) {
  let low = 0;
  let high = ids.length;
  if (high === 0 || ids[high - 1]! < id) {
    ids.push(id);
    return;
  }
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ids[middle]! < id) low = middle + 1;
    else high = middle;
  }
  ids.splice(low, 0, id);
}
