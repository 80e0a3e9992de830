import type { Fetched, Language, Submission, Verdict } from '../message.ts';
import type { WindowAsked } from '../rooms/message-windows.ts';
import { createFingerprints, type Fingerprints } from './fingerprint.ts';
import { createJudgeBy } from './judge.ts';
import type { LivePolicies } from './live.ts';
import type { CompiledPolicy } from './policy/compile.ts';
import { BUILTIN_VERSION } from './policy/default.ts';
import type { Window } from './policy/windows.ts';

/** What is to be fetched before a message is judged, and the policy that asks for it and then judges. */
export type Asks = { by: CompiledPolicy; windows: WindowAsked[]; scores: boolean };
type Input = { content: string; language: Language; room: string; by?: CompiledPolicy; fetched?: Fetched };

/** Judges by the policy that counts in a message's room, or by the one that was asked what it needs. */
export function createRoomJudge(policies: Pick<LivePolicies, 'of'>) {
  const judgeBy = createJudgeBy();
  const fingerprints = createFingerprints();
  return {
    version: BUILTIN_VERSION,
    asks({ room, content }: Pick<Submission, 'room' | 'content'>): Asks {
      const by = policies.of(room);
      const prints = by.windows.length === 0 ? undefined : fingerprints(content);
      const windows = prints === undefined ? [] : by.windows.map(window => askedBy(window, prints));
      return { by, windows, scores: by.categories.length > 0 };
    },
    judge: ({ room, by = policies.of(room), ...input }: Input): Verdict => judgeBy(by, input),
  };
}

function askedBy({ shape, type, windowSeconds, near }: Window, prints: Fingerprints): WindowAsked {
  const windowMs = windowSeconds * 1_000;
  if (type === 'flood') return { shape, counts: 'messages', windowMs };
  const fingerprint = near ? prints.near : prints.exact;
  return { shape, counts: type === 'rooms' ? 'rooms' : 'repeats', windowMs, fingerprint };
}
