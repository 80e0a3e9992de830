import type { Verdict } from '../message.ts';
import { isFinal } from '../rooms/view.ts';
import type { StoredMessage } from '../store/messages.ts';

/**
 * A stored message as a line for warehouses and audits. `content` is what all readers see: absent where it is
 * removed, and where its author alone sees it (`audience`). `originals` adds what moderators reach: the text as
 * written, the verdict whole, and who decided what. What was deleted, withdrawn or erased has no text for anybody.
 */
export function lineOf(message: StoredMessage, { originals }: { originals: boolean }): string {
  const { content, original, verdict, decision, ...rest } = message;
  const written = isFinal(message) ? undefined : (original ?? content);
  const own = message.audience === 'author';
  const line = {
    ...rest,
    ...(own ? {} : { content }),
    verdict: originals ? verdict : verdict && brief(verdict),
    ...(originals && (own || original !== undefined) ? { original: written } : {}),
    ...(originals ? { decision } : {}),
  };
  return `${JSON.stringify(line)}\n`;
}

const brief = ({ action, rules, policy }: Verdict) => ({ action, rules, policy });
