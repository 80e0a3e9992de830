/**
 * Server frames made from the log and the present state of its messages. Pure.
 * A replay (a join with `since`) is net state: each message once, as it stands now. Filling a hole on a live
 * socket keeps one frame an offset instead.
 */
import type { Message, Reason } from '../message.ts';
import type { LiveFrame, LogEntry, LoggedMessage, LogSlice } from './log-types.ts';
import { mayRephrase, maySee, messageFor, moderatorFields, publicMessage, type Viewer } from './view.ts';

type Frame = { type: string; room: string; offset: number };

const DEFAULT_REASON: Reason = 'moderated';

/** The part of a message that `message.updated` carries; content only where it differs from what was sent. */
export function updateOf(message: LoggedMessage) {
  const { id, revision, status, content, language, sentiment, editedAt } = publicMessage(message);
  const changed = status === 'masked' || revision > 1;
  return { id, revision, status, ...(changed ? { content } : {}), language, sentiment, editedAt };
}

/** The same for moderators. A message that was removed, or that few see, comes with its text. */
export function notedUpdateOf(message: LoggedMessage) {
  const { content, user } = message;
  const hidden = message.audience === 'author' && content !== undefined ? { user, content } : {};
  return { ...updateOf(message), ...hidden, ...moderatorFields(message) };
}

/** `message.created` frames of the newest messages, each at its own offset. */
export function recentEvents(room: string, messages: LoggedMessage[], viewer: Viewer): string[] {
  return messages.map(message =>
    JSON.stringify(
      maySee(message, viewer)
        ? created(room, message.id, messageFor(message, viewer))
        : { type: 'message.hidden', room, offset: message.id, id: message.id },
    ),
  );
}

/** What a slice that follows `since` tells: every message created in it, and what became of older ones. */
export function replayEvents(room: string, slice: LogSlice, viewer: Viewer): string[] {
  const first = slice.entries[0]?.offset ?? 0;
  const lastMention = new Map<number, number>();
  const restored = new Set<number>();
  for (const entry of slice.entries) {
    for (const id of entry.ids) {
      lastMention.set(id, entry.offset);
      if (entry.kind === 's') restored.add(id);
    }
  }
  const frames: Frame[] = [];
  for (const { kind, offset, ids, reason } of slice.entries) {
    if (kind === 'c') frames.push(createdAsItStands(room, offset, slice.messages.get(offset), viewer));
    else {
      const older = ids.filter(id => lastMention.get(id) === offset && (id < first || restored.has(id)));
      if (kind === 'x') {
        if (older.length > 0) frames.push(removed(room, { offset, ids: older, reason }, [], viewer));
        continue;
      }
      frames.push(...changes(room, offset, older, { slice, viewer, whole: restored }));
    }
  }
  return frames.map(frame => JSON.stringify(frame));
}

/** The one frame of an entry for this viewer, with each message as it stands now. */
export function frameOf(room: string, entry: LogEntry, slice: LogSlice, viewer: Viewer): string {
  const hidden = { type: 'message.hidden', room, offset: entry.offset };
  if (entry.kind === 'c') {
    const message = slice.messages.get(entry.offset);
    const seen = message !== undefined && message.status !== 'removed' && maySee(message, viewer);
    return JSON.stringify(
      seen ? created(room, entry.offset, messageFor(message, viewer)) : { ...hidden, id: entry.offset },
    );
  }
  const isForAll = entry.author === undefined || entry.author === viewer.user || viewer.moderator;
  // Without a reason the others have never seen it.
  if (!isForAll && entry.reason === undefined) return JSON.stringify(hidden);
  if (entry.kind === 'r' || entry.kind === 'x' || !isForAll) {
    const known = entry.ids.map(id => slice.messages.get(id)).filter(message => message !== undefined);
    return JSON.stringify(removed(room, entry, known, viewer));
  }
  const whole = new Set(entry.kind === 's' ? entry.ids : []);
  const [frame] = changes(room, entry.offset, entry.ids, { slice, viewer, whole }).filter(
    change => change.type !== 'message.removed',
  );
  return JSON.stringify(frame ?? hidden);
}

/** The frame of a live message for this viewer. */
export function liveFrameFor(live: LiveFrame, viewer: Viewer): string {
  if (viewer.moderator && live.moderators !== undefined) return live.moderators;
  const isForAll = live.others === undefined || live.author === viewer.user || viewer.moderator;
  return isForAll ? live.frame : live.others!;
}

/** A frame that is not of the log: for everyone but the user `except`. */
export type Ephemeral = { ephemeral: string; except?: string };

/** Reads a live channel's payload (LOG.md): a log frame, the word of a new epoch, or something ephemeral. */
export function parseLive(payload: string): LiveFrame | { epoch: string } | Ephemeral {
  if (payload.startsWith('~')) {
    const end = payload.indexOf('\n');
    const except = payload.slice(1, end);
    return { ephemeral: payload.slice(end + 1), ...(except === '-' ? {} : { except }) };
  }
  const [header, frame, others, moderators] = payload.split('\n');
  const [epoch, offset, author] = header!.split(' ');
  if (offset === '-' || frame === undefined) return { epoch: epoch! };
  return {
    epoch: epoch!,
    offset: Number(offset),
    frame,
    ...(author === '-' ? {} : { author: author! }),
    ...(others ? { others } : {}),
    ...(moderators === undefined ? {} : { moderators }),
  };
}

function created(room: string, offset: number, message: Message) {
  return { type: 'message.created', room, offset, message };
}

type Removal = { offset: number; ids: number[]; reason?: Reason | undefined };

/** Authors are told what they may rephrase, moderators what it was. */
function removed(room: string, removal: Removal, known: LoggedMessage[], viewer: Viewer) {
  const { offset, ids, reason = DEFAULT_REASON } = removal;
  const rephrase = known.some(message => message.user === viewer.user && mayRephrase(message));
  const noted = known.filter(
    message => viewer.moderator && message.status === 'removed' && moderatorFields(message) !== undefined,
  );
  return {
    type: 'message.removed',
    room,
    offset,
    ids,
    reason,
    ...(rephrase ? { rephrase: true } : {}),
    ...(noted.length > 0 ? { messages: noted.map(notedUpdateOf) } : {}),
  };
}

function createdAsItStands(
  room: string,
  offset: number,
  message: LoggedMessage | undefined,
  viewer: Viewer,
): Frame {
  if (message === undefined || !maySee(message, viewer)) {
    return { type: 'message.hidden', room, offset, id: offset } as Frame;
  }
  if (message.status === 'removed') {
    const { id, reason } = message;
    return removed(room, { offset, ids: [id], reason }, [message], viewer);
  }
  return created(room, offset, messageFor(message, viewer));
}

const reasonOf = ({ reason, status }: LoggedMessage): Reason =>
  reason ?? (status === 'held' ? 'held' : DEFAULT_REASON);

type Change = { slice: LogSlice; viewer: Viewer; whole: Set<number> };

/** What became of older messages, as they stand now: updated, restored and removed ones in frames of their own. */
function changes(room: string, offset: number, ids: number[], { slice, viewer, whole }: Change): Frame[] {
  const known = ids.map(id => slice.messages.get(id)).filter(message => message !== undefined);
  const visible = known.filter(message => message.status !== 'removed' && maySee(message, viewer));
  const gone = known.filter(message => !visible.includes(message));
  const updated = visible
    .filter(message => !whole.has(message.id))
    .map(viewer.moderator ? notedUpdateOf : updateOf);
  const restored = visible
    .filter(message => whole.has(message.id))
    .map(message => messageFor(message, viewer));
  const frames: Frame[] = [];
  if (updated.length > 0) frames.push({ type: 'message.updated', room, offset, messages: updated } as Frame);
  if (restored.length > 0)
    frames.push({ type: 'message.restored', room, offset, messages: restored } as Frame);
  for (const reason of new Set(gone.map(reasonOf))) {
    const alike = gone.filter(message => reasonOf(message) === reason);
    for (const part of byRephrasing(alike, viewer)) {
      frames.push(removed(room, { offset, ids: part.map(({ id }) => id), reason }, part, viewer));
    }
  }
  return frames;
}

/** Apart, for `rephrase` is said of all that a frame names. */
function byRephrasing(messages: LoggedMessage[], viewer: Viewer): LoggedMessage[][] {
  const own = (message: LoggedMessage) => message.user === viewer.user && mayRephrase(message);
  const parts = [messages.filter(own), messages.filter(message => !own(message))];
  return parts.filter(part => part.length > 0);
}
