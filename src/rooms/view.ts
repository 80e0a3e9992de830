/**
 * What one viewer sees of a message. The log, the hub and history all render through here,
 * so that a message cannot be hidden in one and shown in another.
 */
import type { Message, Tombstone, Verdict } from '../message.ts';
import type { LoggedMessage } from './log-types.ts';

export type Viewer = { user: string; moderator: boolean };

/** True when this viewer may see that the message exists, with its content. Moderators see all. */
export function maySee(message: LoggedMessage, viewer: Viewer): boolean {
  return message.audience !== 'author' || message.user === viewer.user || viewer.moderator;
}

const FINAL = new Set(['deleted', 'duplicate', 'expired', 'erased']);

/** True for what was removed by no moderation: it stays removed, whoever asks. */
export function isFinal({ status, reason }: LoggedMessage): boolean {
  return status === 'removed' && FINAL.has(reason ?? '');
}

/** True where moderation removed it with the wish that its author says it in other words. */
export function mayRephrase({ status, verdict, decision }: LoggedMessage): boolean {
  return status === 'removed' && verdict?.action === 'bounce' && decision === undefined;
}

/** What moderators see beside the public message. */
export type ModeratorFields = Pick<LoggedMessage, 'audience' | 'original' | 'verdict' | 'decision'>;

/** What moderators alone know of a message; undefined where moderation has nothing to say of it. */
export function moderatorFields(message: LoggedMessage): ModeratorFields | undefined {
  const { audience, original, verdict, decision } = message;
  const noted = verdict !== undefined && verdict.action !== 'allow';
  if (isFinal(message) || (!noted && decision === undefined && audience === undefined)) return undefined;
  return {
    ...(audience === undefined ? {} : { audience }),
    ...(original === undefined ? {} : { original }),
    ...(verdict === undefined ? {} : { verdict: withoutFetched(verdict) }),
    ...(decision === undefined ? {} : { decision }),
  };
}

/** The scores of rules that hit are in its hits; what else was fetched is the pipeline's. */
function withoutFetched({ fetched: _fetched, ...verdict }: Verdict): Verdict {
  return verdict;
}

/** What a removed message shows, and what any other one shows besides; nothing else leaves the service. */
const BARE = [
  'id',
  'revision',
  'room',
  'user',
  'name',
  'timestamp',
  'clientId',
  'replyTo',
  'status',
  'editedAt',
] as const;
const WHOLE = [...BARE, 'content', 'language', 'sentiment'] as const;
const GONE = [...BARE, 'reason'] as const;

/** The message in its public shape, without what only moderators and the pipeline know. */
export function publicMessage(message: LoggedMessage): Message {
  const shown: Record<string, unknown> = {};
  for (const name of message.status === 'removed' ? GONE : WHOLE) {
    if (message[name] !== undefined) shown[name] = message[name];
  }
  return shown as object as Message;
}

/** The message as this viewer sees it, who may see it: moderators with what is theirs to know. */
export function messageFor(message: LoggedMessage, viewer: Viewer): Message & Partial<ModeratorFields> {
  const rephrase = message.user === viewer.user && mayRephrase(message);
  return {
    ...publicMessage(message),
    ...(rephrase ? { rephrase: true as const } : {}),
    ...(viewer.moderator ? moderatorFields(message) : {}),
  };
}

/** A removed message, or one that this viewer may not see, in a history page. */
export function tombstone(message: LoggedMessage, viewer: Viewer): Tombstone {
  const reason = message.reason ?? (message.status === 'held' ? 'held' : 'moderated');
  const rephrase = mayRephrase(message) && message.user === viewer.user;
  const { id, timestamp } = message;
  return { id, status: 'removed', reason, timestamp, ...(rephrase ? { rephrase: true as const } : {}) };
}
