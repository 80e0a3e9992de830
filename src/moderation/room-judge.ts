import type { Language, Submission, Verdict } from '../message.ts';
import type { WindowAsked } from '../rooms/message-windows.ts';
import { createFingerprints, type Fingerprints } from './fingerprint.ts';
import { createJudgeBy } from './judge.ts';
import type { LivePolicies } from './live.ts';
import type { Window } from './policy/compile.ts';
import { BUILTIN_VERSION } from './policy/default.ts';

type Input = {
  content: string;
  language: Language;
  room: string;
  counts?: Record<string, number> | undefined;
};

/**
 * Judges by the policy that counts in a message's room. `windows` are what its rules want counted first; where
 * `counts` are missing though it has some, those rules do not hit and the verdict is `degraded`.
 */
export function createRoomJudge(policies: Pick<LivePolicies, 'of'>) {
  const judgeBy = createJudgeBy();
  const fingerprints = createFingerprints();
  return {
    version: BUILTIN_VERSION,
    windows({ room, content }: Pick<Submission, 'room' | 'content'>): WindowAsked[] {
      const { windows } = policies.of(room);
      if (windows.length === 0) return [];
      const prints = fingerprints(content);
      return windows.map(window => askedBy(window, prints));
    },
    judge({ content, language, room, counts }: Input): Verdict {
      const policy = policies.of(room);
      const verdict = judgeBy(policy, { content, language, ...(counts === undefined ? {} : { counts }) });
      return counts === undefined && policy.windows.length > 0
        ? { ...verdict, degraded: 'windows' }
        : verdict;
    },
  };
}

function askedBy(window: Window, { exact, near }: Fingerprints): WindowAsked {
  const { id: rule, type, windowSeconds } = window;
  const windowMs = windowSeconds * 1_000;
  if (type === 'flood') return { rule, counts: 'messages', windowMs };
  const counts = type === 'rooms' ? 'rooms' : 'repeats';
  return { rule, counts, windowMs, fingerprint: type === 'repeats' && window.near ? near : exact };
}
