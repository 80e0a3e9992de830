import type { Verdict } from '../message.ts';
import type { Policy } from '../moderation/policy/types.ts';

/** A text to judge; the policy comes along where the thread said that it lacks it. */
export type Asked = {
  id: number;
  content: string;
  key: string;
  version: string;
  policy?: Policy;
};
/** `missing`: ask again, with the policy. `failed`: the error's name; its message may quote the text. */
export type Answered = { id: number } & ({ verdict: Verdict } | { missing: true } | { failed: string });
