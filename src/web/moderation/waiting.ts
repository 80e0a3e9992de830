/** A message that waits for a moderator, and how it is told. Pure. */
import type { QueuedMessage } from '../../client/index.ts';
import type { RuleHit } from '../../message.ts';

/** How it stands for the room. */
export function standingWords({ status, audience, verdict }: QueuedMessage): string {
  if (status === 'held') return 'Held: only its author sees it';
  if (status === 'removed')
    return verdict?.action === 'bounce' ? 'Bounced: nobody sees it' : 'Blocked: nobody sees it';
  if (audience === 'author') return 'Shadowed: only its author sees it';
  return status === 'masked' ? 'Masked: all see it starred out' : 'Flagged: all see it';
}

/** The rules that hit, the strictest first as the service lists them, with scores. */
export function ruleWords({ verdict }: QueuedMessage): string[] {
  const scores = new Map((verdict?.hits ?? []).map(({ rule, score }: RuleHit) => [rule, score]));
  return (verdict?.rules ?? []).map(rule => {
    const score = scores.get(rule);
    return score === undefined ? rule : `${rule} (${Number(score.toFixed(2))})`;
  });
}

export type Piece = { text: string; hit: boolean };

/** The text as its author wrote it, in pieces: those that a rule hit, and those between. */
export function piecesOf({ original, content, verdict }: QueuedMessage): Piece[] {
  const text = original ?? content ?? '';
  const spans = [...(verdict?.spans ?? []), ...(verdict?.hits ?? []).flatMap(hit => hit.spans)];
  spans.sort(([one], [other]) => one - other);
  const pieces: Piece[] = [];
  let at = 0;
  for (const [from, end] of spans) {
    const start = Math.max(from, at);
    if (end <= start || start >= text.length) continue;
    if (start > at) pieces.push({ text: text.slice(at, start), hit: false });
    pieces.push({ text: text.slice(start, end), hit: true });
    at = end;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), hit: false });
  return pieces;
}
