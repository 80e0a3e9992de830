/**
 * What a moderator's decision makes of a message. It stands for the revision, so a verdict that comes later changes
 * nothing; an edit is a new revision, and is judged anew. Pure.
 */
import { type Refusal, refuse } from '../errors.ts';
import type { Decision, Was } from '../message.ts';
import type { Entry } from './amend.ts';
import type { LoggedMessage } from './log-types.ts';
import { isFinal, publicMessage } from './view.ts';

export type Ruling = { action: Decision['action']; by: string; reason?: string };

/** The message as the decision leaves it; `unchanged` where it is so already. What its author deleted stays gone. */
export function decided(message: LoggedMessage, ruling: Ruling): Entry | 'unchanged' | Refusal {
  const gone = isFinal(message);
  if (ruling.action === 'remove' && gone) return 'unchanged';
  if (gone) return refuse('not_found');
  if (message.decision?.action === ruling.action) return 'unchanged';
  return ruling.action === 'remove' ? removed(message, ruling) : released(message, ruling);
}

function removed(message: LoggedMessage, ruling: Ruling): Entry {
  const original = message.original ?? message.content;
  const { open, own } = partsOf(message, ruling);
  return {
    kind: 'r',
    decided: message.revision,
    message: {
      ...open,
      status: 'removed',
      reason: 'moderated',
      ...own,
      ...(original === undefined ? {} : { original }),
    },
  };
}

/** Nothing is left to release where all see it whole, and no rule noted it for moderators. */
function released(message: LoggedMessage, ruling: Ruling): Entry | 'unchanged' | Refusal {
  const was = wasOf(message);
  if (was === 'visible' && message.verdict?.action !== 'flag' && message.decision === undefined)
    return 'unchanged';
  const content = message.original ?? message.content;
  if (content === undefined || content === '') return refuse('not_found');
  const seen = was === 'visible' || (was === 'pending' && message.audience === undefined);
  const { open, own } = partsOf(message, ruling);
  return {
    kind: seen ? 'u' : 's',
    decided: message.revision,
    message: { ...open, content, status: 'visible', ...own },
  };
}

/**
 * What outlives a decision, in two parts: what anyone may know, and what is for moderators and the pipeline. In a
 * state the first one comes first (announce.lua).
 */
function partsOf(message: LoggedMessage, { action, by, reason }: Ruling) {
  const { content: _content, reason: _reason, ...open } = publicMessage(message);
  const { verdict, versions, batch, announcedAt } = message;
  const decision: Decision = {
    action,
    by,
    at: new Date().toISOString(),
    was: wasOf(message),
    ...(reason === undefined ? {} : { reason }),
  };
  const { language, sentiment } = message;
  return {
    open: { ...open, ...defined({ language, sentiment }) },
    own: { ...defined({ verdict }), decision, ...defined({ versions, batch, announcedAt }) },
  };
}

function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return JSON.parse(JSON.stringify(value)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function wasOf({ status, audience }: LoggedMessage): Was {
  return status === 'visible' && audience === 'author' ? 'shadowed' : status;
}
