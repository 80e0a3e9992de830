/** What a viewer sees of one message, in a few words. */
import type { ServerFrame } from '../socket.ts';

type Shown = {
  id: number;
  status: string;
  content?: string;
  original?: string;
  reason?: string;
  rephrase?: true;
  verdict?: { action: string };
  decision?: { action: string; by: string };
};

/** `visible 'text'`; what moderators are told beside it stands in brackets. */
export function wordsOf(message: Shown): string {
  const { status, content, original, reason, rephrase, verdict, decision } = message;
  const noted = [
    verdict?.action,
    original === undefined ? undefined : `was '${original}'`,
    decision === undefined ? undefined : `${decision.action} by ${decision.by}`,
  ].filter(part => part !== undefined);
  return [
    status === 'removed' ? `removed ${reason ?? ''}`.trim() : status,
    ...(content === undefined ? [] : [`'${content}'`]),
    ...(rephrase ? ['rephrase'] : []),
    ...(noted.length > 0 ? [`[${noted.join(', ')}]`] : []),
  ].join(' ');
}

/** What the frames tell of the message, in their order. */
export function toldOf(frames: ServerFrame[], id: number): string {
  return frames.flatMap(frame => wordOf(frame, id)).join(' → ');
}

function wordOf(frame: ServerFrame, id: number): string[] {
  const listed = (frame.messages as Shown[] | undefined)?.find(message => message.id === id);
  switch (frame.type) {
    case 'message.created':
      return (frame.message as Shown).id === id ? [wordsOf(frame.message as Shown)] : [];
    case 'message.updated':
      return listed ? [wordsOf(listed)] : [];
    case 'message.restored':
      return listed ? [`restored ${wordsOf(listed)}`] : [];
    case 'message.removed': {
      if (!(frame.ids as number[]).includes(id)) return [];
      const { reason, rephrase } = frame as { reason?: string; rephrase?: true };
      const alone = { id, status: 'removed', ...(rephrase ? { rephrase } : {}) };
      return [wordsOf({ ...listed, ...alone, ...(reason === undefined ? {} : { reason }) })];
    }
    case 'message.hidden':
      return frame.id === id ? ['hidden'] : [];
    default:
      return [];
  }
}
